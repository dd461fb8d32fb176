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
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_convnext::ConvNeXt::build("convnext_tiny", &BuildOptions::default().with_drop_path(0.2), &device)?;
//! let logits = model.forward(images); // [batch, 1000]
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
