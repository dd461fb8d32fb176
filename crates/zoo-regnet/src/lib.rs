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
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_regnet::RegNet::build("regnet_y_400mf", &BuildOptions::default(), &device)?;
//! let logits = model.forward(images); // [batch, 1000]
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
