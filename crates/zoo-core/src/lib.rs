//! The zoo's vocabulary: what a classifier is ([`Classifier`]), what a family of architectures must say ([`Family`]),
//! what a user may change ([`BuildOptions`]), and a model's parameters under PyTorch's names ([`params`]).
//!
//! # In a program of one's own
//!
//! | what | how |
//! |---|---|
//! | another number of classes; none, for pooled features | [`BuildOptions::num_classes`], later [`Classifier::reset_classifier`] |
//! | other input channels, with a published stem | [`BuildOptions::in_channels`]; `zoo_weights::load` adapts it as timm does |
//! | another pooling | [`BuildOptions::global_pool`] |
//! | dropout, stochastic depth | [`BuildOptions::dropout`], [`BuildOptions::drop_path`] |
//! | the body's output, and the head on it | [`Classifier::forward_features`], [`Classifier::forward_head`] |
//! | maps from within, with channels and reduction | [`Classifier::forward_intermediates`], [`Classifier::stages`] |
//! | a frozen body, batch norms' statistics included | [`params::freeze_up_to`] |
//! | less memory in training | a device with gradient checkpointing, see below |
//! | another picture size | [`BuildOptions::image_size`]; [`Classifier::adapt_weight`] interpolates position embeddings |
//!
//! What a family does not have it refuses with [`BuildError::Unsupported`] ([`Family::SETTINGS`] says what it has). Each
//! family's crate shows all that it has; the calls are the same for every [`Classifier`]:
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! use zoo_core::{Classifier, params::freeze_up_to};
//!
//! /// Five classes on a body that is frozen but for its last stage; logits `[batch, 5]`.
//! fn five<C: Classifier>(mut model: C, images: Tensor<4>, device: &Device) -> Tensor<2> {
//!     model.reset_classifier(5, device);
//!     let stages = model.stage_names();
//!     let (model, _frozen) = freeze_up_to(model, &stages[stages.len() - 2]);
//!     let features = model.forward_features(images);
//!     let _vectors = model.forward_head(features.clone(), true); // [batch, num_features]
//!     model.forward_head(features, false)
//! }
//! ```
//!
//! ## Gradient checkpointing
//!
//! Burn keeps less for the backward pass on a device that is asked to, and computes the rest anew: what takes little
//! computation (activations, sums, reshaping) is not kept, the outputs of convolutions and products are. The result is
//! the same. The device decides, so the model is built on it, and images are put on it:
//!
//! ```no_run
//! # use burn::tensor::Device;
//! # fn example(device: &Device) {
//! let training = device.clone().autodiff().gradient_checkpointing();
//! # }
//! ```
//!
//! An operation on two tensors of which one is from a device with checkpointing and the other from an autodiff device
//! without it panics; tensors without autodiff go with both. A fresh head of `reset_classifier` needs the same device.

mod classifier;
mod error;
mod family;
mod fill;
mod nearest;
mod options;
pub mod params;
mod pooled_head;
mod rng;
mod sequential;
mod transpose;
mod weights;

pub use classifier::{Classifier, Features, Intermediate, Stage};
pub use error::{BuildError, InputError};
pub use family::{Family, ModelInfo, Variant};
pub use fill::{FillRule, fill, fill_input, fill_uniform};
pub use nearest::nearest;
pub use options::{BuildOptions, Setting, Shortcut};
pub use rng::{fnv1a, splitmix64};
pub use sequential::{Parts, Sequential};
pub use weights::{Interpolation, Origin, Weights};
pub use zoo_layers::describe::{Describe, Node};
pub use zoo_layers::{ActivationKind, GlobalPoolKind};
