//! SqueezeNet (Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
//! <https://arxiv.org/abs/1602.07360>): `squeezenet1_0` is table 1 without bypass connections, `squeezenet1_1` the
//! authors' later version with a smaller first convolution and earlier pooling, both as torchvision has them and under
//! its parameter names.
//!
//! | variant | first convolution | pooling after | parameters |
//! |---|---|---|---|
//! | `squeezenet1_0` | 96 maps, 7x7 | conv1, fire4, fire8 | 1,248,424 |
//! | `squeezenet1_1` | 64 maps, 3x3 | conv1, fire3, fire5 | 1,235,496 |
//!
//! The head is a 1x1 convolution to the classes with a ReLU behind it, which is then pooled: logits are not negative.
//! Without classes the model gives the 512 pooled features that this convolution would have seen. Max pooling counts a
//! partial last window (ceil mode). Initialisation is torchvision's: Kaiming uniform (fan in), normal(0, 0.01) for the last
//! convolution, zero biases. Dropout before the last convolution is 0.5.
//!
//! # In a program of one's own
//!
//! The last layer is a convolution with a ReLU, behind which the average is taken, and no variant has shortcuts:
//! `global_pool` and `drop_path` are refused. There are no batch norms.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, params::freeze_up_to};
//! use zoo_squeezenet::SqueezeNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last convolution, `forward` gives [batch, 512]
//!     .with_in_channels(1)
//!     .with_dropout(0.2);
//! let mut model = SqueezeNet::build("squeezenet1_1", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last one starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("squeezenet1_1.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 512, 13, 13] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 512);
//! // features.1, .4, .7 and .12: the last map of each size, with 64, 128, 256, 512 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("features.12", 512, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 64, 111, 111]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.1`
//! let (model, frozen) = freeze_up_to(model, "features.7"); // four Fire modules and all before them
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::Fire;
pub use config::{SqueezeNetSpec, Step};
pub use model::SqueezeNet;
