//! Inception v4 (Szegedy et al. 2016, "Inception-v4, Inception-ResNet and the impact of residual connections on learning",
//! <https://arxiv.org/abs/1602.07261>, section 3.1 and figures 3 to 9), under timm's name and keys. Inception-ResNet v2 of
//! the same paper is `zoo-inception-resnet`.
//!
//! | variant | modules A, B, C | parameters | input |
//! |---|---|---|---|
//! | `inception_v4` | 4, 7, 3 | 42.7 M | 299x299, from 75x75 |
//!
//! The whole body is data, in `config.rs`: what the branches of each module are, and how many modules of each kind come in a
//! row. [`InceptionC`], whose branches fork, is a module of its own.
//!
//! Average pooling within the modules divides by the places within the map, as timm's and the authors' code. Batch
//! normalisation's eps is 0.001. Dropout before the last layer is the paper's 0.2 (timm's default is 0). Initialisation is
//! timm's, that is PyTorch's default. There is no auxiliary head, neither in the paper's figures nor in timm.
//!
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_inception_v4::InceptionV4;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `last_linear`, `forward` gives [batch, 1536]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.5); // before `last_linear`
//! let mut model = InceptionV4::build("inception_v4", &options, &device)?;
//! // timm's file: the first convolution is summed over its channels, `last_linear` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("inception_v4.safetensors"))?)?;
//! assert_eq!(report.adapted, ["features.0.conv.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 1536, 8, 8] of [batch, 1, 299, 299]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1536);
//! // features.2, .4, .9, .17 and .21 with 64, 192, 384, 1024, 1536 channels.
//! let stages = model.stages([1, 299, 299])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("features.9", 384, 8));
//! let maps = model.forward_intermediates(images); // features.9: [batch, 384, 35, 35]
//!
//! model.reset_classifier(5, &device); // a fresh `last_linear`
//! let (model, frozen) = freeze_up_to(model, "features.9"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod branch;
mod config;
mod model;
mod module;
mod weights;

pub use branch::{Branch, BranchSpec, Step, StepSpec};
pub use config::{InceptionV4Spec, ModuleSpec};
pub use model::InceptionV4;
pub use module::{InceptionC, Mixed};
