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
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_maxvit::MaxVit::build("maxvit_t", &BuildOptions::default().with_num_classes(10), &device)?;
//! let logits = model.forward(images); // [batch, 10] of [batch, 3, 224, 224]
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
