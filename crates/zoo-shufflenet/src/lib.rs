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
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_shufflenet::ShuffleNetV2::build("shufflenet_v2_x1_0", &BuildOptions::default(), &device)?;
//! let logits = model.forward(images); // [batch, 1000]
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::{ChannelHalf, ChannelShuffle, InvertedResidual};
pub use config::ShuffleNetSpec;
pub use model::ShuffleNetV2;
