//! MobileNet, for phones: convolutions split into one a channel and one a pixel.
//!
//! | variants | paper |
//! |---|---|
//! | `mobilenetv1_100` | Howard et al. 2017, <https://arxiv.org/abs/1704.04861>, table 1 |
//! | `mobilenet_v2` | Sandler et al. 2018, <https://arxiv.org/abs/1801.04381>, table 2 |
//! | `mobilenet_v3_small`, `mobilenet_v3_large` | Howard et al. 2019, <https://arxiv.org/abs/1905.02244>, tables 1 and 2 |
//!
//! v2 and v3 are torchvision's, under its keys; v1, which torchvision does not have, is timm's. All take a factor on their
//! widths (`width`, the papers' width multiplier) and another global pooling (`global_pool`); channels are rounded to
//! multiples of eight as in TensorFlow's code.
//!
//! Deviations from the papers: v1 has ReLU6 for ReLU, as in the authors' own code. v3 squeezes to a quarter of the expanded
//! channels rounded to a multiple of eight, and its head's two 1x1 convolutions are fully connected layers, which
//! compute the same. Dropout is torchvision's 0.2 in v2 and v3, and timm's 0 in v1.
//!
//! Initialisation: Kaiming normal (fan out) for convolutions, where v1 counts one group's channels as fan-out and v2 and v3
//! all; normal(0, 0.01) for the fully connected layers of v2 and v3, uniform in `+-1 / sqrt(num_classes)` in v1; zero biases.
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let half = BuildOptions { width: Some(0.5), ..BuildOptions::default() }.with_num_classes(10);
//! let model = zoo_mobilenet::MobileNet::build("mobilenet_v2", &half, &device)?;
//! let logits = model.forward(images); // [batch, 10]
//! ```

mod block;
mod config;
mod model;
mod v1;
mod weights;

pub use block::{Feature, InvertedResidualV2, InvertedResidualV3};
pub use config::{Bottleneck, MobileNetSpec, MobileNetV1Spec, Sequence};
pub use model::MobileNet;
pub use v1::MobileNetV1;
