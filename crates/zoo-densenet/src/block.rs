//! The repeating units: a layer of a dense block, the block, and the transition between blocks.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::maps::{self, Stack};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, BatchNorm2d, NamedChildren, conv2d};

/// Width of a bottleneck in growth rates (section 3, "Bottleneck layers").
const BN_SIZE: usize = 4;

/// The rates of dropout, after the convolutions named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DropRates {
    /// The last convolution of a layer.
    pub layer: f64,
    /// The bottleneck of a layer, and the transition.
    pub others: f64,
}

/// A convolution without bias that begins with `normal(0, sqrt(2 / fan_in))`: torchvision's `kaiming_normal_`.
pub(crate) fn conv(in_channels: usize, out_channels: usize, window: Window, device: &Device) -> Conv2d {
    let mut conv = conv2d(in_channels, out_channels, [window; 2], 1, false, device);
    let size = window.kernel_size;
    let std = (2.0 / (in_channels * size * size) as f64).sqrt();
    conv.weight = Initializer::Normal { mean: 0.0, std }.init([out_channels, in_channels, size, size], device);
    conv
}

/// Normalisation, ReLU, convolution, dropout of all maps so far.
fn composite(norm: &BatchNorm2d, conv: &Conv2d, dropout: &Dropout, maps: &Stack) -> Tensor<4> {
    dropout.forward(maps.norm_conv(norm, ActivationKind::Relu, conv))
}

pub(crate) fn relu() -> Node {
    Node::leaf(ops::Activation(ActivationKind::Relu))
}

/// Dropout is no module in PyTorch's tree; it is a row of the trace where it does anything.
fn describe_dropout(name: &'static str, dropout: &Dropout) -> Option<Flow> {
    (dropout.prob > 0.0).then(|| Flow::op(name, ops::Dropout { p: dropout.prob }))
}

/// A layer of a dense block, the paper's composite function H: BN-ReLU-Conv(3x3), or with a bottleneck
/// BN-ReLU-Conv(1x1)-BN-ReLU-Conv(3x3).
#[derive(Module, Debug)]
pub struct DenseLayer {
    norm1: BatchNorm2d,
    conv1: Conv2d,
    dropout1: Dropout,
    /// With a bottleneck.
    norm2: Option<BatchNorm2d>,
    /// With a bottleneck.
    conv2: Option<Conv2d>,
    dropout2: Dropout,
}

impl DenseLayer {
    pub(crate) fn new(in_channels: usize, growth_rate: usize, bottleneck: bool, drop: DropRates, device: &Device) -> Self {
        let dropout = |rate| DropoutConfig::new(rate).init();
        let three = Window::new(3).padding(1);
        let width = BN_SIZE * growth_rate;
        let (conv1, drop1) = match bottleneck {
            true => (conv(in_channels, width, Window::POINT, device), drop.others),
            false => (conv(in_channels, growth_rate, three, device), drop.layer),
        };
        Self {
            norm1: BatchNorm2d::new(in_channels, device),
            conv1,
            dropout1: dropout(drop1),
            norm2: bottleneck.then(|| BatchNorm2d::new(width, device)),
            conv2: bottleneck.then(|| conv(width, growth_rate, three, device)),
            dropout2: dropout(drop.layer),
        }
    }

    /// How many feature maps it adds.
    fn growth_rate(&self) -> usize {
        self.conv2.as_ref().unwrap_or(&self.conv1).weight.dims()[0]
    }

    /// The new feature maps alone.
    ///
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, growth_rate, height, width]`
    pub fn forward(&self, maps: &Stack) -> Tensor<4> {
        let x = composite(&self.norm1, &self.conv1, &self.dropout1, maps);
        match (&self.norm2, &self.conv2) {
            (Some(norm), Some(conv)) => self.dropout2.forward(maps::conv2d(conv, norm.forward_then(x, ActivationKind::Relu))),
            _ => x,
        }
    }
}

impl Describe for DenseLayer {
    fn describe(&self) -> Node {
        let first = [("norm1", self.norm1.describe()), ("relu1", relu()), ("conv1", self.conv1.describe())];
        let mut flow: Vec<Flow> = (0..3).map(Flow::Child).chain(describe_dropout("dropout1", &self.dropout1)).collect();
        let second = match (&self.norm2, &self.conv2) {
            (Some(norm), Some(conv)) => {
                flow.extend((3..6).map(Flow::Child).chain(describe_dropout("dropout2", &self.dropout2)));
                vec![("norm2", norm.describe()), ("relu2", relu()), ("conv2", conv.describe())]
            }
            _ => vec![],
        };
        Node::tree("_DenseLayer", first.into_iter().chain(second)).with_flow(Flow::Chain(flow))
    }
}

/// A dense block: its layers under the names `denselayer1`, `denselayer2`, ...
pub type DenseBlock = NamedChildren<DenseLayer>;

pub(crate) fn dense_block(
    in_channels: usize,
    num_layers: usize,
    growth_rate: usize,
    bottleneck: bool,
    drop: DropRates,
    device: &Device,
) -> DenseBlock {
    let layer = |i| DenseLayer::new(in_channels + i * growth_rate, growth_rate, bottleneck, drop, device);
    NamedChildren::numbered("denselayer", 1, (0..num_layers).map(layer))
}

/// Each layer sees all feature maps before it, and its own are put behind them.
///
/// # Shapes
/// - input: `[batch, in_channels, height, width]`; output: `[batch, in_channels + layers * growth_rate, height, width]`
pub(crate) fn forward_block(block: &DenseBlock, x: Tensor<4>) -> Stack {
    let channels = x.dims()[1] + block.iter().map(DenseLayer::growth_rate).sum::<usize>();
    block.iter().fold(Stack::with_capacity(x, channels), |maps, layer| {
        let new = layer.forward(&maps);
        maps.push(new)
    })
}

pub(crate) fn describe_block(block: &DenseBlock) -> Node {
    let layers = (0..block.len()).map(|i| Flow::Concat(vec![Flow::Chain(vec![]), Flow::Child(i)]));
    block.describe().named("_DenseBlock").with_flow(Flow::Chain(layers.collect()))
}

/// What lies between two dense blocks: BN-ReLU-Conv(1x1) and 2x2 average pooling.
#[derive(Module, Debug)]
pub struct Transition {
    norm: BatchNorm2d,
    conv: Conv2d,
    dropout: Dropout,
    pool: AvgPool2d,
}

impl Transition {
    pub(crate) fn new(in_channels: usize, out_channels: usize, drop: DropRates, device: &Device) -> Self {
        Self {
            norm: BatchNorm2d::new(in_channels, device),
            conv: conv(in_channels, out_channels, Window::POINT, device),
            dropout: DropoutConfig::new(drop.others).init(),
            pool: AvgPool2dConfig::new([2, 2]).init(),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, height / 2, width / 2]`
    pub fn forward(&self, maps: &Stack) -> Tensor<4> {
        maps::avg_pool2d(&self.pool, composite(&self.norm, &self.conv, &self.dropout, maps))
    }
}

impl Describe for Transition {
    fn describe(&self) -> Node {
        let children = [("norm", self.norm.describe()), ("relu", relu()), ("conv", self.conv.describe()), ("pool", self.pool.describe())];
        let flow = (0..3).map(Flow::Child).chain(describe_dropout("dropout", &self.dropout)).chain([Flow::Child(3)]);
        Node::tree("_Transition", children).with_flow(Flow::Chain(flow.collect()))
    }
}
