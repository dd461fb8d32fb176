//! MobileNet, for phones: convolutions split into one a channel and one a pixel.
//!
//! | variants | paper |
//! |---|---|
//! | `mobilenetv1_100` | Howard et al. 2017, <https://arxiv.org/abs/1704.04861>, table 1 |
//! | `mobilenet_v2` | Sandler et al. 2018, <https://arxiv.org/abs/1801.04381>, table 2 |
//! | `mobilenet_v3_small`, `mobilenet_v3_large` | Howard et al. 2019, <https://arxiv.org/abs/1905.02244>, tables 1 and 2 |
//!
//! v2 and v3 are torchvision's, under its keys; v1, which torchvision does not have, is timm's. All take a factor on their
//! widths (`width`, the papers' width multiplier) and another global pooling (`global_pool`); channels are rounded to
//! multiples of eight as in TensorFlow's code.
//!
//! Deviations from the papers: v1 has ReLU6 for ReLU, as in the authors' own code. v3 squeezes to a quarter of the expanded
//! channels rounded to a multiple of eight, and its head's two 1x1 convolutions are fully connected layers, which
//! compute the same. Dropout is torchvision's 0.2 in v2 and v3, and timm's 0 in v1.
//!
//! Initialisation: Kaiming normal (fan out) for convolutions, where v1 counts one group's channels as fan-out and v2 and v3
//! all; normal(0, 0.01) for the fully connected layers of v2 and v3, uniform in `+-1 / sqrt(num_classes)` in v1; zero biases.
//!
//! # In a program of one's own
//!
//! Stochastic depth is an addition to the papers, off by default, with timm's rates; v1 has no shortcuts and refuses it.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_mobilenet::MobileNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last layer, `forward` gives [batch, 1024]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.3)
//!     .with_drop_path(0.1);
//! let mut model = MobileNet::build("mobilenet_v3_small", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("mobilenet_v3_small.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 576, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1024); // after the hidden layer that v3 has
//! // features.0, .1, .3, .8 and .12: the last map of each size, with 16, 16, 24, 48, 576 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[4].name.as_str(), stages[4].channels, stages[4].reduction), ("features.12", 576, 32));
//! let maps = model.forward_intermediates(images); // the first is [batch, 16, 112, 112]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.3`
//! let (model, frozen) = freeze_up_to(model, "features.3"); // its batch norms keep their running statistics
//! // Half as wide.
//! let half = BuildOptions { width: Some(0.5), ..BuildOptions::default() };
//! let narrow = MobileNet::build("mobilenet_v2", &half, &device)?;
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod v1;
mod weights;

pub use block::{Feature, InvertedResidualV2, InvertedResidualV3};
pub use config::{Bottleneck, MobileNetSpec, MobileNetV1Spec, Sequence};
pub use model::MobileNet;
pub use v1::MobileNetV1;
