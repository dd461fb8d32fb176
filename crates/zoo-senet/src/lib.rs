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
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_senet::{SeNet, SeResNet};
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `fc`, `forward` gives [batch, 512]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::AvgMax)
//!     .with_dropout(0.2) // before `fc`
//!     .with_drop_path(0.1);
//! let mut model = SeResNet::build("seresnet18", &options, &device)?;
//! // timm's file: `conv1` is summed over its channels, `fc` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("seresnet18.safetensors"))?)?;
//! assert_eq!(report.adapted, ["conv1.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 512, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 512);
//! // act1, layer1, layer2, layer3, layer4 with 64, 64, 128, 256, 512 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[4].name.as_str(), stages[4].channels, stages[4].reduction), ("layer4", 512, 32));
//! let maps = model.forward_intermediates(images); // layer1: [batch, 64, 56, 56]
//!
//! model.reset_classifier(5, &device); // a fresh `fc`
//! let (model, frozen) = freeze_up_to(model, "layer2"); // its batch norms keep their running statistics
//! // SENet-154 is a type of its own; its stages are layer0 to layer4, its last layer is `last_linear`.
//! let large = SeNet::build("legacy_senet154", &BuildOptions::default().with_num_classes(0), &device)?;
//! assert_eq!(large.num_features(), 2048);
//! # Ok(())
//! # }
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
