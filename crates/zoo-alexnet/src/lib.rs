//! AlexNet: torchvision's network of one tower (`alexnet`; Krizhevsky 2014, "One weird trick for parallelizing
//! convolutional neural networks", <https://arxiv.org/abs/1404.5997>) and that of 2012 (`alexnet2012`; Krizhevsky,
//! Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", section 3.5: two groups,
//! local response normalisation, overlapping pooling; 60,965,224 parameters, 227x227 input).
//!
//! `alexnet` pools adaptively to 6x6 and takes pictures of at least 63x63; the fully connected layers of `alexnet2012`
//! are made for one size, 227x227 or `BuildOptions::image_size`. Initialisation: PyTorch's default as in torchvision;
//! for 2012 the paper's section 5, normal(0, 0.01) and biases of 1 in convolutions 2, 4, 5 and the hidden layers.

mod config;
mod model;
mod weights;

pub use config::{AlexNetSpec, Conv};
pub use model::AlexNet;
