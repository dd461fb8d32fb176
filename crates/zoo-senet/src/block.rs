//! The blocks of SE-ResNet.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Children, DropPath, SqueezeExcite, maps};

use crate::config::BlockKind;
use crate::residual::{Downsample, Residual, add_shortcut, conv, describe_sum, drop_path, squeeze_excite, zero_norm};

/// What one block is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockConfig {
    pub in_channels: usize,
    /// Channels of a basic block, a quarter of the output's of a bottleneck.
    pub planes: usize,
    pub stride: usize,
    pub cardinality: usize,
    /// Channels of a group for 64 planes; others in proportion.
    pub base_width: usize,
    pub activation: ActivationKind,
    pub drop_path: f64,
}

impl BlockConfig {
    fn downsample(&self, out_channels: usize, device: &Device) -> Downsample {
        let changes = self.stride != 1 || self.in_channels != out_channels;
        let project = || conv(self.in_channels, out_channels, [1, self.stride, 1], device);
        changes.then(|| (project(), BatchNorm2d::new(out_channels, device)))
    }

    fn se(channels: usize, device: &Device) -> SqueezeExcite {
        // timm rounds to a multiple of eight; the channels are powers of two.
        squeeze_excite(channels, (channels / 16).max(8), device)
    }
}

/// Two 3x3 convolutions, the first strided, and squeeze-and-excitation.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    act1: Activation,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    se: SqueezeExcite,
    act2: Activation,
    downsample: Downsample,
    drop_path: Option<DropPath>,
}

/// Convolutions of 1x1, 3x3 (strided, in groups) and 1x1, and squeeze-and-excitation.
#[derive(Module, Debug)]
pub struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    act1: Activation,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    act2: Activation,
    conv3: Conv2d,
    bn3: BatchNorm2d,
    se: SqueezeExcite,
    act3: Activation,
    downsample: Downsample,
    drop_path: Option<DropPath>,
}

/// A block of SE-ResNet (Hu et al. 2018, figure 3).
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a model has one kind
pub enum Block {
    /// Of `seresnet18` and `seresnet34`.
    Basic(BasicBlock),
    /// Of all others.
    Bottleneck(Bottleneck),
}

impl Block {
    pub(crate) fn new(kind: BlockKind, config: BlockConfig, device: &Device) -> Self {
        match kind {
            BlockKind::Basic => Self::Basic(BasicBlock::new(config, device)),
            BlockKind::Bottleneck => Self::Bottleneck(Bottleneck::new(config, device)),
        }
    }
}

impl BasicBlock {
    fn new(config: BlockConfig, device: &Device) -> Self {
        let BlockConfig { in_channels, planes, stride, activation, .. } = config;
        Self {
            conv1: conv(in_channels, planes, [3, stride, 1], device),
            bn1: BatchNorm2d::new(planes, device),
            act1: Activation::new(activation, device),
            conv2: conv(planes, planes, [3, 1, 1], device),
            bn2: zero_norm(planes, device),
            se: BlockConfig::se(planes, device),
            act2: Activation::new(activation, device),
            downsample: config.downsample(planes, device),
            drop_path: drop_path(config.drop_path),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, planes, ceil(height / stride), ceil(width / stride)]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [x, shortcut] = maps::fork(x);
        let branch = self.bn1.forward_then(maps::conv2d(&self.conv1, x), &self.act1);
        let branch = self.se.forward(self.bn2.forward(maps::conv2d(&self.conv2, branch)));
        add_shortcut(branch, shortcut, &self.downsample, &self.drop_path, &self.act2)
    }
}

impl Bottleneck {
    fn new(config: BlockConfig, device: &Device) -> Self {
        let BlockConfig { in_channels, planes, stride, cardinality, activation, .. } = config;
        let width = planes * config.base_width / 64 * cardinality;
        let out_channels = planes * BlockKind::Bottleneck.expansion();
        Self {
            conv1: conv(in_channels, width, [1, 1, 1], device),
            bn1: BatchNorm2d::new(width, device),
            act1: Activation::new(activation, device),
            conv2: conv(width, width, [3, stride, cardinality], device),
            bn2: BatchNorm2d::new(width, device),
            act2: Activation::new(activation, device),
            conv3: conv(width, out_channels, [1, 1, 1], device),
            bn3: zero_norm(out_channels, device),
            se: BlockConfig::se(out_channels, device),
            act3: Activation::new(activation, device),
            downsample: config.downsample(out_channels, device),
            drop_path: drop_path(config.drop_path),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, 4 * planes, ceil(height / stride), ceil(width / stride)]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [x, shortcut] = maps::fork(x);
        let branch = self.bn1.forward_then(maps::conv2d(&self.conv1, x), &self.act1);
        let branch = maps::norm_conv2d(&self.bn2, &self.act2, &self.conv3, maps::conv2d(&self.conv2, branch));
        let branch = self.se.forward(self.bn3.forward(branch));
        add_shortcut(branch, shortcut, &self.downsample, &self.drop_path, &self.act3)
    }
}

impl Residual for Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Basic(block) => block.forward(x),
            Self::Bottleneck(block) => block.forward(x),
        }
    }
}

impl Describe for BasicBlock {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let branch = vec![
            children.add("conv1", self.conv1.describe()),
            children.add("bn1", self.bn1.describe()),
            children.add("act1", self.act1.describe()),
            children.add("conv2", self.conv2.describe()),
            children.add("bn2", self.bn2.describe()),
            children.add("se", self.se.describe()),
        ];
        let last = children.add("act2", self.act2.describe());
        let sum = describe_sum(&mut children, branch, &self.downsample, &self.drop_path);
        children.into_tree("BasicBlock", vec![sum, last])
    }
}

impl Describe for Bottleneck {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let branch = vec![
            children.add("conv1", self.conv1.describe()),
            children.add("bn1", self.bn1.describe()),
            children.add("act1", self.act1.describe()),
            children.add("conv2", self.conv2.describe()),
            children.add("bn2", self.bn2.describe()),
            children.add("act2", self.act2.describe()),
            children.add("conv3", self.conv3.describe()),
            children.add("bn3", self.bn3.describe()),
            children.add("se", self.se.describe()),
        ];
        let last = children.add("act3", self.act3.describe());
        let sum = describe_sum(&mut children, branch, &self.downsample, &self.drop_path);
        children.into_tree("Bottleneck", vec![sum, last])
    }
}

impl Describe for Block {
    fn describe(&self) -> Node {
        match self {
            Self::Basic(block) => block.describe(),
            Self::Bottleneck(block) => block.describe(),
        }
    }
}
