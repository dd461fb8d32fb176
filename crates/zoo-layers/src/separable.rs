//! Depthwise separable convolution.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Flow, Node, ops};
use crate::shape::Window;
use crate::{ActivationKind, BatchNorm2d, conv2d, maps};

/// A convolution of each channel on its own, then a 1x1 convolution, each with batch normalisation (Howard et al. 2017,
/// <https://arxiv.org/abs/1704.04861>, section 3.1), under timm's keys.
#[derive(Module, Debug)]
pub struct DepthwiseSeparable {
    conv_dw: Conv2d,
    bn1: BatchNorm2d,
    conv_pw: Conv2d,
    bn2: BatchNorm2d,
    #[module(skip)]
    activations: [Option<ActivationKind>; 2],
}

impl DepthwiseSeparable {
    /// From `in_channels` to `out_channels` with this window; an activation follows each convolution, where there is one.
    /// `init` draws the weights.
    pub fn new(
        [in_channels, out_channels]: [usize; 2],
        window: Window,
        activations: [Option<ActivationKind>; 2],
        init: impl Fn(Conv2d) -> Conv2d,
        device: &Device,
    ) -> Self {
        Self {
            conv_dw: init(conv2d(in_channels, in_channels, [window; 2], in_channels, false, device)),
            bn1: BatchNorm2d::new(in_channels, device),
            conv_pw: init(conv2d(in_channels, out_channels, [Window::POINT; 2], 1, false, device)),
            bn2: BatchNorm2d::new(out_channels, device),
            activations,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [first, second] = self.activations;
        let x = self.bn1.forward_then(maps::conv2d(&self.conv_dw, x), first);
        self.bn2.forward_then(maps::conv2d(&self.conv_pw, x), second)
    }
}

impl Describe for DepthwiseSeparable {
    fn describe(&self) -> Node {
        let [first, second] = self.activations.map(|kind| kind.map(|kind| Flow::op("act", ops::Activation(kind))));
        let flow =
            [vec![Flow::Child(0), Flow::Child(1)], Vec::from_iter(first), vec![Flow::Child(2), Flow::Child(3)], Vec::from_iter(second)];
        Node::tree(
            "DepthwiseSeparableConv",
            [
                ("conv_dw", self.conv_dw.describe()),
                ("bn1", self.bn1.describe()),
                ("conv_pw", self.conv_pw.describe()),
                ("bn2", self.bn2.describe()),
            ],
        )
        .with_flow(Flow::Chain(flow.concat()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_description_says_what_forward_does() {
        let device = Device::flex();
        let window = Window::new(3).stride(2).padding(1);
        let block = DepthwiseSeparable::new([4, 6], window, [Some(ActivationKind::Relu6), None], |conv| conv, &device);
        assert_eq!(block.forward(Tensor::ones([2, 4, 7, 5], &device)).dims(), [2, 6, 4, 3]);
        let trace = block.describe().trace([4, 7, 5]).unwrap();
        assert_eq!((trace.output, trace.params, trace.layers.len()), (vec![6, 4, 3], 4 * 9 + 8 + 24 + 12, 5));
    }
}
