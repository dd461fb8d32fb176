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
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let options = BuildOptions::default().with_num_classes(10).with_drop_path(0.1);
//! let model = zoo_efficientnet::EfficientNet::build("efficientnet_b0", &options, &device)?;
//! let logits = model.forward(images); // [batch, 10]
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::{Feature, MbConv};
pub use config::{EfficientNetSpec, Stage, Unit};
pub use model::EfficientNet;
