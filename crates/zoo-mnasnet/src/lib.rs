//! MnasNet (Tan et al. 2019, "MnasNet: Platform-aware neural architecture search for mobile",
//! <https://arxiv.org/abs/1807.11626>): inverted residual blocks whose kernels, widths and gates were found by a search
//! that measured the latency on a phone.
//!
//! | variants | architecture |
//! |---|---|
//! | `mnasnet0_5`, `mnasnet0_75`, `mnasnet1_0`, `mnasnet1_3` | B1, without squeeze-and-excitation, torchvision's keys |
//! | `semnasnet_100` | A1 (figure 7), with it, timm's name and keys |
//!
//! All take another factor on their widths (`width`) and another global pooling (`global_pool`); channels are rounded to
//! multiples of eight.
//!
//! Deviations: the paper's momentum of 0.9997 for batch normalisation is kept in B1 (as `1 - 0.9997`, PyTorch's sense); A1
//! has PyTorch's default, as in timm. Dropout is torchvision's 0.2 in B1 and timm's 0 in A1. Files of torchvision's first
//! version of B1, whose stem had the same width in all variants, do not fit.
//!
//! Initialisation: Kaiming normal (fan out) for convolutions, where A1 counts one group's channels as fan-out and B1 all;
//! the last layer is uniform in `+-sqrt(3 / num_classes)` in B1 and `+-1 / sqrt(num_classes)` in A1; zero biases.
//!
//! # In a program of one's own
//!
//! Stochastic depth is an addition to the paper, off by default, with timm's rates.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_mnasnet::{MnasNet, MnasNetA1};
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last layer, `forward` gives [batch, 1280]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.3)
//!     .with_drop_path(0.1);
//! let mut model = MnasNet::build("mnasnet1_0", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("mnasnet1_0.pth"))?)?;
//! assert_eq!(report.adapted, ["layers.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 1280, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1280);
//! // layers.7, .8, .9, .11 and .16: the last map of each size, with 16, 24, 40, 96, 1280 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("layers.11", 96, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 16, 112, 112]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.1`
//! let (model, frozen) = freeze_up_to(model, "layers.9"); // its batch norms keep their running statistics
//! // A1 is a type of its own; its stages are blocks.0, .1, .2, .4 and .6.
//! let options = BuildOptions { width: Some(0.75), ..BuildOptions::default() };
//! let gated = MnasNetA1::build("semnasnet_100", &options, &device)?;
//! # Ok(())
//! # }
//! ```

mod a1;
mod a1_block;
mod block;
mod config;
mod model;
mod weights;

pub use a1::MnasNetA1;
pub use a1_block::{A1Block, GatedResidual};
pub use block::{InvertedResidual, MnasLayer};
pub use config::{A1Spec, A1Stage, MnasNetSpec, Stack};
pub use model::MnasNet;
