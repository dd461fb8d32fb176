//! SqueezeNet (Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
//! <https://arxiv.org/abs/1602.07360>): `squeezenet1_0` is table 1 without bypass connections, `squeezenet1_1` the
//! authors' later version with a smaller first convolution and earlier pooling, both as torchvision has them and under
//! its parameter names.
//!
//! | variant | first convolution | pooling after | parameters |
//! |---|---|---|---|
//! | `squeezenet1_0` | 96 maps, 7x7 | conv1, fire4, fire8 | 1,248,424 |
//! | `squeezenet1_1` | 64 maps, 3x3 | conv1, fire3, fire5 | 1,235,496 |
//!
//! The head is a 1x1 convolution to the classes with a ReLU behind it, which is then pooled: logits are not negative.
//! Without classes the model gives the 512 pooled features that this convolution would have seen. Max pooling counts a
//! partial last window (ceil mode). Initialisation is torchvision's: Kaiming uniform (fan in), normal(0, 0.01) for the last
//! convolution, zero biases. Dropout before the last convolution is 0.5.
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_squeezenet::SqueezeNet::build("squeezenet1_1", &BuildOptions::default().with_num_classes(10), &device)?;
//! let logits = model.forward(images); // [batch, 10]
//! ```

mod block;
mod config;
mod model;
mod weights;

pub use block::Fire;
pub use config::{SqueezeNetSpec, Step};
pub use model::SqueezeNet;
