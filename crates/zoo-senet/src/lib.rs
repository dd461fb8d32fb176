//! Squeeze-and-excitation networks (Hu, Shen and Sun 2018, "Squeeze-and-excitation networks",
//! <https://arxiv.org/abs/1709.01507>): residual networks that weigh the channels of each branch by what the whole picture
//! says. Names and keys are timm's; pictures of any size pass (SENet-154: from 5x5).
//!
//! | variants | blocks | stages |
//! |---|---|---|
//! | `seresnet18`, `seresnet34` | basic | 2-2-2-2, 3-4-6-3 |
//! | `seresnet50`, `seresnet101`, `seresnet152` | bottleneck | 3-4-6-3, 3-4-23-3, 3-8-36-3 |
//! | `seresnext50_32x4d`, `seresnext101_32x4d` | bottleneck with 32 groups | as SE-ResNet |
//! | `legacy_senet154` | the paper's own, with 64 groups | 3-8-36-3 |
//!
//! `legacy_senet154` is the network of the paper's appendix ("Details of SENet-154"): three 3x3 convolutions at the
//! entrance, half the channels in the first 1x1 convolution of a block, 3x3 convolutions as projections, dropout of 0.2.
//!
//! Settings: `drop_path` (grows block by block as in timm), `global_pool`, and for the SE-ResNets `activation`, which leaves
//! the ReLU within squeeze-and-excitation alone, as timm does. With PReLU each activation learns a slope of its own.
//!
//! Deviations from the paper, all timm's: a bottleneck strides in its 3x3 convolution; SE-ResNet squeezes to a sixteenth of
//! the channels but to no fewer than eight. Initialisation is timm's: Kaiming normal (fan out) for all convolutions, the
//! last batch normalisation of a block begins at zero (not in SENet-154), PyTorch's default for biases and the last layer.
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_senet::SeResNet::build("seresnet50", &BuildOptions::default().with_num_classes(10), &device)?;
//! let logits = model.forward(images); // [batch, 10]
//! ```

mod block;
mod config;
mod residual;
mod se_resnet;
mod senet;
mod senet_block;
#[cfg(test)]
mod tests;
mod weights;

pub use block::{BasicBlock, Block, Bottleneck};
pub use config::{BlockKind, SeNetSpec, SeResNetSpec};
pub use se_resnet::SeResNet;
pub use senet::{SeNet, Stem};
pub use senet_block::SeBottleneck;
