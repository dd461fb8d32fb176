//! Inception-ResNet v2 (Szegedy et al. 2016, "Inception-v4, Inception-ResNet and the impact of residual connections on
//! learning", <https://arxiv.org/abs/1602.07261>, section 3.2), under timm's name and keys: Inception modules as residual
//! branches. Inception v4 of the same paper is `zoo-inception-v4`.
//!
//! | variant | blocks on 35x35, 17x17, 8x8 pixels | parameters | input |
//! |---|---|---|---|
//! | `inception_resnet_v2` | 10, 20, 10 | 55.8 M | 299x299, from 75x75 |
//!
//! What a block adds to its input is scaled by 0.17, 0.1 and 0.2 (section 3.3 of the paper has 0.1 to 0.3); the last block is
//! neither scaled nor followed by ReLU.
//!
//! From the paper's figures 15 to 19 it deviates as the network that the authors published, and timm after it: the stem is
//! Inception v3's with one module of branches (`mixed_5b`), not that of figure 3; there are 10, 20 and 10 blocks, not 5, 10
//! and 5; maps have 320, 1088 and 2080 channels, and a 1x1 convolution to 1536 follows. timm has no auxiliary head.
//!
//! Average pooling within `mixed_5b` divides by the places within the map. Batch normalisation's eps is 0.001. Dropout before
//! the last layer is the paper's 0.2 (timm's default is 0). Initialisation is timm's, that is PyTorch's default.
//!
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_inception_resnet::InceptionResNetV2;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `classif`, `forward` gives [batch, 1536]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.5); // before `classif`
//! let mut model = InceptionResNetV2::build("inception_resnet_v2", &options, &device)?;
//! // timm's file: the first convolution is summed over its channels, `classif` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("inception_resnet_v2.safetensors"))?)?;
//! assert_eq!(report.adapted, ["conv2d_1a.conv.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 1536, 8, 8] of [batch, 1, 299, 299]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1536);
//! // conv2d_2b, conv2d_4a, repeat, repeat_1 and conv2d_7b with 64, 192, 320, 1088, 1536 channels.
//! let stages = model.stages([1, 299, 299])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("repeat", 320, 8));
//! let maps = model.forward_intermediates(images); // repeat: [batch, 320, 35, 35]
//!
//! model.reset_classifier(5, &device); // a fresh `classif`
//! let (model, frozen) = freeze_up_to(model, "repeat"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod mixed;
mod model;
mod weights;

pub use block::Block;
pub use config::{BlockSpec, ConvSpec, InceptionResNetSpec};
pub use mixed::{Branch, Mixed};
pub use model::InceptionResNetV2;
