//! The zoo's vocabulary: what a classifier is ([`Classifier`]), what a family of architectures must say ([`Family`]),
//! what a user may change ([`BuildOptions`]), and a model's parameters under PyTorch's names ([`params`]).

mod classifier;
mod error;
mod family;
mod fill;
mod nearest;
mod options;
pub mod params;
mod rng;
mod sequential;

pub use classifier::{Classifier, Features, Intermediate, Stage};
pub use error::{BuildError, InputError};
pub use family::{Family, ModelInfo, Variant};
pub use fill::{FillRule, fill, fill_input, fill_uniform};
pub use nearest::nearest;
pub use options::{BuildOptions, Setting, Shortcut};
pub use rng::{fnv1a, splitmix64};
pub use sequential::{Parts, Sequential};
pub use zoo_layers::describe::{Describe, Node};
