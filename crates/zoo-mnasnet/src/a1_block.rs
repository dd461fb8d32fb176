//! A1's repeating units, under timm's keys.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, BatchNorm2d, DepthwiseSeparable, DropPath, DropPathMode, conv2d, kaiming_group_fan_out, maps};

use crate::config::A1Stage;

const RELU: ActivationKind = ActivationKind::Relu;

/// Squeeze-and-excitation with timm's keys.
#[derive(Module, Debug)]
pub struct Gate {
    conv_reduce: Conv2d,
    conv_expand: Conv2d,
}

impl Gate {
    fn new(channels: usize, squeezed: usize, device: &Device) -> Self {
        let conv = |i, o| kaiming_group_fan_out(conv2d(i, o, [Window::POINT; 2], 1, true, device), device);
        Self { conv_reduce: conv(channels, squeezed), conv_expand: conv(squeezed, channels) }
    }

    /// Scales each channel of `[batch, channels, height, width]`; the shape stays.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [x, squeezed] = maps::fork(x);
        let squeezed = maps::conv2d_then(&self.conv_reduce, maps::global_avg_pool2d(squeezed), RELU);
        maps::scale(x, ActivationKind::Sigmoid.forward(maps::conv2d(&self.conv_expand, squeezed)))
    }
}

impl Describe for Gate {
    fn describe(&self) -> Node {
        let children = [
            ("conv_reduce", self.conv_reduce.describe()),
            ("act1", Node::leaf(ops::Activation(RELU))),
            ("conv_expand", self.conv_expand.describe()),
            ("gate", Node::leaf(ops::Activation(ActivationKind::Sigmoid))),
        ];
        let mean = Flow::op("mean", ops::AdaptiveAvgPool2d { output_size: [1, 1], as_int: true });
        let steps = [mean].into_iter().chain((0..4).map(Flow::Child)).collect();
        Node::tree("SqueezeExcite", children).with_flow(Flow::Gate(Box::new(Flow::Chain(steps))))
    }
}

/// Expansion, depthwise convolution, perhaps squeeze-and-excitation, projection without activation; a shortcut where the
/// shape stays (figure 7, MBConv).
#[derive(Module, Debug)]
pub struct GatedResidual {
    conv_pw: Conv2d,
    bn1: BatchNorm2d,
    conv_dw: Conv2d,
    bn2: BatchNorm2d,
    se: Option<Gate>,
    conv_pwl: Conv2d,
    bn3: BatchNorm2d,
    pub(crate) drop_path: DropPath,
    residual: bool,
}

impl GatedResidual {
    /// From `in_channels` to `out_channels`; kernel, expansion and gate are the stage's. `drop_path` is its own rate.
    pub fn new([in_channels, out_channels]: [usize; 2], stride: usize, stage: &A1Stage, drop_path: f64, device: &Device) -> Self {
        let hidden = in_channels * stage.stack.expansion;
        let kernel_size = stage.stack.kernel_size;
        let conv = |i, o, window, groups| kaiming_group_fan_out(conv2d(i, o, [window; 2], groups, false, device), device);
        Self {
            conv_pw: conv(in_channels, hidden, Window::POINT, 1),
            bn1: BatchNorm2d::new(hidden, device),
            conv_dw: conv(hidden, hidden, Window::new(kernel_size).stride(stride).padding(kernel_size / 2), hidden),
            bn2: BatchNorm2d::new(hidden, device),
            se: stage.squeeze_excite.then(|| Gate::new(hidden, in_channels / 4, device)),
            conv_pwl: conv(hidden, out_channels, Window::POINT, 1),
            bn3: BatchNorm2d::new(out_channels, device),
            drop_path: DropPath::new(drop_path, DropPathMode::Row),
            residual: stride == 1 && in_channels == out_channels,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = RELU.forward(self.bn1.forward(self.conv_pw.forward(x.clone())));
        let y = RELU.forward(self.bn2.forward(self.conv_dw.forward(y)));
        let y = match &self.se {
            Some(gate) => gate.forward(y),
            None => y,
        };
        let y = self.bn3.forward(self.conv_pwl.forward(y));
        if self.residual { self.drop_path.forward(y) + x } else { y }
    }
}

impl Describe for GatedResidual {
    fn describe(&self) -> Node {
        let relu = || Flow::op("act", ops::Activation(RELU));
        let mut children = vec![
            ("conv_pw", self.conv_pw.describe()),
            ("bn1", self.bn1.describe()),
            ("conv_dw", self.conv_dw.describe()),
            ("bn2", self.bn2.describe()),
        ];
        children.extend(self.se.as_ref().map(|gate| ("se", gate.describe())));
        let before = children.len();
        children.extend([("conv_pwl", self.conv_pwl.describe()), ("bn3", self.bn3.describe())]);
        let mut branch = vec![Flow::Child(0), Flow::Child(1), relu(), Flow::Child(2), Flow::Child(3), relu()];
        branch.extend((4..before + 2).map(Flow::Child));
        branch.extend(self.drop_path.flow().filter(|_| self.residual));
        let branch = Flow::Chain(branch);
        let flow = if self.residual { Flow::Sum(vec![branch, Flow::Chain(vec![])]) } else { branch };
        Node::tree("InvertedResidual", children).with_flow(flow)
    }
}

/// A block of A1, on maps `[batch, channels, height, width]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the blocks of a model are few
pub enum A1Block {
    /// The first one.
    Separable(DepthwiseSeparable),
    /// All others.
    Residual(GatedResidual),
}

impl A1Block {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Separable(block) => block.forward(x),
            Self::Residual(block) => block.forward(x),
        }
    }
}

impl Describe for A1Block {
    fn describe(&self) -> Node {
        match self {
            Self::Separable(block) => block.describe(),
            Self::Residual(block) => block.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Stack;

    #[test]
    fn the_gate_squeezes_to_a_quarter_of_the_blocks_input() {
        let device = Device::flex();
        let stack = Stack { channels: 8, kernel_size: 3, stride: 1, expansion: 3, repeats: 1 };
        let block = GatedResidual::new([8, 8], 1, &A1Stage { stack, squeeze_excite: true }, 0.0, &device);
        assert_eq!(block.forward(Tensor::ones([2, 8, 4, 3], &device)).dims(), [2, 8, 4, 3]);
        let trace = block.describe().trace([8, 4, 3]).unwrap();
        assert_eq!((trace.output, trace.params), (vec![8, 4, 3], 24 * (8 + 2 + 9 + 2 + 8) + (24 * 2 + 2 + 2 * 24 + 24) + 16));
    }
}
