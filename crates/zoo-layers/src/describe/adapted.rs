//! Operations under another name, at one input size alone, or on a map in place of tokens: for transformers, which run
//! the same layers on `[tokens, channels]`, `[height, width, channels]` and in windows.

use std::sync::Arc;

use super::{Node, Operation, Reach};
use crate::shape::{ShapeError, Window};

/// An operation, adapted.
#[derive(Debug, Clone)]
struct Adapted {
    op: Arc<dyn Operation>,
    name: Option<&'static str>,
    only: Option<[usize; 2]>,
    /// On the channels of a map that is padded to a multiple of this, where the operation works on the last axis.
    map: Option<usize>,
}

/// An operation without parameters that leaves the described shape: `Identity`, or `Permute`, since the description holds
/// to `[channels, height, width]` whatever order `forward` works in.
#[derive(Debug, Clone)]
pub struct Unchanged(pub &'static str);

impl Node {
    fn adapted(self, change: impl Fn(Adapted) -> Adapted + Copy) -> Self {
        match self {
            Self::Leaf(op) => Self::leaf(change(Adapted { op, name: None, only: None, map: None })),
            Self::Tree { kind, children, flow } => {
                Self::Tree { kind, children: children.into_iter().map(|(name, child)| (name, child.adapted(change))).collect(), flow }
            }
        }
    }

    /// The same operation under the name that PyTorch gives a subclass.
    #[must_use]
    pub fn renamed(self, name: &'static str) -> Self {
        self.adapted(|op| Adapted { name: Some(name), ..op })
    }

    /// The same operation on a map, which takes maps of this `[height, width]` alone.
    #[must_use]
    pub fn only_for(self, size: [usize; 2]) -> Self {
        self.adapted(|op| Adapted { only: Some(size), ..op })
    }

    /// The same operations, all of which work on the last axis, as operations on the channels of a map
    /// `[channels, height, width]` that `forward` pads to a multiple of `window` (1 for no padding) and cuts again.
    #[must_use]
    pub fn on_map(self, window: usize) -> Self {
        self.adapted(|op| Adapted { map: Some(window.max(1)), ..op })
    }
}

/// `[channels, height, width]` as `[height, width, channels]`, padded to a multiple of the window.
fn channels_last(shape: &[usize], window: usize) -> Vec<usize> {
    shape.iter().skip(1).map(|side| side.next_multiple_of(window)).chain(shape.first().copied()).collect()
}

impl Operation for Adapted {
    fn name(&self) -> &'static str {
        self.name.unwrap_or_else(|| self.op.name())
    }
    fn torch_args(&self) -> String {
        self.op.torch_args()
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        if let (Some(expected), [_, height, width]) = (self.only, input)
            && expected != [*height, *width]
        {
            return Err(ShapeError::FixedSize { expected, actual: [*height, *width] });
        }
        if self.map.is_none() {
            return self.op.output(input);
        }
        let output = self.op.output(&channels_last(input, 1))?;
        let (channels, places) = output.split_last().unwrap_or((&0, &[]));
        Ok([&[*channels], places].concat())
    }
    fn params(&self) -> usize {
        self.op.params()
    }
    fn macs(&self, input: &[usize], output: &[usize]) -> u64 {
        match self.map {
            Some(window) => self.op.macs(&channels_last(input, window), &channels_last(output, window)),
            None => self.op.macs(input, output),
        }
    }
    fn is_product(&self) -> bool {
        self.op.is_product()
    }
    fn reach(&self) -> Reach {
        self.op.reach()
    }
    fn windows(&self, input: &[usize]) -> [Window; 2] {
        self.op.windows(input)
    }
}

impl Operation for Unchanged {
    fn name(&self) -> &'static str {
        self.0
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::super::ops;
    use super::*;

    fn linear() -> Node {
        Node::leaf(ops::Linear { in_features: 3, out_features: 5, bias: false })
    }

    #[test]
    fn a_layer_on_a_map_counts_the_padding() {
        let trace = linear().on_map(7).trace([3, 8, 14]).unwrap();
        assert_eq!((trace.output, trace.macs), (vec![5, 8, 14], 14 * 14 * 15));
        assert_eq!(linear().renamed("Other").to_torch(), "Other(in_features=3, out_features=5, bias=False)");
    }

    #[test]
    fn another_size_is_an_error_that_says_which() {
        let node = Node::tree("Net", [("proj", linear().on_map(1))]);
        let node = Node::tree("Outer", [("net", node), ("rest", Node::leaf(Unchanged("Identity")).only_for([4, 4]))]);
        assert_eq!(node.trace([3, 4, 4]).unwrap().output, [5, 4, 4]);
        match node.trace([3, 4, 5]) {
            Err(ShapeError::At { path, cause }) => {
                assert_eq!((path.as_str(), *cause), ("rest", ShapeError::FixedSize { expected: [4, 4], actual: [4, 5] }));
            }
            other => panic!("{other:?}"),
        }
    }
}
