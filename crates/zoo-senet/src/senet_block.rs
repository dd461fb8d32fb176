//! The block of SENet-154.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Children, DropPath, SqueezeExcite, maps};

use crate::residual::{Downsample, Residual, add_shortcut, conv, describe_sum, drop_path, squeeze_excite};

/// What one block is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockConfig {
    pub in_channels: usize,
    /// A quarter of the output's channels.
    pub planes: usize,
    pub stride: usize,
    pub groups: usize,
    pub reduction: usize,
    /// Kernel of the projection.
    pub downsample_kernel_size: usize,
    pub drop_path: f64,
}

/// Convolutions of 1x1, 3x3 (strided, in groups) and 1x1, twice as wide inside as ResNet's bottleneck but for the first,
/// and squeeze-and-excitation (Hu et al. 2018, appendix, "Details of SENet-154").
#[derive(Module, Debug)]
pub struct SeBottleneck {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Conv2d,
    bn3: BatchNorm2d,
    relu: Activation,
    se_module: SqueezeExcite,
    downsample: Downsample,
    drop_path: Option<DropPath>,
}

impl SeBottleneck {
    /// Output channels for each of a stage's `planes`.
    pub(crate) const EXPANSION: usize = 4;

    pub(crate) fn new(config: BlockConfig, device: &Device) -> Self {
        let BlockConfig { in_channels, planes, stride, groups, .. } = config;
        let out_channels = planes * Self::EXPANSION;
        let norm = |channels| BatchNorm2d::new(channels, device);
        let changes = stride != 1 || in_channels != out_channels;
        let project = || conv(in_channels, out_channels, [config.downsample_kernel_size, stride, 1], device);
        Self {
            conv1: conv(in_channels, planes * 2, [1, 1, 1], device),
            bn1: norm(planes * 2),
            conv2: conv(planes * 2, out_channels, [3, stride, groups], device),
            bn2: norm(out_channels),
            conv3: conv(out_channels, out_channels, [1, 1, 1], device),
            bn3: norm(out_channels),
            relu: Activation::new(ActivationKind::Relu, device),
            se_module: squeeze_excite(out_channels, out_channels / config.reduction, device),
            downsample: changes.then(|| (project(), norm(out_channels))),
            drop_path: drop_path(config.drop_path),
        }
    }
}

impl Residual for SeBottleneck {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [x, shortcut] = maps::fork(x);
        let branch = self.bn1.forward_then(maps::conv2d(&self.conv1, x), &self.relu);
        let branch = maps::norm_conv2d(&self.bn2, &self.relu, &self.conv3, maps::conv2d(&self.conv2, branch));
        let branch = self.se_module.forward(self.bn3.forward(branch));
        add_shortcut(branch, shortcut, &self.downsample, &self.drop_path, &self.relu)
    }
}

impl Describe for SeBottleneck {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let [conv1, bn1] = [children.add("conv1", self.conv1.describe()), children.add("bn1", self.bn1.describe())];
        let [conv2, bn2] = [children.add("conv2", self.conv2.describe()), children.add("bn2", self.bn2.describe())];
        let [conv3, bn3] = [children.add("conv3", self.conv3.describe()), children.add("bn3", self.bn3.describe())];
        let relu = children.add("relu", self.relu.describe());
        let gate = children.add("se_module", self.se_module.describe());
        let branch = vec![conv1, bn1, relu.clone(), conv2, bn2, relu.clone(), conv3, bn3, gate];
        let sum = describe_sum(&mut children, branch, &self.downsample, &self.drop_path);
        children.into_tree("SEBottleneck", vec![sum, relu])
    }
}
