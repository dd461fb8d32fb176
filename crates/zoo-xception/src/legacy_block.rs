//! The module of the original network.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{BatchNorm2d, Layer, NamedChildren, conv2d, init, maps};

use crate::Unit;
use crate::unit::{forward_units, named, relu};

/// Separable convolutions beside a shortcut (Chollet 2017, figure 5).
#[derive(Module, Debug)]
pub struct Block {
    skip: Option<Conv2d>,
    skipbn: Option<BatchNorm2d>,
    rep: Vec<Unit>,
}

/// A convolution without bias, drawn as timm draws it.
pub(crate) fn conv([in_channels, out_channels]: [usize; 2], window: Window, groups: usize, device: &Device) -> Conv2d {
    init::kaiming_fan_out(conv2d(in_channels, out_channels, [window; 2], groups, false, device), device)
}

/// Depthwise 3x3 and 1x1 convolution, with nothing between them.
pub(crate) fn separable([inputs, outputs]: [usize; 2], device: &Device) -> NamedChildren<Layer> {
    let depthwise = conv([inputs; 2], Window::new(3).padding(1), inputs, device);
    named([("conv1", Layer::Conv(depthwise)), ("pointwise", Layer::Conv(conv([inputs, outputs], Window::POINT, 1, device)))])
}

impl Block {
    /// `channels` are those before the first convolution and after each; a block that `halves` ends with max pooling and has
    /// a 1x1 convolution as shortcut. The first ReLU is left out of the first block, whose input is activated.
    pub(crate) fn new(channels: &[usize], halves: bool, first_relu: bool, device: &Device) -> Self {
        let mut rep = vec![];
        for (index, pair) in channels.windows(2).enumerate() {
            let &[inputs, outputs] = pair else { continue };
            if index > 0 || first_relu {
                rep.push(Unit::Layer(relu(device)));
            }
            rep.push(Unit::Separable(separable([inputs, outputs], device)));
            rep.push(Unit::Layer(Layer::BatchNorm(BatchNorm2d::new(outputs, device))));
        }
        if halves {
            let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
            rep.push(Unit::Layer(Layer::MaxPool(MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(padding).init())));
        }
        let ends = [channels.first(), channels.last()].map(|channels| channels.copied().unwrap_or(0));
        Self {
            skip: halves.then(|| conv(ends, Window::POINT.stride(2), 1, device)),
            skipbn: halves.then(|| BatchNorm2d::new(ends[1], device)),
            rep,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: the same with the last of the channels; half as high and wide, rounded up, where it halves
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [branch, shortcut] = maps::fork(x);
        let y = forward_units(&self.rep, branch);
        let shortcut = match (&self.skip, &self.skipbn) {
            (Some(skip), Some(norm)) => norm.forward(maps::conv2d(skip, shortcut)),
            _ => shortcut,
        };
        maps::add(y, shortcut, None)
    }
}

impl Describe for Block {
    fn describe(&self) -> Node {
        let skip = self.skip.as_ref().map(|skip| ("skip", skip.describe()));
        let norm = self.skipbn.as_ref().map(|norm| ("skipbn", norm.describe()));
        let beside: Vec<_> = skip.into_iter().chain(norm).collect();
        let last = beside.len();
        let shortcut = Flow::Chain((0..last).map(Flow::Child).collect());
        Node::tree("Block", beside.into_iter().chain([("rep", self.rep.describe())]))
            .with_flow(Flow::Sum(vec![Flow::Child(last), shortcut]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_description_says_what_forward_does() {
        let device = Device::flex();
        let x = Tensor::<4>::ones([2, 4, 7, 6], &device);
        for (channels, halves, first_relu, units) in
            [(vec![4, 6, 6], true, false, 6), (vec![4, 4, 6], true, true, 7), (vec![4; 4], false, true, 9)]
        {
            let block = Block::new(&channels, halves, first_relu, &device);
            let trace = block.describe().trace([4, 7, 6]).unwrap();
            assert_eq!(block.forward(x.clone()).dims()[1..], trace.output[..]);
            assert_eq!(block.rep.len(), units);
        }
    }
}
