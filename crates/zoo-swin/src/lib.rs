//! Swin Transformer (Liu et al. 2021, "Hierarchical vision transformer using shifted windows",
//! <https://arxiv.org/abs/2103.14030>, section 3.3) and its second version (Liu et al. 2022, "Scaling up capacity and
//! resolution", <https://arxiv.org/abs/2111.09883>, section 3), as torchvision has them and under its parameter names.
//!
//! | variant   | version | window | channels | blocks       | heads          | drop path |
//! |-----------|---------|--------|----------|--------------|----------------|-----------|
//! | swin_t    | 1       | 7      | 96       | 2, 2, 6, 2   | 3, 6, 12, 24   | 0.2       |
//! | swin_s    | 1       | 7      | 96       | 2, 2, 18, 2  | 3, 6, 12, 24   | 0.3       |
//! | swin_b    | 1       | 7      | 128      | 2, 2, 18, 2  | 4, 8, 16, 32   | 0.5       |
//! | swin_v2_t | 2       | 8      | 96       | 2, 2, 6, 2   | 3, 6, 12, 24   | 0.2       |
//! | swin_v2_s | 2       | 8      | 96       | 2, 2, 18, 2  | 3, 6, 12, 24   | 0.3       |
//! | swin_v2_b | 2       | 8      | 128      | 2, 2, 18, 2  | 4, 8, 16, 32   | 0.5       |
//!
//! Every picture of at least 4x4 pixels passes: maps are padded to whole windows and to even sizes before merging, as in
//! torchvision. The second version normalises after each branch in place of before it, compares queries and keys by their
//! angle, and computes its position bias with a small network.
//!
//! Of the files' buffers, `relative_position_index` follows from the window and is written for PyTorch's sake alone;
//! `relative_coords_table` (version 2) is read and written.
//!
//! Initialisation is torchvision's: normal(0, 0.02) for all fully connected layers and for the position table of version 1
//! (torchvision cuts these at 2, a hundred standard deviations; nothing is cut here), zero biases, PyTorch's default for
//! the patch embedding. Receptive fields in summaries count a window of attention as one of its size, wherever it lies.
//!
//! # In a program of one's own
//!
//! No weight depends on the pictures' size: a map is padded to whole windows, and the position biases are those of a window.
//! There are no batch norms.
//!
//! ```no_run
//! # use burn::tensor::{Device, Tensor};
//! # fn example(device: &Device, images: Tensor<4>) -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use zoo_core::{BuildOptions, Classifier, Family, GlobalPoolKind, params::freeze_up_to};
//! use zoo_swin::SwinTransformer;
//! use zoo_weights::{WeightsFile, load};
//!
//! // Less is kept for the backward pass; all of one training must be on such a device.
//! let device = device.clone().autodiff().gradient_checkpointing();
//! let options = BuildOptions::default()
//!     .with_num_classes(10) // 0: no `head`, `forward` gives [batch, 768]
//!     .with_in_channels(1)
//!     .with_global_pool(GlobalPoolKind::Max)
//!     .with_dropout(0.1)
//!     .with_drop_path(0.1);
//! let mut model = SwinTransformer::build("swin_t", &options, &device)?;
//! // torchvision's file: the patches' weight is summed over its channels, `head` starts anew.
//! let report = load(&mut model, &WeightsFile::read(Path::new("swin_t.pth"))?)?;
//! assert_eq!(report.adapted, ["features.0.0.weight"]);
//!
//! let features = model.forward_features(images.clone()); // [batch, 768, 7, 7] of [batch, 1, 224, 224]
//! assert_eq!(model.forward_head(features, true).dims()[1], 768);
//! // features.1, .3, .5 and .7 with 96, 192, 384, 768 channels.
//! let stages = model.stages([1, 224, 224])?;
//! assert_eq!((stages[2].name.as_str(), stages[2].channels, stages[2].reduction), ("features.5", 384, 16));
//! let maps = model.forward_intermediates(images); // the first is [batch, 96, 56, 56]
//!
//! model.reset_classifier(5, &device); // a fresh `head`
//! let (model, frozen) = freeze_up_to(model, "features.3");
//! # Ok(())
//! # }
//! ```

mod attention;
mod block;
mod config;
mod describe;
mod model;
mod position;
mod weights;

pub use config::{SwinSpec, Version};
pub use model::SwinTransformer;
