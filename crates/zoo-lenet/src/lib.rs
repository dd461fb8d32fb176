//! LeNet: LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition", section II-B) with
//! sigmoid (`lenet5`, as the lecture draws it) or tanh (`lenet5_tanh`), and the network of 1989 (LeCun et al.,
//! "Backpropagation applied to handwritten zip code recognition", Neural Computation 1(4), section 3; `lenet1989`).
//!
//! From the paper of 1998 it deviates as most courses do: a 28x28 input padded by 2 instead of 32x32, plain average
//! pooling without trained coefficients, every map of the second convolution sees all maps of the first, and a plain
//! linear output. Its fully connected layers are made for one picture size, 28x28 or `BuildOptions::image_size`.
//!
//! # In a program of one's own
//!
//! There is no pooling to one value a channel and no shortcut to drop: `global_pool` and `drop_path` are refused. The
//! fully connected layers are made for the pictures' size.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, params::freeze_up_to};
//! use zoo_lenet::LeNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(26) // 0: no last layer, `forward` gives [batch, 84]
//!     .with_image_size([32, 32])
//!     .with_dropout(0.1); // before the last layer
//! let mut model = LeNet::build("lenet5", &options, &device)?;
//! // Weights for pictures in colour: the first convolution is summed over their three channels. Other classes start anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("lenet5_colour.safetensors"))?)?;
//! assert_eq!(report.adapted, ["features.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 16, 6, 6] of [batch, 1, 32, 32]
//! assert_eq!(model.forward_head(features, true).dims()[1], 84);
//! // features.1, .2, .4 and .5: the last map of each size, with 6, 6, 16, 16 channels.
//! let stages = model.stages([1, 32, 32])?;
//! assert_eq!((stages[3].channels, stages[3].reduction), (16, 4));
//! let maps = model.forward_intermediates(images); // the first is [batch, 6, 32, 32]
//!
//! model.reset_classifier(10, &device); // a fresh `classifier.4`
//! let (model, frozen) = freeze_up_to(model, "features.2"); // the first convolution, which the pooling ends
//! assert_eq!(frozen, 156);
//! # Ok(())
//! # }
//! ```

mod lenet1989;
mod lenet5;
mod local;

pub use lenet5::LeNet;
pub use lenet1989::LeNet1989;
pub use local::LocalBiasConv;
