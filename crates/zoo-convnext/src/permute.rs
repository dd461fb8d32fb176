//! Layers without parameters that torchvision counts among the entries of a `Sequential`.

use burn::module::Module;
use burn::tensor::Tensor;
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Operation, ops};
use zoo_layers::shape::ShapeError;

/// Reorders the axes of a batch of maps.
#[derive(Module, Debug)]
pub struct Permute {
    dims: [usize; 4],
}

impl Permute {
    /// `[batch, channels, height, width]` to `[batch, height, width, channels]`.
    pub const TO_CHANNELS_LAST: Self = Self { dims: [0, 2, 3, 1] };

    /// `[batch, height, width, channels]` to `[batch, channels, height, width]`.
    pub const TO_CHANNELS_FIRST: Self = Self { dims: [0, 3, 1, 2] };

    /// Reorders the axes.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        x.permute(self.dims)
    }
}

/// [`Permute`] on a shape without the batch.
#[derive(Debug, Clone)]
struct PermuteAxes([usize; 4]);

impl Operation for PermuteAxes {
    fn name(&self) -> &'static str {
        "Permute"
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let mismatch = || ShapeError::Mismatch { layer: "Permute", expected: 3, actual: input.len(), unit: "axes" };
        self.0[1..].iter().map(|axis| input.get(axis - 1).copied().ok_or_else(mismatch)).collect()
    }
}

impl Describe for Permute {
    fn describe(&self) -> Node {
        Node::leaf(PermuteAxes(self.dims))
    }
}

/// Flattening, which [`GlobalPool`](zoo_layers::GlobalPool) has done already: here it only takes its place in the head.
#[derive(Module, Debug)]
pub struct Flatten;

impl Describe for Flatten {
    fn describe(&self) -> Node {
        Node::leaf(ops::Flatten)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn there_and_back() {
        let x = Tensor::<4>::zeros([2, 3, 4, 5], &burn::tensor::Device::flex());
        let last = Permute::TO_CHANNELS_LAST.forward(x);
        assert_eq!(last.dims(), [2, 4, 5, 3]);
        assert_eq!(Permute::TO_CHANNELS_LAST.describe().trace([3, 4, 5]).unwrap().output, [4, 5, 3]);
        assert_eq!(Permute::TO_CHANNELS_FIRST.forward(last).dims(), [2, 3, 4, 5]);
        assert_eq!(Permute::TO_CHANNELS_FIRST.describe().trace([4, 5, 3]).unwrap().output, [3, 4, 5]);
    }
}
