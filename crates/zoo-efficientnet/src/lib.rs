//! EfficientNet (Tan and Le 2019, "EfficientNet: Rethinking model scaling for convolutional neural networks",
//! <https://arxiv.org/abs/1905.11946>) and EfficientNetV2 (Tan and Le 2021, "EfficientNetV2: Smaller models and faster
//! training", <https://arxiv.org/abs/2104.00298>), as torchvision has them and under its keys.
//!
//! | variants | input | architecture |
//! |---|---|---|
//! | `efficientnet_b0` | 224 | the searched network (table 1) |
//! | `efficientnet_b1` .. `efficientnet_b7` | 240 .. 600 | B0 wider by up to 2.0 and deeper by up to 3.1 (section 3.3) |
//! | `efficientnet_v2_s`, `_m`, `_l` | 384, 480, 480 | fused blocks first, gated ones after them (V2, table 4) |
//!
//! Options: `drop_path`, the rate of stochastic depth, grows linearly from 0 at the first block and stays just below its
//! value at the last (default 0.2); `global_pool`; `dropout` (default the variant's).
//!
//! Deviations, all torchvision's: input sizes of B2 and V2 are those of its weights; B5 to B7 and V2 add 1e-3 to the
//! variance in batch normalisation, B5 to B7 with momentum 0.01. The papers' schedules that change the picture size
//! while training (V2) are a matter of recipes: every variant takes every size.
//!
//! Initialisation is torchvision's: Kaiming normal (fan out) for convolutions, uniform in `+-1 / sqrt(num_classes)` for the
//! last layer, zero biases.
//!
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_efficientnet::EfficientNet;
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
//! let mut model = EfficientNet::build("efficientnet_b0", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("efficientnet_b0.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 1280, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1280);
//! // features.1, .2, .3, .5 and .8: the last map of each size, with 16, 24, 40, 112, 1280 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("features.5", 112, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 16, 112, 112]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.1`
//! let (model, frozen) = freeze_up_to(model, "features.3"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::{Feature, MbConv};
pub use config::{EfficientNetSpec, Stage, Unit};
pub use model::EfficientNet;
