//! The modules between the residual blocks: branches side by side, joined.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, NamedChildren, maps};

use crate::block::{forward_row, row};
use crate::config::ConvSpec;

/// A branch of a module.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a model has eleven
pub enum Branch {
    /// One convolution with batch normalisation and ReLU.
    One(BasicConv2d),
    /// Such convolutions in a row.
    Row(Vec<BasicConv2d>),
    /// 3x3 average pooling, which divides by the places within the map, and a convolution.
    AvgPool((AvgPool2d, BasicConv2d)),
    /// 3x3 max pooling of stride 2.
    MaxPool(MaxPool2d),
}

/// Branches `branch0`, `branch1`, ... whose maps are joined along the channels.
#[derive(Module, Debug)]
pub enum Mixed {
    /// The branches: as an enum they need no name of their own in the parameters' paths.
    Joined(NamedChildren<Branch>),
}

/// 3x3 max pooling of stride 2 without padding.
pub(crate) fn max_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init()
}

/// A 3x3 convolution of this stride without padding.
pub(crate) fn valid(in_channels: usize, channels: usize, stride: usize, device: &Device) -> BasicConv2d {
    BasicConv2d::new(in_channels, channels, [Window::new(3).stride(stride); 2], true, device)
}

/// Convolutions that keep the size, then one of `channels` that halves it.
fn halving(specs: &[ConvSpec], in_channels: usize, channels: usize, device: &Device) -> Branch {
    let inputs = specs.last().map_or(in_channels, |(channels, _)| *channels);
    let mut convs = row(specs, in_channels, device);
    convs.push(valid(inputs, channels, 2, device));
    Branch::Row(convs)
}

impl Mixed {
    fn of(branches: impl IntoIterator<Item = Branch>) -> Self {
        Self::Joined(NamedChildren::numbered("branch", 0, branches))
    }

    /// From 192 to 320 channels on 35x35 pixels: Inception v3's first module with another width (Szegedy et al. 2015,
    /// figure 5).
    pub(crate) fn mixed_5b(device: &Device) -> Self {
        let convs = |specs: &[ConvSpec]| row(specs, 192, device);
        let point = |channels| BasicConv2d::new(192, channels, [Window::POINT; 2], true, device);
        let pool = AvgPool2dConfig::new([3, 3]).with_strides([1, 1]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        Self::of([
            Branch::One(point(96)),
            Branch::Row(convs(&[(48, [1, 1]), (64, [5, 5])])),
            Branch::Row(convs(&[(64, [1, 1]), (96, [3, 3]), (96, [3, 3])])),
            Branch::AvgPool((pool.with_count_include_pad(false).init(), point(64))),
        ])
    }

    /// From 320 channels on 35x35 to 1088 on 17x17 pixels (figure 7, with table 1's k = l = 256, m = n = 384).
    pub(crate) fn mixed_6a(device: &Device) -> Self {
        Self::of([
            Branch::One(valid(320, 384, 2, device)),
            halving(&[(256, [1, 1]), (256, [3, 3])], 320, 384, device),
            Branch::MaxPool(max_pool()),
        ])
    }

    /// From 1088 channels on 17x17 to 2080 on 8x8 pixels (figure 18).
    pub(crate) fn mixed_7a(device: &Device) -> Self {
        Self::of([
            halving(&[(256, [1, 1])], 1088, 384, device),
            halving(&[(256, [1, 1])], 1088, 288, device),
            halving(&[(256, [1, 1]), (288, [3, 3])], 1088, 320, device),
            Branch::MaxPool(max_pool()),
        ])
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let Self::Joined(branches) = self;
        let branch = |(branch, x): (&Branch, Tensor<4>)| match branch {
            Branch::One(conv) => conv.forward(x),
            Branch::Row(convs) => forward_row(convs, x),
            Branch::AvgPool((pool, conv)) => conv.forward(maps::avg_pool2d(pool, x)),
            Branch::MaxPool(pool) => maps::max_pool2d(pool, x),
        };
        maps::cat(branches.iter().zip(maps::fork_for(branches, x)).map(branch).collect())
    }
}

impl Describe for Branch {
    fn describe(&self) -> Node {
        match self {
            Self::One(conv) => conv.describe(),
            Self::Row(convs) => convs.describe(),
            Self::AvgPool((pool, conv)) => Node::sequential([pool.describe(), conv.describe()]),
            Self::MaxPool(pool) => pool.describe(),
        }
    }
}

impl Describe for Mixed {
    fn describe(&self) -> Node {
        let Self::Joined(branches) = self;
        branches.describe().named("Mixed").with_flow(Flow::Concat((0..branches.len()).map(Flow::Child).collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_description_says_what_forward_does() {
        let device = Device::flex();
        let cases = [(Mixed::mixed_5b(&device), 192, 320), (Mixed::mixed_6a(&device), 320, 1088), (Mixed::mixed_7a(&device), 1088, 2080)];
        for (module, inputs, outputs) in cases {
            let trace = module.describe().trace([inputs, 7, 4]).unwrap();
            assert_eq!(module.forward(Tensor::ones([1, inputs, 7, 4], &device)).dims()[1..], trace.output[..]);
            assert_eq!(trace.output[0], outputs);
        }
    }
}
