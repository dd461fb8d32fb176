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
//! # In a program of one's own
//!
//! No branch stands beside a shortcut that could do without it: `drop_path` is refused.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_densenet::DenseNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `classifier`, `forward` gives [batch, 1024]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.2); // within the layers of the blocks
//! let mut model = DenseNet::build("densenet121", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, `classifier` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("densenet121.pth"))?)?;
//! assert_eq!(report.adapted, ["features.conv0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 1024, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1024);
//! // features.denseblock1, .denseblock2, .denseblock3 and .norm5 with 256, 512, 1024, 1024 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("features.denseblock3", 1024, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 256, 56, 56]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier`
//! let (model, frozen) = freeze_up_to(model, "features.denseblock2"); // its batch norms keep their running statistics
//! // Those for 32x32 pictures can be of any depth and growth rate: table 2's largest.
//! let options = BuildOptions { depth: Some(190), growth_rate: Some(40), ..BuildOptions::default() };
//! let largest = DenseNet::build("densenet_bc_cifar", &options, &device)?;
//! # Ok(())
//! # }
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
