//! RegNetX and RegNetY (Radosavovic et al. 2020, "Designing network design spaces", <https://arxiv.org/abs/2003.13678>,
//! section 3.3), as torchvision has them and under its parameter names. RegNetY adds squeeze-and-excitation.
//!
//! | variant | parameters | | variant | parameters |
//! |---|---|---|---|---|
//! | `regnet_x_400mf` | 5.5 M | | `regnet_y_400mf` | 4.3 M |
//! | `regnet_x_800mf` | 7.3 M | | `regnet_y_800mf` | 6.4 M |
//! | `regnet_x_1_6gf` | 9.2 M | | `regnet_y_1_6gf` | 11 M |
//! | `regnet_x_3_2gf` | 15 M | | `regnet_y_3_2gf` | 19 M |
//! | `regnet_x_8gf` | 40 M | | `regnet_y_8gf` | 39 M |
//! | `regnet_x_16gf` | 54 M | | `regnet_y_16gf` | 84 M |
//! | `regnet_x_32gf` | 108 M | | `regnet_y_32gf` | 145 M |
//! | | | | `regnet_y_128gf` | 645 M |
//!
//! A variant is the five numbers of the paper's rule (depth, w_0, w_a, w_m, group width), from which the widths and depths
//! of the stages follow ([`Rule::stages`]). `regnet_y_128gf` is not in the paper but in Goyal et al. 2022
//! (<https://arxiv.org/abs/2202.08360>).
//!
//! Initialisation is torchvision's: Kaiming normal (fan out) for convolutions (the biases within squeeze-and-excitation keep
//! PyTorch's default) and normal(0, 0.01) with zero bias for the last layer. Neither the papers nor torchvision have dropout:
//! its rate is 0 unless asked for.
//!
//! # In a program of one's own
//!
//! Stochastic depth is an addition to the papers, off by default, with timm's rates.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_regnet::RegNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `fc`, `forward` gives [batch, 440]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.2) // before `fc`
//!     .with_drop_path(0.1);
//! let mut model = RegNet::build("regnet_y_400mf", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, `fc` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("regnet_y_400mf.pth"))?)?;
//! assert_eq!(report.adapted, ["stem.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 440, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 440);
//! // stem and trunk_output.block1 to .block4 with 32, 48, 104, 208, 440 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("trunk_output.block3", 208, 16));
//! let maps = model.forward_intermediates(images); // stem: [batch, 32, 112, 112]
//!
//! model.reset_classifier(5, &device); // a fresh `fc`
//! let (model, frozen) = freeze_up_to(model, "trunk_output.block2"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod rule;
mod weights;

pub use block::ResBottleneckBlock;
pub use config::RegNetSpec;
pub use model::RegNet;
pub use rule::{Rule, Stage};
