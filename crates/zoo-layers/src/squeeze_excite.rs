//! Squeeze-and-excitation.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Flow, Node, ops};
use crate::{ActivationKind, PrintedAs, maps};

/// Squeeze-and-excitation (Hu et al. 2018, <https://arxiv.org/abs/1709.01507>), with torchvision's keys `fc1` and `fc2`:
/// global average, 1x1 convolution, activation, 1x1 convolution, gate, and the input scaled by it.
#[derive(Module, Debug)]
pub struct SqueezeExcite {
    fc1: Conv2d,
    fc2: Conv2d,
    #[module(skip)]
    activation: ActivationKind,
    #[module(skip)]
    gate: ActivationKind,
}

impl SqueezeExcite {
    /// For `channels`, squeezed to `squeeze_channels`; `gate` is the sigmoid of the paper or MobileNetV3's hard one.
    pub fn new(channels: usize, squeeze_channels: usize, activation: ActivationKind, gate: ActivationKind, device: &Device) -> Self {
        Self {
            fc1: Conv2dConfig::new([channels, squeeze_channels], [1, 1]).init(device),
            fc2: Conv2dConfig::new([squeeze_channels, channels], [1, 1]).init(device),
            activation,
            gate,
        }
    }

    /// The same block with its convolutions drawn by `init`.
    #[must_use]
    pub fn drawn_by(self, init: impl Fn(Conv2d) -> Conv2d) -> Self {
        Self { fc1: init(self.fc1), fc2: init(self.fc2), ..self }
    }

    /// Scales each channel of `[batch, channels, height, width]`; the shape stays.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [x, squeezed] = maps::fork(x);
        let squeezed = maps::global_avg_pool2d(squeezed);
        let excited = maps::conv2d(&self.fc2, maps::conv2d_then(&self.fc1, squeezed, self.activation));
        maps::scale(x, self.gate.forward(excited))
    }
}

impl Describe for SqueezeExcite {
    fn describe(&self) -> Node {
        // torchvision's ReLU does not work in place here.
        let activation = match self.activation {
            ActivationKind::Relu => Node::leaf(PrintedAs { operation: ops::Activation(ActivationKind::Relu), args: String::new() }),
            other => Node::leaf(ops::Activation(other)),
        };
        Node::tree(
            "SqueezeExcitation",
            [
                ("avgpool", Node::leaf(ops::AdaptiveAvgPool2d { output_size: [1, 1], as_int: true })),
                ("fc1", self.fc1.describe()),
                ("fc2", self.fc2.describe()),
                ("activation", activation),
                ("scale_activation", Node::leaf(ops::Activation(self.gate))),
            ],
        )
        .with_flow(Flow::Gate(Box::new(Flow::Chain([0, 1, 3, 2, 4].map(Flow::Child).to_vec()))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scales_each_channel_by_one_number() {
        let device = Device::flex();
        let block = SqueezeExcite::new(6, 2, ActivationKind::Relu, ActivationKind::Sigmoid, &device);
        let x = Tensor::<4>::random([2, 6, 3, 3], burn::tensor::Distribution::Uniform(0.5, 1.5), &device);
        let ratio = (block.forward(x.clone()) / x).into_data().try_to_vec::<f32>().unwrap();
        assert!(ratio.chunks(9).all(|c| c.iter().all(|r| (r - c[0]).abs() < 1e-6 && *r > 0.0 && *r < 1.0)));
        assert_eq!(block.describe().params(), 6 * 2 + 2 + 2 * 6 + 6);
        assert_eq!(block.describe().trace([6, 3, 3]).unwrap().output, [6, 3, 3]);
    }
}
