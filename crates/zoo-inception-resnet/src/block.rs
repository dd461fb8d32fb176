//! The residual blocks.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Unchanged, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, BasicConv2d, conv2d, maps};

use crate::config::{BlockSpec, ConvSpec};

/// Branches of convolutions whose joint map a 1x1 convolution brings to the input's channels, scaled and added to the input
/// (Szegedy et al. 2016, figures 16, 17, 19 and 20).
#[derive(Module, Debug)]
pub struct Block {
    branch0: BasicConv2d,
    branch1: Vec<BasicConv2d>,
    branch2: Option<Vec<BasicConv2d>>,
    conv2d: Conv2d,
    scale: f64,
    activated: bool,
}

/// Convolutions in a row, each with batch normalisation and ReLU, that keep the size.
pub(crate) fn row(specs: &[ConvSpec], in_channels: usize, device: &Device) -> Vec<BasicConv2d> {
    let mut inputs = in_channels;
    let conv = |&(channels, window): &ConvSpec| {
        let conv = BasicConv2d::new(inputs, channels, window.map(|size| Window::new(size).padding(size / 2)), true, device);
        inputs = channels;
        conv
    };
    specs.iter().map(conv).collect()
}

/// Applies the convolutions in order to `[batch, channels, height, width]`.
pub(crate) fn forward_row(convs: &[BasicConv2d], x: Tensor<4>) -> Tensor<4> {
    convs.iter().fold(x, |x, conv| conv.forward(x))
}

impl Block {
    /// A block of this kind. The network's last one is neither `scaled` nor `activated`.
    pub(crate) fn new(spec: &BlockSpec, scaled: bool, activated: bool, device: &Device) -> Self {
        let channels = spec.channels;
        let branch = |index: usize| spec.branches.get(index).map(|specs| row(specs, channels, device));
        let joined = spec.branches.iter().filter_map(|specs| Some(specs.last()?.0)).sum();
        let first = spec.branches.first().and_then(|specs| specs.first()).map_or(channels, |(channels, _)| *channels);
        Self {
            branch0: BasicConv2d::new(channels, first, [Window::POINT; 2], true, device),
            branch1: branch(1).unwrap_or_default(),
            branch2: branch(2),
            conv2d: conv2d(joined, channels, [Window::POINT; 2], 1, true, device),
            scale: if scaled { spec.scale } else { 1.0 },
            activated,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, channels, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [first, second, third, shortcut] = maps::fork(x);
        let mut parts = vec![self.branch0.forward(first), forward_row(&self.branch1, second)];
        parts.extend(self.branch2.iter().map(|convs| forward_row(convs, third.clone())));
        let y = maps::conv2d(&self.conv2d, maps::cat(parts)) * self.scale;
        maps::add(y, shortcut, self.activated.then_some(ActivationKind::Relu))
    }
}

impl Describe for Block {
    fn describe(&self) -> Node {
        let branches = [("branch0", self.branch0.describe().named("ConvNormAct")), ("branch1", self.branch1.describe())];
        let third = self.branch2.as_ref().map(|convs| ("branch2", convs.describe()));
        let last = 2 + usize::from(third.is_some());
        let children = branches.into_iter().chain(third).chain([("conv2d", self.conv2d.describe())]);
        let joined = Flow::Concat((0..last).map(Flow::Child).collect());
        let branch = Flow::Chain(vec![joined, Flow::Child(last), Flow::op("scale", Unchanged("Scale"))]);
        let relu = self.activated.then(|| Flow::op("act", ops::Activation(ActivationKind::Relu)));
        let flow = [Flow::Sum(vec![branch, Flow::Chain(vec![])])].into_iter().chain(relu);
        Node::tree("Block", children).with_flow(Flow::Chain(flow.collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::VARIANTS;

    #[test]
    fn every_kind_keeps_the_shape_and_says_so() {
        let device = Device::flex();
        for (_, spec) in &VARIANTS[0].spec.blocks {
            let block = Block::new(spec, true, true, &device);
            assert_eq!(block.forward(Tensor::ones([1, spec.channels, 3, 2], &device)).dims(), [1, spec.channels, 3, 2]);
            assert_eq!(block.describe().trace([spec.channels, 3, 2]).unwrap().output, [spec.channels, 3, 2]);
        }
    }

    #[test]
    fn the_scale_weighs_the_branches_alone() {
        let device = Device::flex();
        let spec = &VARIANTS[0].spec.blocks[1].1;
        let scaled = Block::new(spec, true, false, &device);
        let whole = Block { scale: 1.0, ..scaled.clone() };
        let x = Tensor::<4>::ones([1, 1088, 2, 2], &device);
        let difference = (scaled.forward(x.clone()) - x.clone()) - (whole.forward(x.clone()) - x) * 0.1;
        assert!(difference.abs().max().into_scalar::<f32>() < 1e-5);
    }
}
