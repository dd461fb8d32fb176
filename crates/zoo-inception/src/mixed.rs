//! What the modules have in common: branches of convolutions and pooling, side by side.

use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::Node;
use zoo_layers::describe::{Describe, Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, init, maps};

/// One branch; numbers are indices into the module's convolutions.
#[derive(Debug)]
pub(crate) enum Branch {
    /// Convolutions, one after the other.
    Chain(&'static [usize]),
    /// Convolutions, one after the other, then two side by side.
    Fork(&'static [usize], [usize; 2]),
    /// 3x3 average pooling of stride 1, then a convolution.
    AvgPool(usize),
    /// 3x3 max pooling of stride 2.
    MaxPool,
}

const AVG: Window = Window::new(3).padding(1);
const MAX: Window = Window::new(3).stride(2);

/// A module says what its convolutions are, by torchvision's names, and how the branches run through them; what it computes
/// and its description follow.
pub(crate) trait Mixed {
    /// torchvision's type name.
    const KIND: &'static str;
    /// The branches, in the order in which their outputs are joined.
    const BRANCHES: &'static [Branch];

    /// The convolutions in torchvision's order.
    fn convs(&self) -> Vec<(&'static str, &BasicConv2d)>;
}

/// What the module computes: `[batch, channels, height, width]` to the same with the channels of all branches.
pub(crate) fn forward<M: Mixed>(module: &M, x: Tensor<4>) -> Tensor<4> {
    let convs = module.convs();
    let conv = |index: usize, x: Tensor<4>| convs[index].1.forward(x);
    let chain = |indices: &[usize], x: Tensor<4>| indices.iter().fold(x, |x, index| conv(*index, x));
    let branch = |(branch, x): (&Branch, Tensor<4>)| match branch {
        Branch::Chain(indices) => chain(indices, x),
        Branch::Fork(indices, sides) => {
            let stems = maps::fork_for(sides, chain(indices, x));
            maps::cat(sides.iter().zip(stems).map(|(side, stem)| conv(*side, stem)).collect())
        }
        Branch::AvgPool(index) => {
            let pool = AvgPool2dConfig::new([3, 3]).with_strides([1, 1]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init();
            conv(*index, maps::avg_pool2d(&pool, x))
        }
        Branch::MaxPool => maps::max_pool2d(&MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init(), x),
    };
    maps::cat(M::BRANCHES.iter().zip(maps::fork_for(M::BRANCHES, x)).map(branch).collect())
}

/// The module as a tree.
pub(crate) fn describe<M: Mixed>(module: &M) -> Node {
    let pool = |name, max, window| Flow::op(name, ops::Pool2d { max, windows: [window; 2], ceil_mode: false });
    let chain = |indices: &[usize]| indices.iter().map(|index| Flow::Child(*index)).collect::<Vec<_>>();
    let branch = |branch: &Branch| match branch {
        Branch::Chain(indices) => Flow::Chain(chain(indices)),
        Branch::Fork(indices, sides) => Flow::Chain([chain(indices), vec![Flow::Concat(chain(sides))]].concat()),
        Branch::AvgPool(index) => Flow::Chain(vec![pool("avg_pool2d", false, AVG), Flow::Child(*index)]),
        Branch::MaxPool => pool("max_pool2d", true, MAX),
    };
    Node::tree(M::KIND, module.convs().into_iter().map(|(name, conv)| (name, conv.describe())))
        .with_flow(Flow::Concat(M::BRANCHES.iter().map(branch).collect()))
}

/// A convolution with batch normalisation and ReLU, its weights normal(0, 0.1).
pub(crate) fn conv(in_channels: usize, out_channels: usize, windows: [Window; 2], device: &Device) -> BasicConv2d {
    BasicConv2d::new(in_channels, out_channels, windows, true, device).init(|conv| init::normal_conv(conv, 0.1, 0.0, device))
}

/// Windows `height x width` that keep the size.
pub(crate) const fn same(height: usize, width: usize) -> [Window; 2] {
    [Window::new(height).padding(height / 2), Window::new(width).padding(width / 2)]
}

/// 3x3 windows of stride 2 without padding.
pub(crate) const HALVE: [Window; 2] = [MAX; 2];
