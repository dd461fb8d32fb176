//! The product behind convolutions and dense layers: rows found through pointers, times a packed matrix.

mod block;
mod pack;
mod tile;

pub(crate) use block::{Block, Residual, Sizes, split};
pub(crate) use pack::{Layout, Packed};
