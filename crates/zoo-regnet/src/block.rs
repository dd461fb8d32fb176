//! The repeating unit.

use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, ConvNormAct, DropPath, DropPathMode, Layer, SqueezeExcite, forward_layers, init, maps};

/// 1x1, 3x3 and 1x1 convolutions, the second one in groups and, in RegNetY, followed by squeeze-and-excitation. There is no
/// bottleneck: all have the same width (Radosavovic et al. 2020, section 4, b = 1).
#[derive(Module, Debug)]
struct BottleneckTransform {
    a: Vec<Layer>,
    b: Vec<Layer>,
    se: Option<SqueezeExcite>,
    c: Vec<Layer>,
}

/// A transformation, the input (projected where the shape changes) added, and ReLU (figure 4).
#[derive(Module, Debug)]
pub struct ResBottleneckBlock {
    proj: Option<Vec<Layer>>,
    f: BottleneckTransform,
    pub(crate) drop_path: DropPath,
}

/// What a block is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockSpec {
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) stride: usize,
    /// Channels of each group, a divisor of `out_channels`.
    pub(crate) group_width: usize,
    /// Channels within squeeze-and-excitation, as a fraction of `in_channels`.
    pub(crate) se_ratio: Option<f64>,
    /// The block's own rate of stochastic depth.
    pub(crate) drop_path: f64,
}

/// Convolution and batch norm, with ReLU or without.
fn conv(in_channels: usize, out_channels: usize, window: Window, groups: usize, relu: bool, device: &Device) -> Vec<Layer> {
    let activation = relu.then_some(ActivationKind::Relu);
    let conv = ConvNormAct { groups, activation, ..ConvNormAct::batch_norm(in_channels, out_channels, window) };
    conv.layers(|conv| init::kaiming_fan_out(conv, device), device)
}

/// As [`init::kaiming_fan_out`], but the bias stays as PyTorch draws it: torchvision's RegNet leaves it alone.
fn kaiming_weight(mut conv: Conv2d, device: &Device) -> Conv2d {
    let shape: [usize; 4] = conv.weight.lazy_shape().dims();
    let fan_out = (shape[0] * shape[2] * shape[3]) as f64;
    conv.weight = Initializer::Normal { mean: 0.0, std: (2.0 / fan_out).sqrt() }.init(shape, device);
    conv
}

impl ResBottleneckBlock {
    pub(crate) fn new(spec: BlockSpec, device: &Device) -> Self {
        let BlockSpec { in_channels, out_channels, stride, group_width, se_ratio, drop_path } = spec;
        let projects = in_channels != out_channels || stride != 1;
        let groups = out_channels / group_width;
        let se = |ratio: f64| {
            let squeezed = (ratio * in_channels as f64).round_ties_even() as usize;
            let block = SqueezeExcite::new(out_channels, squeezed, ActivationKind::Relu, ActivationKind::Sigmoid, device);
            block.drawn_by(|conv| kaiming_weight(conv, device))
        };
        Self {
            proj: projects.then(|| conv(in_channels, out_channels, Window::POINT.stride(stride), 1, false, device)),
            f: BottleneckTransform {
                a: conv(in_channels, out_channels, Window::POINT, 1, true, device),
                b: conv(out_channels, out_channels, Window::new(3).stride(stride).padding(1), groups, true, device),
                se: se_ratio.map(se),
                c: conv(out_channels, out_channels, Window::POINT, 1, false, device),
            },
            drop_path: DropPath::new(drop_path, DropPathMode::Row),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, height / stride, width / stride]`, rounded up
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [x, shortcut] = maps::fork(x);
        let shortcut = match &self.proj {
            Some(proj) => forward_layers(proj, shortcut),
            None => shortcut,
        };
        maps::add(shortcut, self.drop_path.forward(self.f.forward(x)), ActivationKind::Relu)
    }
}

impl BottleneckTransform {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = forward_layers(&self.b, forward_layers(&self.a, x));
        let x = match &self.se {
            Some(se) => se.forward(x),
            None => x,
        };
        forward_layers(&self.c, x)
    }
}

/// torchvision's name for a convolution with what follows it.
fn conv_norm_activation(layers: &[Layer]) -> Node {
    Node::sequential(layers.iter().map(Describe::describe)).named("Conv2dNormActivation")
}

impl Describe for BottleneckTransform {
    fn describe(&self) -> Node {
        let before = [("a", conv_norm_activation(&self.a)), ("b", conv_norm_activation(&self.b))];
        let se = self.se.as_ref().map(|se| ("se", se.describe()));
        let after = [("c", conv_norm_activation(&self.c))];
        Node::tree("BottleneckTransform", before.into_iter().chain(se).chain(after))
    }
}

impl Describe for ResBottleneckBlock {
    fn describe(&self) -> Node {
        let proj = self.proj.as_ref().map(|proj| ("proj", conv_norm_activation(proj)));
        let (shortcut, f) = if proj.is_some() { (Flow::Child(0), 1) } else { (Flow::Chain(vec![]), 0) };
        let rest = [("f", self.f.describe()), ("activation", Node::leaf(ops::Activation(ActivationKind::Relu)))];
        let branch = Flow::Chain([Flow::Child(f)].into_iter().chain(self.drop_path.flow()).collect());
        Node::tree("ResBottleneckBlock", proj.into_iter().chain(rest))
            .with_flow(Flow::Chain(vec![Flow::Sum(vec![shortcut, branch]), Flow::Child(f + 1)]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shapes_and_parameters() {
        let device = Device::flex();
        let halving = BlockSpec { in_channels: 8, out_channels: 12, stride: 2, group_width: 4, se_ratio: Some(0.25), drop_path: 0.0 };
        for (spec, side, params) in [
            // Projection; a; b in three groups; squeeze-and-excitation with two channels; c.
            (halving, 3, (96 + 24) + (96 + 24) + (12 * 4 * 9 + 24) + (12 * 2 + 2 + 2 * 12 + 12) + (144 + 24)),
            (BlockSpec { in_channels: 12, stride: 1, se_ratio: None, ..halving }, 5, (144 + 24) + (12 * 4 * 9 + 24) + (144 + 24)),
        ] {
            let block = ResBottleneckBlock::new(spec, &device);
            assert_eq!(block.forward(Tensor::ones([2, spec.in_channels, 5, 5], &device)).dims(), [2, 12, side, side]);
            let trace = block.describe().trace([spec.in_channels, 5, 5]).unwrap();
            assert_eq!((trace.output, trace.params), (vec![12, side, side], params));
        }
    }
}
