//! ShuffleNet V2 (Ma et al. 2018, "ShuffleNet V2: practical guidelines for efficient CNN architecture design",
//! <https://arxiv.org/abs/1807.11164>, table 5), as torchvision has it and under its parameter names.
//!
//! | variant | width | parameters |
//! |---|---|---|
//! | `shufflenet_v2_x0_5` | 0.5 | 1.4 M |
//! | `shufflenet_v2_x1_0` | 1 | 2.3 M |
//! | `shufflenet_v2_x1_5` | 1.5 | 3.5 M |
//! | `shufflenet_v2_x2_0` | 2 | 7.4 M |
//!
//! Initialisation is PyTorch's default, which torchvision keeps. Neither paper nor torchvision has dropout: its rate is 0
//! unless asked for.
//!
//! # In a program of one's own
//!
//! Half the channels of a block pass it by and are joined, not added, so that nothing would stand in for a dropped branch:
//! `drop_path` is refused.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_shufflenet::ShuffleNetV2;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `fc`, `forward` gives [batch, 1024]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.2); // before `fc`
//! let mut model = ShuffleNetV2::build("shufflenet_v2_x1_0", &options, &device)?;
//! // torchvision's file: `conv1` is summed over its channels, `fc` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("shufflenet_v2_x1_0.pth"))?)?;
//! assert_eq!(report.adapted, ["conv1.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 1024, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1024);
//! // conv1, maxpool, stage2, stage3, conv5 with 24, 24, 116, 232, 1024 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("stage3", 232, 16));
//! let maps = model.forward_intermediates(images); // conv1: [batch, 24, 112, 112]
//!
//! model.reset_classifier(5, &device); // a fresh `fc`
//! let (model, frozen) = freeze_up_to(model, "stage2"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::{ChannelHalf, ChannelShuffle, InvertedResidual};
pub use config::ShuffleNetSpec;
pub use model::ShuffleNetV2;
