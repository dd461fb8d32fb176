//! GoogLeNet, the first Inception network (Szegedy et al. 2014, "Going deeper with convolutions",
//! <https://arxiv.org/abs/1409.4842>, table 1 and figure 3), and its successor with batch normalisation (Ioffe and Szegedy
//! 2015, <https://arxiv.org/abs/1502.03167>, figure 5).
//!
//! | name | what | parameters, auxiliary heads included |
//! |---|---|---|
//! | `googlenet` | torchvision's: batch norm, 3x3 in place of 5x5 | 13.0 M |
//! | `googlenet2014` | the paper's: 5x5, local response norm, biases | 13.4 M |
//! | `bn_inception` | two 3x3 in place of 5x5, strided modules, average pooling | 11.3 M |
//!
//! The two forms of the module in figure 2 are blocks of their own: [`NaiveInception`] (2a) and [`Inception`] (2b).
//!
//! - `googlenet` has torchvision's parameter names. Its 5x5 branch has a 3x3 window, batch norm's eps is 0.001, the last
//!   pooling window is 2x2. torchvision feeds its published weights, which Google trained, pictures in `[-1, 1]`
//!   (`transform_input`): normalise with mean and standard deviation 0.5, or use [`GoogLeNet::with_transform_input`].
//! - `googlenet2014` follows the paper: padding that yields its sizes (pooling rounds up), dropout 40 % and 70 %, auxiliary
//!   heads with 5x5 average pooling of stride 3. At pictures for which that does not give the 4x4 map of the paper, the
//!   heads pool adaptively to 4x4. The paper prints no numbers for local response normalisation and the initialisation:
//!   they are those of BVLC's Caffe model (n 5, alpha 1e-4, beta 0.75; uniform in `+-sqrt(3 / fan_in)`, convolutions'
//!   biases 0.2).
//! - `bn_inception` takes the filter numbers of the figure's rows, as the public implementations do. The output sizes
//!   printed beside 4c, 4d and 4e (576, 576, 1024) are not the sums of the rows (608, 608, 1056); the rows hold. Its first
//!   convolution is a plain one as there, where the authors note a separable one. It has no auxiliary heads and, as
//!   section 4.2.1 advises, no dropout.
//!
//! Auxiliary heads run in `forward_train` alone, weight 0.3 each as the paper says. A `dropout` given as option holds for
//! all heads. Initialisation of `googlenet` is torchvision's, normal(0, 0.01) (it cuts at 200 standard deviations), with
//! zero biases; `bn_inception` draws convolutions by Kaiming's rule (fan out), since its paper names none.
//!
//! # In a program of one's own
//!
//! There are no shortcuts to drop: `drop_path` is refused.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_googlenet::GoogLeNet;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: neither `fc` nor auxiliary heads, `forward` gives [batch, 1024]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.4);
//! let mut model = GoogLeNet::build("googlenet", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, `fc`, `aux1.fc2` and `aux2.fc2` start anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("googlenet.pth"))?)?;
//! assert_eq!((report.adapted, report.reinitialised.len()), (vec!["conv1.conv.weight".to_owned()], 6));
//!
//! let (logits, auxiliary) = model.forward_train(images.clone()); // [batch, 10], and two times (0.3, [batch, 10])
//! assert_eq!(auxiliary.len(), 2);
//! let features = model.forward_features(images.clone()); // [batch, 1024, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 1024);
//! // conv1, conv3, inception3b, inception4e, inception5b with 64, 192, 480, 832, 1024 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[3].name.as_str(), stages[3].channels, stages[3].reduction), ("inception4e", 832, 16));
//! let maps = model.forward_intermediates(images); // conv1: [batch, 64, 112, 112]
//!
//! model.reset_classifier(5, &device); // in the auxiliary heads too
//! let (model, frozen) = freeze_up_to(model, "inception3b"); // its batch norms keep their running statistics
//! # Ok(())
//! # }
//! ```

mod aux_head;
mod block;
mod build;
mod config;
mod model;
mod style;
mod weights;

pub use aux_head::{AuxHead, AuxPool};
pub use block::{BranchLayer, Inception, NaiveInception};
pub use config::{GoogLeNetSpec, InceptionSpec, Modules, Pool};
pub use model::GoogLeNet;
pub use style::{FiveByFive, Init, Style};
