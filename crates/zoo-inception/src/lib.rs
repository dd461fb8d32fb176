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
//! # In a program of one's own
//!
//! There are no shortcuts to drop: `drop_path` is refused. Freezing up to a module after `Mixed_6e` freezes the auxiliary head
//! as well, whose input is then frozen.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_inception::InceptionV3;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: neither `fc` nor the auxiliary head, `forward` gives [batch, 2048]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.4);
//! let mut model = InceptionV3::build("inception_v3", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, `fc` and `AuxLogits.fc` start anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("inception_v3.pth"))?)?;
//! assert_eq!((report.adapted, report.reinitialised.len()), (vec!["Conv2d_1a_3x3.conv.weight".to_owned()], 4));
//!
//! let (logits, auxiliary) = model.forward_train(images.clone()); // [batch, 10], and (0.3, [batch, 10])
//! assert_eq!(auxiliary.len(), 1);
//! let features = model.forward_features(images.clone()); // [batch, 2048, 8, 8] of [batch, 1, 299, 299]
//! assert_eq!(model.forward_head(features, true).dims()[1], 2048);
//! // Conv2d_2b_3x3, Conv2d_4a_3x3, Mixed_5d, Mixed_6e, Mixed_7c with 64, 192, 288, 768, 2048 channels.
//! let stages = model.stages([1, 299, 299])?;
//! assert_eq!((stages[4].name.as_str(), stages[4].channels, stages[4].reduction), ("Mixed_7c", 2048, 32));
//! let maps = model.forward_intermediates(images); // the first is [batch, 64, 147, 147]
//!
//! model.reset_classifier(5, &device); // in the auxiliary head too
//! let (model, frozen) = freeze_up_to(model, "Mixed_5d"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
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
