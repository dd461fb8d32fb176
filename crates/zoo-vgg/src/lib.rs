//! VGG (Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition",
//! <https://arxiv.org/abs/1409.1556>, table 1): the configurations A, A-LRN, B, C, D and E, and A, B, D, E with batch
//! normalisation, as torchvision has them and under its parameter names.
//!
//! From the paper it deviates as torchvision does: adaptive average pooling to 7x7 before the classifier, so that every
//! picture of at least 32x32 passes. Initialisation is torchvision's: Kaiming normal (fan out) for convolutions,
//! normal(0, 0.01) for fully connected layers, zero biases.
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_vgg::Vgg::build("vgg16_bn", &BuildOptions::default().with_num_classes(10), &device)?;
//! let logits = model.forward(images); // [batch, 10]
//! ```

mod config;
mod model;
mod weights;

pub use config::{Step, VggSpec};
pub use model::Vgg;
