//! VGG (Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition",
//! <https://arxiv.org/abs/1409.1556>, table 1): the configurations A, A-LRN, B, C, D and E, and A, B, D, E with batch
//! normalisation, as torchvision has them and under its parameter names.
//!
//! From the paper it deviates as torchvision does: adaptive average pooling to 7x7 before the classifier, so that every
//! picture of at least 32x32 passes. Initialisation is torchvision's: Kaiming normal (fan out) for convolutions,
//! normal(0, 0.01) for fully connected layers, zero biases.
//!
//! # In a program of one's own
//!
//! The head begins with a fully connected layer on 7x7 places, so that there is no other global pooling to choose, and there
//! are no shortcuts to drop: `global_pool` and `drop_path` are refused.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, params::freeze_up_to};
//! use zoo_vgg::Vgg;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last layer, `forward` gives [batch, 4096]
//!     .with_in_channels(1)
//!     .with_dropout(0.2);
//! let mut model = Vgg::build("vgg11_bn", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("vgg11_bn.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 512, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 4096);
//! // features.2, .6, .13, .20, .27 and .28: the last map of each size, with 64, 128, 256, 512, 512, 512 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("features.20", 512, 8));
//! let maps = model.forward_intermediates(images); // the first is [batch, 64, 224, 224]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.6`
//! let (model, frozen) = freeze_up_to(model, "features.13"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod config;
mod model;
mod weights;

pub use config::{Step, VggSpec};
pub use model::Vgg;
