//! Xception: networks of separable convolutions, under timm's names and keys.
//!
//! | variant | entry, middle, exit flow | parameters |
//! |---|---|---|
//! | `legacy_xception` | 3, 8, 1 modules, two convolutions | 22.9 M |
//! | `xception41` | 3, 8, 2 modules | 27.0 M |
//! | `xception65` | 3, 16, 2 modules | 39.9 M |
//! | `xception71` | 5, 16, 2 modules | 42.3 M |
//!
//! [`LegacyXception`] is the network of Chollet 2017, "Xception: Deep learning with depthwise separable convolutions",
//! <https://arxiv.org/abs/1610.02357>, figure 5; pictures from 7x7 pass. [`Xception`] is the "modified aligned Xception" of
//! DeepLabv3+ (Chen et al. 2018, <https://arxiv.org/abs/1802.02611>, figure 4), with batch normalisation after each
//! depthwise convolution as well, strided convolutions in place of max pooling, and three convolutions in every module;
//! pictures of any size pass. 41 and 71 are from the same authors' code.
//!
//! Deviations, all timm's. DeepLabv3+'s paper has ReLU after each depthwise convolution; as in the authors' code, here only
//! the last module has, and in all others ReLU stands before the separable convolution, as in Chollet's paper. That one
//! trains on ImageNet with dropout of 0.5 (section 4.3); here dropout is 0 unless asked for. A stage's map is what a module
//! gives, before the ReLU of the next.
//!
//! Settings: `global_pool`, and `drop_path` for the aligned networks, which grows module by module as in timm. Dropout stands
//! before the last layer. Initialisation is timm's: PyTorch's default, and for the original Kaiming normal (fan out) for all
//! convolutions. Batch normalisation's eps is 0.001 in the aligned networks.
//!
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_weights::{WeightsFile, load};
//! use zoo_xception::{LegacyXception, Xception};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `head.fc`, `forward` gives [batch, 2048]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::AvgMax)
//!     .with_dropout(0.5) // before `head.fc`
//!     .with_drop_path(0.1);
//! let mut model = Xception::build("xception41", &options, &device)?;
//! // timm's file: the first convolution is summed over its channels, `head.fc` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("xception41.safetensors"))?)?;
//! assert_eq!(report.adapted, ["stem.0.conv.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 2048, 10, 10] of [batch, 1, 299, 299]
//! assert_eq!(model.forward_head(features, true).dims()[1], 2048);
//! // stem, blocks.0, .1, .10 and .12 with 64, 128, 256, 728, 2048 channels.
//! let stages = model.stages([1, 299, 299])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("blocks.10", 728, 16));
//! let maps = model.forward_intermediates(images); // blocks.0: [batch, 128, 75, 75]
//!
//! model.reset_classifier(5, &device); // a fresh `head.fc`
//! let (model, frozen) = freeze_up_to(model, "blocks.10"); // its batch norms keep their running statistics
//! // The original is a type of its own, without stochastic depth; its last layer is `fc`.
//! let original = LegacyXception::build("legacy_xception", &BuildOptions::default().with_num_classes(0), &device)?;
//! assert_eq!(original.stage_names(), ["act2", "block1", "block2", "block11", "act4"]);
//! # Ok(())
//! # }
//! ```

mod aligned;
mod aligned_block;
mod config;
mod legacy;
mod legacy_block;
mod unit;
mod weights;

pub use aligned::Xception;
pub use aligned_block::XceptionModule;
pub use config::XceptionSpec;
pub use legacy::LegacyXception;
pub use legacy_block::Block;
pub use unit::Unit;
