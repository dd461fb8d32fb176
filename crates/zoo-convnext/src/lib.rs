//! ConvNeXt (Liu et al. 2022, "A ConvNet for the 2020s", <https://arxiv.org/abs/2201.03545>, section 3), as torchvision has
//! it and under its parameter names.
//!
//! | variant | blocks | channels of the stages | stochastic depth | parameters |
//! |---|---|---|---|---|
//! | `convnext_tiny` | 3, 3, 9, 3 | 96, 192, 384, 768 | 0.1 | 29 M |
//! | `convnext_small` | 3, 3, 27, 3 | 96, 192, 384, 768 | 0.4 | 50 M |
//! | `convnext_base` | 3, 3, 27, 3 | 128, 256, 512, 1024 | 0.5 | 89 M |
//! | `convnext_large` | 3, 3, 27, 3 | 192, 384, 768, 1536 | 0.5 | 198 M |
//!
//! Initialisation is torchvision's: normal(0, 0.02) for convolutions and fully connected layers (torchvision cuts it at
//! +-2, a hundred standard deviations, which is no cut at all), zero biases, layer scale 1e-6. Neither the paper nor
//! torchvision has dropout: its rate is 0 unless asked for. The smallest picture is 32x32.
//!
//! # In a program of one's own
//!
//! There are no batch norms: freezing has no running statistics to keep.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_convnext::ConvNeXt;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last layer, `forward` gives [batch, 768]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.2)
//!     .with_drop_path(0.2);
//! let mut model = ConvNeXt::build("convnext_tiny", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("convnext_tiny.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 768, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 768); // normalised
//! // features.1, .3, .5 and .7 with 96, 192, 384, 768 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("features.5", 384, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 96, 56, 56]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.2`
//! let (model, frozen) = freeze_up_to(model, "features.3");
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod permute;
mod weights;

pub use block::{CNBlock, LayerScale};
pub use config::ConvNeXtSpec;
pub use model::{ConvNeXt, FeatureLayer};
pub use permute::{Flatten, Permute};
