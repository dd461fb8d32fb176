//! MaxViT (Tu et al. 2022, "MaxViT: multi-axis vision transformer", <https://arxiv.org/abs/2204.01697>, section 3 and
//! table 1) as torchvision has it and under its parameter names. Each layer is an inverted bottleneck, attention within windows of
//! 7x7 neighbours, and attention among 49 tokens that lie on a grid over the whole map.
//!
//! | variant  | stem | channels           | layers     | head width | drop path |
//! |----------|------|--------------------|------------|------------|-----------|
//! | maxvit_t | 64   | 64, 128, 256, 512  | 2, 2, 5, 2 | 32         | 0.2       |
//!
//! From the paper it deviates as torchvision does: scores are divided by the square root of the channels, not of a head's
//! width. A model is built for one picture size, of which each block must make maps that are multiples of 7 (224, 448, ...);
//! its parameters are the same for all sizes, so that a file serves any. `relative_position_index` follows from the window
//! and is written into files for PyTorch's sake alone. `dropout` (0 by default) follows each attention and each MLP.
//!
//! Initialisation is torchvision's: normal(0, 0.02) for convolutions, fully connected layers and position tables, zero
//! biases.
//!
//! # In a program of one's own
//!
//! Another picture size needs another model, but no other weights: the position biases are those of 7x7 tokens.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_maxvit::MaxVit;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last layer, `forward` gives [batch, 512]
//!     .with_in_channels(1)
//!     .with_image_size([224, 448])
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.1)
//!     .with_drop_path(0.1);
//! let mut model = MaxVit::build("maxvit_t", &options, &device)?;
//! // torchvision's file for 224x224: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("maxvit_t.pth"))?)?;
//! assert_eq!(report.adapted, ["stem.0.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 512, 7, 14] of [batch, 1, 224, 448]
//! assert_eq!(model.forward_head(features, true).dims()[1], 512); // after the hidden layer
//! // blocks.0 to blocks.3 with 64, 128, 256, 512 channels.
//! let stages = model.stages([1, 224, 448])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("blocks.2", 256, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 64, 56, 112]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.5`
//! let (model, frozen) = freeze_up_to(model, "blocks.1"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod attention;
mod block;
mod config;
mod describe;
mod mbconv;
mod model;
mod weights;

pub use config::MaxVitSpec;
pub use model::MaxVit;
