//! JPEG beyond what the image decoder offers: whether a file is complete, and decoding a part of a picture.
//!
//! A random resized crop needs half of a picture on average. [`Frame::decode`] computes no other pixels, stops reading behind
//! the last one, and makes a smaller picture at once where the crop is to be reduced anyway. It reads the files that data sets
//! are made of (baseline, Huffman, 8 bits, grey or YCbCr in 4:4:4, 4:2:2 or 4:2:0); for all others the caller decodes the
//! whole picture. At full size its pixels are those of libjpeg-turbo to the last bit, by the same integer arithmetic.

mod bits;
mod block;
mod color;
mod frame;
mod huffman;
mod idct;
mod marker;
mod planes;

pub(crate) use color::rgb_in_place;
pub(crate) use frame::Frame;
pub(crate) use marker::is_complete;
pub(crate) use planes::{Area, Component, Decoded};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
