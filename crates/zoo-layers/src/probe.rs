//! The smallest picture that a model can take.

use crate::describe::Node;

/// What inputs a model can take, found by trying sizes on its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Smallest {
    /// Side in pixels of the smallest square picture.
    pub size: usize,
    /// Whether it is the only size (a fully connected layer fixes it).
    pub only: bool,
}

/// The smallest square picture that passes through a model with `in_channels` input channels, or `None` if none of up
/// to 2048 pixels does.
pub fn smallest_input(node: &Node, in_channels: usize) -> Option<Smallest> {
    let fits = |size: usize| node.trace([in_channels, size, size]).is_ok();
    let size = (1..=2048).find(|&size| fits(size))?;
    // A model with pooling to a fixed size takes every larger picture; one without takes this one and, through rounding
    // in a strided layer, perhaps a few neighbours.
    Some(Smallest { size, only: !fits(2 * size) && !fits(2 * size + 1) })
}
