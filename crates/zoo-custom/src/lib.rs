//! A network of your own: a stack of convolution, normalisation, activation and pooling blocks, and a fully connected
//! head, from a TOML file. `custom` without a definition is the lecture's own CNN, whose text is [`LECTURE_CNN`].
//!
//! ```toml
//! [[blocks]]
//! out_channels = 32        # convolution; kernel_size = 3, stride = 1, dilation = 1, groups = 1, padding = "same"
//! norm = "batch"           # or "lrn"; none if left out
//! activation = "relu"      # the default; "none" for none
//! pool = { kind = "max", kernel_size = 2 }   # stride = kernel_size; none if left out
//!
//! [head]
//! pool = 1                 # adaptive average pooling to 1x1; without it the head is made for one picture size
//! hidden = [128]
//! dropout = 0.5
//! ```

mod definition;
mod model;

pub use definition::{Activated, Block, Definition, Head, LECTURE_CNN, Padding, Pool, PoolKind};
pub use model::Custom;
