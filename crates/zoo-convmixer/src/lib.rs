//! ConvMixer (Trockman and Kolter 2022, "Patches are all you need?", <https://arxiv.org/abs/2201.09792>, section 2): patches
//! become places of a map whose size and channels never change; each block mixes places by a large depthwise convolution
//! beside a shortcut, then channels by a 1x1 convolution. Names and keys are timm's.
//!
//! | variant | channels (h) | blocks (d) | window (k) | patch (p) | activation | parameters |
//! |---|---|---|---|---|---|---|
//! | `convmixer_768_32` | 768 | 32 | 7 | 7 | ReLU | 21.1 M |
//! | `convmixer_1024_20_ks9_p14` | 1024 | 20 | 9 | 14 | GELU | 24.4 M |
//! | `convmixer_1536_20` | 1536 | 20 | 9 | 7 | GELU | 51.6 M |
//!
//! The activation stands before the batch normalisation. ReLU in the first is what its published weights were trained with;
//! the paper's networks have GELU. Pictures of any size from one patch on pass; what is left over at the right and at the
//! bottom is cut off. The stages are quarters of the depth, as of the vision transformers.
//!
//! Settings: `global_pool`, `activation` (with PReLU each activation learns a slope of its own). Neither the paper nor timm
//! has stochastic depth here; dropout stands before the last layer and is 0 by default. Initialisation is PyTorch's default
//! throughout, as timm's.
//!
//! # In a program of one's own
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_convmixer::ConvMixer;
//! use zoo_core::{ActivationKind, BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no head, `forward` gives [batch, 768]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.2); // before the head
//! let mut model = ConvMixer::build("convmixer_768_32", &options, &device)?;
//! // timm's file: the patches' weight is summed over its channels, the head starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("convmixer_768_32.safetensors"))?)?;
//! assert_eq!(report.adapted, ["stem.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 768, 32, 32] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 768);
//! // blocks.7, .15, .23 and .31: a quarter of the blocks each.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("blocks.31", 768, 7));
//! let maps = model.forward_intermediates(images); // [batch, 768, 32, 32] each
//!
//! model.reset_classifier(5, &device); // a fresh `head`
//! let (model, frozen) = freeze_up_to(model, "blocks.15"); // its batch norms keep their running statistics
//! let tanh = BuildOptions { activation: Some(ActivationKind::Tanh), ..BuildOptions::default() };
//! let other = ConvMixer::build("convmixer_1024_20_ks9_p14", &tanh, &device)?;
//! # Ok(())
//! # }
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::Unit;
pub use config::ConvMixerSpec;
pub use model::ConvMixer;
