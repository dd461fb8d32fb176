//! A network of your own: a stack of convolution, normalisation, activation and pooling blocks, and a fully connected
//! head, from a TOML file. `custom` without a definition is the lecture's own CNN, whose text is [`LECTURE_CNN`].
//!
//! ```toml
//! [[blocks]]
//! out_channels = 32        # convolution; kernel_size = 3, stride = 1, dilation = 1, groups = 1, padding = "same"
//! norm = "batch"           # or "lrn"; none if left out
//! activation = "relu"      # the default; "none" for none
//! pool = { kind = "max", kernel_size = 2 }   # stride = kernel_size; none if left out
//!
//! [head]
//! pool = 1                 # adaptive average pooling to 1x1; without it the head is made for one picture size
//! hidden = [128]
//! dropout = 0.5
//! ```
//!
//! # In a program of one's own
//!
//! The definition says how the last map is pooled, and blocks have no shortcuts to drop: `global_pool` and `drop_path` are
//! refused.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, params::freeze_up_to};
//! use zoo_custom::{Custom, LECTURE_CNN};
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_definition(LECTURE_CNN)
//!     .with_num_classes(5) // 0: no last layer, `forward` gives [batch, 128]
//!     .with_in_channels(1)
//!     .with_dropout(0.2);
//! let mut model = Custom::build("custom", &options, &device)?;
//! // A run's file for colour and ten classes: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("best.safetensors"))?)?;
//! assert_eq!(report.adapted, ["features.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 128, 4, 4] of [batch, 1, 32, 32]
//! assert_eq!(model.forward_head(features, true).dims()[1], 128);
//! // features.2, .6, .10 and .11: the last map of each size, with 32, 64, 128, 128 channels.
//! let stages = model.stages([1, 32, 32])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("features.11", 128, 8));
//! let maps = model.forward_intermediates(images); // the first is [batch, 32, 32, 32]
//!
//! model.reset_classifier(3, &device); // a fresh `classifier.3`
//! let (model, frozen) = freeze_up_to(model, "features.6"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod definition;
mod model;

pub use definition::{Activated, Block, Definition, Head, LECTURE_CNN, Padding, Pool, PoolKind};
pub use model::Custom;
