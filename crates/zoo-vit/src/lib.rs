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
//! # In a program of one's own
//!
//! The head looks at the class token: there is nothing to pool, and `global_pool` is refused. There are no batch norms.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, Features, params::freeze_up_to};
//! use zoo_vit::VisionTransformer;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no head, `forward` gives [batch, 768]
//!     .with_in_channels(1)
//!     .with_image_size([320, 256]) // a multiple of the patch
//!     .with_dropout(0.1)
//!     .with_drop_path(0.1);
//! let mut model = VisionTransformer::build("vit_b_32", &options, &device)?;
//! // torchvision's file for 224x224: the patches' weight is summed over its channels, the embeddings of 7x7 positions are
//! // interpolated to 10x8, the head starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("vit_b_32.pth"))?)?;
//! assert_eq!(report.adapted, ["conv_proj.weight", "encoder.pos_embedding"]);
//!
//! let features = model.forward_features(images.clone()); // of [batch, 1, 320, 256]
//! let Features::Tokens(tokens) = &features else { unreachable!() };
//! assert_eq!(tokens.dims()[1..], [81, 768]); // the class token and 80 patches
//! assert_eq!(model.forward_head(features, true).dims()[1], 768);
//! // encoder.layers.encoder_layer_2, _5, _8 and _11: a quarter of the blocks each.
//! let stages = model.stages([1, 320, 256])?;
//! assert_eq!((stages[3].channels, stages[3].reduction), (768, 32));
//! let maps = model.forward_intermediates(images); // [batch, 768, 10, 8] each, without the class token
//!
//! model.reset_classifier(5, &device); // a fresh `heads.head`
//! let (model, frozen) = freeze_up_to(model, "encoder.layers.encoder_layer_5"); // patches and positions too
//! # Ok(())
//! # }
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
