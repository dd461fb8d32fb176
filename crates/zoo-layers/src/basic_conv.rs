//! The unit of the Inception networks.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Flow, Node, ops};
use crate::shape::Window;
use crate::{ActivationKind, BatchNorm2d, conv2d, maps};

/// Convolution, batch normalisation (eps 0.001, momentum 0.1), ReLU: torchvision's `BasicConv2d`, under its keys `conv`
/// and `bn`. Of a network from before batch normalisation, convolution with bias and ReLU.
#[derive(Module, Debug)]
pub struct BasicConv2d {
    conv: Conv2d,
    bn: Option<BatchNorm2d>,
}

impl BasicConv2d {
    /// With windows along height and width and PyTorch's default initialisation.
    pub fn new(in_channels: usize, out_channels: usize, windows: [Window; 2], batch_norm: bool, device: &Device) -> Self {
        Self {
            conv: conv2d(in_channels, out_channels, windows, 1, !batch_norm, device),
            bn: batch_norm.then(|| BatchNorm2d::with(out_channels, 1e-3, 0.1, device)),
        }
    }

    /// The same unit, the convolution's weights drawn by `init`.
    #[must_use]
    pub fn init(self, init: impl FnOnce(Conv2d) -> Conv2d) -> Self {
        Self { conv: init(self.conv), ..self }
    }

    /// Number of output channels.
    pub fn out_channels(&self) -> usize {
        self.conv.weight.lazy_shape()[0]
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, height, width]`, smaller as the window says
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match &self.bn {
            Some(bn) => bn.forward_then(maps::conv2d(&self.conv, x), ActivationKind::Relu),
            None => maps::conv2d_then(&self.conv, x, ActivationKind::Relu),
        }
    }
}

impl Describe for BasicConv2d {
    fn describe(&self) -> Node {
        let bn = self.bn.as_ref().map(|bn| ("bn", bn.describe()));
        let modules = 1 + usize::from(bn.is_some());
        let relu = Flow::op("relu", ops::Activation(ActivationKind::Relu));
        Node::tree("BasicConv2d", [("conv", self.conv.describe())].into_iter().chain(bn))
            .with_flow(Flow::Chain((0..modules).map(Flow::Child).chain([relu]).collect()))
    }
}
