//! ResNet (He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition",
//! <https://arxiv.org/abs/1512.03385>) and what has the same shape: ResNeXt (Xie et al. 2017, "Aggregated residual
//! transformations for deep neural networks", <https://arxiv.org/abs/1611.05431>), Wide ResNet (Zagoruyko and Komodakis
//! 2016, "Wide residual networks", <https://arxiv.org/abs/1605.07146>) and the plain networks that ResNet is held against.
//! ImageNet networks carry torchvision's names and keys; they take pictures of any size.
//!
//! | variants | blocks | stages |
//! |---|---|---|
//! | `resnet18`, `resnet34` | basic | 2-2-2-2, 3-4-6-3 |
//! | `resnet50`, `resnet101`, `resnet152` | bottleneck | 3-4-6-3, 3-4-23-3, 3-8-36-3 |
//! | `resnext50_32x4d`, `resnext101_32x8d`, `resnext101_64x4d` | bottleneck with 32 or 64 groups | as ResNet |
//! | `wide_resnet50_2`, `wide_resnet101_2` | bottleneck, twice as wide inside | as ResNet |
//! | `plain18`, `plain34` | basic, without shortcut | as ResNet |
//! | `resnet20_cifar`, `..32..`, `..44..`, `..56..`, `..110_cifar` | basic, 16-32-64 channels | n-n-n, depth 6n + 2 |
//! | `plain20_cifar`, `..32..`, `..44..`, `..56..`, `..110_cifar` | the same without shortcut | n-n-n |
//!
//! Settings:
//! - `shortcut`: the paper's options A, B and C (section 4.1). The default is B for ImageNet, as in torchvision (the paper
//!   drew its 18 and 34 layers with A), and A for CIFAR-10, as in section 4.2. Plain networks have none and refuse it.
//! - `activation`: any, in place of ReLU. With PReLU (He et al. 2015, <https://arxiv.org/abs/1502.01852>) each activation
//!   learns a slope of its own, under the keys `relu`, `relu2` and `relu3` of its block.
//! - `drop_path`: stochastic depth (Huang et al. 2016, <https://arxiv.org/abs/1603.09382>), growing block by block as in
//!   timm. Plain networks refuse it: nothing would be left of a picture whose branch is dropped.
//! - `global_pool`; `dropout` before the last layer (none by default).
//!
//! Deviations from the paper, all torchvision's: a bottleneck strides in its 3x3 convolution, not in its first ("V1.5").
//! Initialisation is torchvision's and the paper's: Kaiming normal (fan out) for convolutions, one and zero for batch
//! normalisation (that of the last one in a block is not zeroed), PyTorch's default for the last layer.
//!
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, Shortcut, params::freeze_up_to};
//! use zoo_resnet::ResNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `fc`, `forward` gives [batch, 512]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.2) // before `fc`
//!     .with_drop_path(0.1);
//! let mut model = ResNet::build("resnet18", &options, &device)?;
//! // torchvision's file: `conv1` is summed over its channels, `fc` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("resnet18.pth"))?)?;
//! assert_eq!(report.adapted, ["conv1.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 512, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 512);
//! // relu, layer1, layer2, layer3, layer4 with 64, 64, 128, 256, 512 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[4].name.as_str(), stages[4].channels, stages[4].reduction), ("layer4", 512, 32));
//! let maps = model.forward_intermediates(images); // layer1: [batch, 64, 56, 56]
//!
//! model.reset_classifier(5, &device); // a fresh `fc`
//! let (model, frozen) = freeze_up_to(model, "layer2"); // its batch norms keep their running statistics
//! // The paper's option C for shortcuts.
//! let options = BuildOptions { shortcut: Some(Shortcut::C), ..BuildOptions::default() };
//! let projections = ResNet::build("resnet50", &options, &device)?;
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod shortcut;
#[cfg(test)]
mod tests;
mod weights;

pub use block::Block;
pub use config::{BlockKind, ResNetSpec, Stem};
pub use model::ResNet;
pub use shortcut::ZeroPadding;
