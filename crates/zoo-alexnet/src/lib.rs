//! AlexNet: torchvision's network of one tower (`alexnet`; Krizhevsky 2014, "One weird trick for parallelizing
//! convolutional neural networks", <https://arxiv.org/abs/1404.5997>) and that of 2012 (`alexnet2012`; Krizhevsky,
//! Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", section 3.5: two groups,
//! local response normalisation, overlapping pooling; 60,965,224 parameters, 227x227 input).
//!
//! `alexnet` pools adaptively to 6x6 and takes pictures of at least 63x63; the fully connected layers of `alexnet2012`
//! are made for one size, 227x227 or `BuildOptions::image_size`. Initialisation: PyTorch's default as in torchvision;
//! for 2012 the paper's section 5, normal(0, 0.01) and biases of 1 in convolutions 2, 4, 5 and the hidden layers.
//!
//! # In a program of one's own
//!
//! The head begins with a fully connected layer on 6x6 places, so that there is no other global pooling to choose, and there
//! are no shortcuts to drop: `global_pool` and `drop_path` are refused. There are no batch norms.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_alexnet::AlexNet;
//! use zoo_core::{BuildOptions, Classifier, Family, params::freeze_up_to};
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no last layer, `forward` gives [batch, 4096]
//!     .with_in_channels(1)
//!     .with_dropout(0.2);
//! let mut model = AlexNet::build("alexnet", &options, &device)?;
//! // torchvision's file: the first convolution is summed over its channels, the last layer starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("alexnet.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 256, 6, 6] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 4096);
//! // features.1, .4, .11 and .12: the last map of each size, with 64, 192, 256, 256 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("features.11", 256, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 64, 55, 55]
//!
//! model.reset_classifier(5, &device); // a fresh `classifier.6`
//! let (model, frozen) = freeze_up_to(model, "features.11"); // all five convolutions
//! // The paper's network is made for one size: 227x227, or another.
//! let small = AlexNet::build("alexnet2012", &BuildOptions::default().with_image_size([127, 127]), &device)?;
//! # Ok(())
//! # }
//! ```

mod config;
mod model;
mod weights;

pub use config::{AlexNetSpec, Conv};
pub use model::AlexNet;
