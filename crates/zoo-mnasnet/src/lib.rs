//! MnasNet (Tan et al. 2019, "MnasNet: Platform-aware neural architecture search for mobile",
//! <https://arxiv.org/abs/1807.11626>): inverted residual blocks whose kernels, widths and gates were found by a search
//! that measured the latency on a phone.
//!
//! | variants | architecture |
//! |---|---|
//! | `mnasnet0_5`, `mnasnet0_75`, `mnasnet1_0`, `mnasnet1_3` | B1, without squeeze-and-excitation, torchvision's keys |
//! | `semnasnet_100` | A1 (figure 7), with it, timm's name and keys |
//!
//! All take another factor on their widths (`width`) and another global pooling (`global_pool`); channels are rounded to
//! multiples of eight.
//!
//! Deviations: the paper's momentum of 0.9997 for batch normalisation is kept in B1 (as `1 - 0.9997`, PyTorch's sense); A1
//! has PyTorch's default, as in timm. Dropout is torchvision's 0.2 in B1 and timm's 0 in A1. Files of torchvision's first
//! version of B1, whose stem had the same width in all variants, do not fit.
//!
//! Initialisation: Kaiming normal (fan out) for convolutions, where A1 counts one group's channels as fan-out and B1 all;
//! the last layer is uniform in `+-sqrt(3 / num_classes)` in B1 and `+-1 / sqrt(num_classes)` in A1; zero biases.
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_mnasnet::MnasNet::build("mnasnet1_0", &BuildOptions::default().with_num_classes(10), &device)?;
//! let logits = model.forward(images); // [batch, 10]
//! ```

mod a1;
mod a1_block;
mod block;
mod config;
mod model;
mod weights;

pub use a1::MnasNetA1;
pub use a1_block::{A1Block, GatedResidual};
pub use block::{InvertedResidual, MnasLayer};
pub use config::{A1Spec, A1Stage, MnasNetSpec, Stack};
pub use model::MnasNet;
