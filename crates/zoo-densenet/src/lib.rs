//! DenseNet (Huang, Liu, van der Maaten and Weinberger 2017, "Densely connected convolutional networks",
//! <https://arxiv.org/abs/1608.06993>): every layer of a block sees the feature maps of all layers before it.
//!
//! | variants | growth rate k | layers of the blocks | where |
//! |---|---|---|---|
//! | `densenet121`, `169`, `201`, `264` | 32 | 6-12-24-16, 6-12-32-32, 6-12-48-32, 6-12-64-48 | table 1 |
//! | `densenet161` | 48 | 6-12-36-24 | torchvision, first version of the paper |
//! | `densenet_cifar` | 12 | three times 12: depth 40 | section 3, table 2 |
//! | `densenet_bc_cifar` | 12 | three times 16 with bottlenecks: depth 100 | section 3, table 2 |
//!
//! The networks for 32x32 pictures can be had with other numbers: `BuildOptions::depth` (`3n + 4`, with bottlenecks
//! `6n + 4`) and `BuildOptions::growth_rate`; those for large pictures refuse both. Parameters have torchvision's names,
//! in the small networks as well, and published files with the older names (`denselayer1.norm.1.weight`) are read.
//!
//! Deviations: dropout (`BuildOptions::dropout`, off by default) follows the last convolution of each layer in the large
//! networks, as in torchvision, and every convolution but the first in the small ones, as in the paper. Initialisation
//! is torchvision's: Kaiming normal (fan in), PyTorch's default for the last layer's weight, zero for its bias.
//!
//! Memory: each layer appends its maps to one tensor, so that in inference no more than that tensor, its normalised copy
//! and the joined result of the layer before are alive. In training the input of every layer is kept for `backward`,
//! which is quadratic in a block's length, as in PyTorch without `memory_efficient`.
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let options = BuildOptions { depth: Some(190), growth_rate: Some(40), ..BuildOptions::default() };
//! let model = zoo_densenet::DenseNet::build("densenet_bc_cifar", &options, &device)?;
//! let logits = model.forward(images); // [batch, 10] of [batch, 3, 32, 32]
//! ```

mod block;
mod body;
mod config;
mod model;
mod plan;
mod weights;

pub use block::{DenseBlock, DenseLayer, Transition};
pub use config::DenseNetSpec;
pub use model::DenseNet;
