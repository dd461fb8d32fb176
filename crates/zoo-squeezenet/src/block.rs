//! The Fire module.

use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, conv2d, maps};

/// A convolution with bias that begins uniform in `+-sqrt(6 / fan_in)`, torchvision's `kaiming_uniform_`, and a bias of
/// zero.
pub(crate) fn conv(in_channels: usize, out_channels: usize, window: Window, device: &Device) -> Conv2d {
    let mut conv = conv2d(in_channels, out_channels, [window; 2], 1, true, device);
    let size = window.kernel_size;
    let bound = (6.0 / (in_channels * size * size) as f64).sqrt();
    conv.weight = Initializer::Uniform { min: -bound, max: bound }.init([out_channels, in_channels, size, size], device);
    conv.bias = Some(Initializer::Zeros.init([out_channels], device));
    conv
}

/// A 1x1 convolution to few channels, then a 1x1 and a 3x3 convolution of these side by side (section 3.2, figure 1); a
/// ReLU follows each.
#[derive(Module, Debug)]
pub struct Fire {
    squeeze: Conv2d,
    expand1x1: Conv2d,
    expand3x3: Conv2d,
}

impl Fire {
    pub(crate) fn new(in_channels: usize, squeeze: usize, expand1x1: usize, expand3x3: usize, device: &Device) -> Self {
        Self {
            squeeze: conv(in_channels, squeeze, Window::POINT, device),
            expand1x1: conv(squeeze, expand1x1, Window::POINT, device),
            expand3x3: conv(squeeze, expand3x3, Window::new(3).padding(1), device),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, expand1x1 + expand3x3, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [narrow, wide] = maps::fork(maps::conv2d_then(&self.squeeze, x, ActivationKind::Relu));
        // Joining before the ReLU is the same, in one pass.
        ActivationKind::Relu.forward(maps::cat(vec![maps::conv2d(&self.expand1x1, narrow), maps::conv2d(&self.expand3x3, wide)]))
    }
}

impl Describe for Fire {
    fn describe(&self) -> Node {
        let relu = || Node::leaf(ops::Activation(ActivationKind::Relu));
        let children = [
            ("squeeze", self.squeeze.describe()),
            ("squeeze_activation", relu()),
            ("expand1x1", self.expand1x1.describe()),
            ("expand1x1_activation", relu()),
            ("expand3x3", self.expand3x3.describe()),
            ("expand3x3_activation", relu()),
        ];
        let branch = |first| Flow::Chain(vec![Flow::Child(first), Flow::Child(first + 1)]);
        Node::tree("Fire", children).with_flow(Flow::Chain(vec![branch(0), Flow::Concat(vec![branch(2), branch(4)])]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn squeezes_and_joins_both_expansions() {
        let device = Device::flex();
        let fire = Fire::new(96, 16, 64, 32, &device);
        assert_eq!(fire.forward(Tensor::ones([2, 96, 5, 7], &device)).dims(), [2, 96, 5, 7]);
        assert_eq!(fire.describe().trace([96, 5, 7]).unwrap().output, [96, 5, 7]);
        assert_eq!(fire.describe().params(), (96 + 1) * 16 + (16 + 1) * 64 + (16 * 9 + 1) * 32);
    }
}
