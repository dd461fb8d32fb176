//! Inception v3 (Szegedy et al. 2015, "Rethinking the Inception architecture for computer vision",
//! <https://arxiv.org/abs/1512.00567>, table 1), as torchvision has it and under its parameter names.
//!
//! | name | parameters, auxiliary head included | input |
//! |---|---|---|
//! | `inception_v3` | 27.2 M | 299x299 |
//!
//! From the paper's table it deviates as torchvision does, which follows the network that Google published: 1x1 and 3x3
//! convolutions instead of two 3x3 before the modules, four modules of 17x17, two of 8x8. Batch norm's eps is 0.001.
//!
//! Its modules are blocks of their own: [`InceptionA`] (figure 5), [`InceptionB`] and [`InceptionD`] (figure 10, the maps
//! become smaller), [`InceptionC`] (figure 6), [`InceptionE`] (figure 7).
//!
//! The auxiliary head runs in `forward_train` alone, with a weight of 0.3 in the loss: GoogLeNet's, which this paper does
//! not change (PyTorch's tutorial takes 0.4). It needs maps of 17 pixels, which pictures of 299 give; of smaller pictures
//! (those of about 299 pixels and less) it is left out, where torchvision would fail.
//!
//! Initialisation is torchvision's: normal(0, 0.1), and 0.001 for the auxiliary head's last layer. (It cuts the normal at
//! +-2, that is at 20 standard deviations; and the 0.01 that it means for the head's second convolution never reaches it.)
//! Fully connected layers' biases begin at zero. torchvision feeds its published weights, which Google trained, pictures in
//! `[-1, 1]` (`transform_input`): normalise with mean and standard deviation 0.5, or use
//! [`InceptionV3::with_transform_input`].
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_inception::InceptionV3::build("inception_v3", &BuildOptions::default().with_num_classes(10), &device)?;
//! let (logits, auxiliary) = model.forward_train(images); // [batch, 10], and (0.3, [batch, 10])
//! ```

mod aux_head;
mod block;
mod build;
mod config;
mod mixed;
mod model;
mod weights;

pub use aux_head::InceptionAux;
pub use block::{InceptionA, InceptionB, InceptionC, InceptionD, InceptionE};
pub use config::InceptionSpec;
pub use model::InceptionV3;
