//! The repeating unit.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node, Shortcut};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Children, DropPath, DropPathMode, conv2d, init, maps};

use crate::config::BlockKind;
use crate::shortcut::Bypass;

/// What one block is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockConfig {
    pub kind: BlockKind,
    pub in_channels: usize,
    /// Channels of a basic block, a quarter of the output's of a bottleneck.
    pub planes: usize,
    pub stride: usize,
    pub groups: usize,
    /// Channels of a group for 64 planes; others in proportion.
    pub width_per_group: usize,
    pub shortcut: Option<Shortcut>,
    pub activation: ActivationKind,
    pub drop_path: f64,
}

/// Convolutions with batch normalisation, added to a shortcut, then an activation: a basic block (3x3, 3x3) or a
/// bottleneck (1x1, 3x3, 1x1), as in He et al. 2016, figure 5. The 3x3 convolution strides; with groups it is ResNeXt's
/// block C (Xie et al. 2017, figure 3).
#[derive(Module, Debug)]
pub struct Block {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm2d>,
    /// Used after each convolution but those that have one of their own.
    relu: Activation,
    /// Only of an activation that learns.
    relu2: Option<Activation>,
    /// Only of an activation that learns, in a bottleneck.
    relu3: Option<Activation>,
    downsample: Option<(Conv2d, BatchNorm2d)>,
    drop_path: Option<DropPath>,
    #[module(skip)]
    bypass: Bypass,
}

impl Block {
    pub(crate) fn new(config: BlockConfig, device: &Device) -> Self {
        let BlockConfig { kind, in_channels, planes, stride, groups, .. } = config;
        let out_channels = planes * kind.expansion();
        let conv = |inputs, outputs, kernel: usize, stride, groups| {
            let window = Window::new(kernel).stride(stride).padding(kernel / 2);
            init::kaiming_fan_out(conv2d(inputs, outputs, [window; 2], groups, false, device), device)
        };
        let norm = |channels| BatchNorm2d::new(channels, device);
        let activation = || Activation::new(config.activation, device);
        let learns = config.activation == ActivationKind::PRelu;
        let bottleneck = kind == BlockKind::Bottleneck;
        let width = if bottleneck { planes * config.width_per_group / 64 * groups } else { planes };
        let (conv1, conv2) = match kind {
            BlockKind::Basic => (conv(in_channels, width, 3, stride, 1), conv(width, width, 3, 1, 1)),
            BlockKind::Bottleneck => (conv(in_channels, width, 1, 1, 1), conv(width, width, 3, stride, groups)),
        };
        let bypass = Bypass::new(config.shortcut, in_channels, out_channels, stride);
        let project = || (conv(in_channels, out_channels, 1, stride, 1), norm(out_channels));
        Self {
            conv1,
            bn1: norm(width),
            conv2,
            bn2: norm(width),
            conv3: bottleneck.then(|| conv(width, out_channels, 1, 1, 1)),
            bn3: bottleneck.then(|| norm(out_channels)),
            relu: activation(),
            relu2: learns.then(activation),
            relu3: (learns && bottleneck).then(activation),
            downsample: (bypass == Bypass::Projection).then(project),
            drop_path: (config.drop_path > 0.0).then(|| DropPath::new(config.drop_path, DropPathMode::Row)),
            bypass,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, ceil(height / stride), ceil(width / stride)]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let relu2 = self.relu2.as_ref().unwrap_or(&self.relu);
        let [x, shortcut] = maps::fork(x);
        let branch = self.bn1.forward_then(maps::conv2d(&self.conv1, x), &self.relu);
        let branch = maps::conv2d(&self.conv2, branch);
        let (branch, norm, last) = match (&self.conv3, &self.bn3) {
            (Some(conv3), Some(bn3)) => {
                (maps::norm_conv2d(&self.bn2, relu2, conv3, branch), bn3, self.relu3.as_ref().unwrap_or(&self.relu))
            }
            _ => (branch, &self.bn2, relu2),
        };
        let shortcut = || match (self.bypass, &self.downsample) {
            (Bypass::Absent, _) => None,
            (Bypass::ZeroPadding(padding), _) => Some(padding.forward(shortcut)),
            (_, Some((conv, norm))) => Some(norm.forward(maps::conv2d(conv, shortcut))),
            (_, None) => Some(shortcut),
        };
        match (&self.drop_path, shortcut()) {
            (None, None) => norm.forward_then(branch, last),
            (None, Some(shortcut)) => norm.forward_add(branch, shortcut, last),
            (Some(drop_path), None) => last.forward(drop_path.forward(norm.forward(branch))),
            (Some(drop_path), Some(shortcut)) => maps::add(drop_path.forward(norm.forward(branch)), shortcut, last),
        }
    }

    /// The activations as children, and the flow through the first, second and third.
    fn describe_activations(&self, children: &mut Children) -> [Flow; 3] {
        let first = children.add("relu", self.relu.describe());
        let mut own = |name, activation: &Option<Activation>| match activation {
            Some(activation) => children.add(name, activation.describe()),
            None => first.clone(),
        };
        let (second, third) = (own("relu2", &self.relu2), own("relu3", &self.relu3));
        [first, second, third]
    }
}

impl Describe for Block {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let mut branch = vec![children.add("conv1", self.conv1.describe()), children.add("bn1", self.bn1.describe())];
        // Where torchvision registers the activation differs between its two blocks.
        let (kind, last) = if let (Some(conv3), Some(bn3)) = (&self.conv3, &self.bn3) {
            let second = [children.add("conv2", self.conv2.describe()), children.add("bn2", self.bn2.describe())];
            let third = [children.add("conv3", conv3.describe()), children.add("bn3", bn3.describe())];
            let [relu, relu2, relu3] = self.describe_activations(&mut children);
            branch.extend([relu].into_iter().chain(second).chain([relu2]).chain(third));
            ("Bottleneck", relu3)
        } else {
            let [relu, relu2, _] = self.describe_activations(&mut children);
            let second = [children.add("conv2", self.conv2.describe()), children.add("bn2", self.bn2.describe())];
            branch.extend([relu].into_iter().chain(second));
            ("BasicBlock", relu2)
        };
        let projection = self.downsample.as_ref().map(|(conv, norm)| Node::sequential([conv.describe(), norm.describe()]));
        let projection = children.add_optional("downsample", projection);
        branch.push(children.add_optional("drop_path", self.drop_path.as_ref().map(Describe::describe)));
        let branch = Flow::Chain(branch);
        let sum = match self.bypass {
            Bypass::Absent => branch,
            Bypass::ZeroPadding(padding) => Flow::Sum(vec![branch, Flow::op("shortcut", padding)]),
            // Without a projection the flow through it is the input itself.
            Bypass::Identity | Bypass::Projection => Flow::Sum(vec![branch, projection]),
        };
        children.into_tree(kind, vec![sum, last])
    }
}
