//! Vision Transformer (Dosovitskiy et al. 2021, "An image is worth 16x16 words", <https://arxiv.org/abs/2010.11929>, table 1)
//! as torchvision has it and under its parameter names: patches become tokens, a class token is put before them, position
//! embeddings are added, and a stack of attention and MLP blocks follows.
//!
//! | variant  | patch | blocks | channels | MLP  | heads |
//! |----------|-------|--------|----------|------|-------|
//! | vit_b_16 | 16    | 12     | 768      | 3072 | 12    |
//! | vit_b_32 | 32    | 12     | 768      | 3072 | 12    |
//! | vit_l_16 | 16    | 24     | 1024     | 4096 | 16    |
//! | vit_l_32 | 32    | 24     | 1024     | 4096 | 16    |
//! | vit_h_14 | 14    | 32     | 1280     | 5120 | 16    |
//!
//! The position embeddings are made for one picture size, [`BuildOptions::image_size`](zoo_core::BuildOptions), which must be a
//! multiple of the patch and may be oblong; embeddings of a file for another, square size are interpolated, as torchvision's
//! `interpolate_embeddings` does. Dropout is 0 by default as in torchvision (the paper has 0.1 for training from scratch on
//! ImageNet); stochastic depth, which torchvision's model has not, can be switched on.
//!
//! Initialisation is torchvision's: normal(0, 1/sqrt(fan in)) for the patches, normal(0, 0.02) for the positions, Xavier
//! uniform for the joint weight of queries, keys and values and for the MLPs, zero for the class token and the head. (torchvision
//! cuts its normal draws at 2, which is fifty standard deviations and more: nothing is cut here.)
//!
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_vit::VisionTransformer::build("vit_b_16", &BuildOptions::default().with_image_size([384, 384]), &device)?;
//! let logits = model.forward(images); // [batch, 1000]
//! ```

mod block;
mod config;
mod describe;
mod interpolate;
mod keys;
mod model;
mod weights;

pub use config::VitSpec;
pub use model::VisionTransformer;
