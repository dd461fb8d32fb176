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
//! ```ignore
//! use zoo_core::{BuildOptions, Classifier, Family};
//! let model = zoo_swin::SwinTransformer::build("swin_t", &BuildOptions::default().with_num_classes(10), &device)?;
//! let logits = model.forward(images); // [batch, 10]
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
