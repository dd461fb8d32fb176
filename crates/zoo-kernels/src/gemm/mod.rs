//! The product behind convolutions and dense layers: rows found through pointers, times a packed matrix.

mod block;
mod outer;
mod pack;
mod product;
mod source;
mod tile;

pub(crate) use block::{Block, Residual, Sizes, split};
pub(crate) use outer::Outer;
pub(crate) use pack::{Layout, Packed, Panel};
pub(crate) use product::Product;
pub(crate) use source::{Order, pieces};
