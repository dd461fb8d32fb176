//! The auxiliary head, which classifies from halfway while training.

use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ActivationKind, BasicConv2d, FullyConnected, maps};

use crate::style::Style;

const WINDOW: Window = Window::new(5).stride(3);
const SIDE: usize = 4;
const CHANNELS: usize = 128;
const HIDDEN: usize = 1024;

/// How an auxiliary head comes to its map of 4x4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuxPool {
    /// Adaptive average pooling: torchvision.
    Adaptive,
    /// Average pooling of 5x5 windows, stride 3, as in the paper, which gives 4x4 for maps of 14 to 16 pixels; adaptive
    /// for all others.
    Window,
}

/// Average pooling to 4x4, a 1x1 convolution to 128 channels, 1024 units with ReLU, dropout, the classes. Szegedy et al.
/// 2014, section 5.
#[derive(Module, Debug)]
pub struct AuxHead {
    conv: BasicConv2d,
    fc1: FullyConnected,
    fc2: Option<FullyConnected>,
    dropout: Dropout,
    #[module(skip)]
    pool: AuxPool,
}

impl AuxHead {
    /// Without its last layer: see [`AuxHead::reset`].
    pub fn new(in_channels: usize, pool: AuxPool, dropout: f64, style: Style, device: &Device) -> Self {
        Self {
            conv: style.conv(in_channels, CHANNELS, Window::POINT, device),
            fc1: style.linear(CHANNELS * SIDE * SIDE, HIDDEN, device),
            fc2: None,
            dropout: DropoutConfig::new(dropout).init(),
            pool,
        }
    }

    /// Puts a fresh last layer for so many classes in place; 0 leaves it out.
    pub fn reset(&mut self, num_classes: usize, style: Style, device: &Device) {
        self.fc2 = (num_classes > 0).then(|| style.linear(HIDDEN, num_classes, device));
    }

    /// Logits `[batch, num_classes]` of a map `[batch, in_channels, height, width]` of any size; none without a last layer.
    pub fn forward(&self, x: Tensor<4>) -> Option<Tensor<2>> {
        let fc2 = self.fc2.as_ref()?;
        let by_window = self.pool == AuxPool::Window && x.dims()[2..].iter().all(|n| WINDOW.conv_output(*n) == Ok(SIDE));
        let pooled = if by_window {
            maps::avg_pool2d(&AvgPool2dConfig::new([WINDOW.kernel_size; 2]).with_strides([WINDOW.stride; 2]).init(), x)
        } else {
            maps::adaptive_avg_pool2d(&AdaptiveAvgPool2dConfig::new([SIDE; 2]).init(), x)
        };
        let hidden = self.fc1.forward(self.conv.forward(pooled).flatten(1, 3));
        Some(fc2.forward(self.dropout.forward(ActivationKind::Relu.forward(hidden))))
    }
}

impl Describe for AuxHead {
    fn describe(&self) -> Node {
        let pool = match self.pool {
            AuxPool::Adaptive => Flow::op("adaptive_avg_pool2d", ops::AdaptiveAvgPool2d { output_size: [SIDE; 2], as_int: false }),
            AuxPool::Window => Flow::op("avg_pool2d", ops::Pool2d { max: false, windows: [WINDOW; 2], ceil_mode: false }),
        };
        let relu = Flow::op("relu", ops::Activation(ActivationKind::Relu));
        let fc2 = self.fc2.as_ref().map(|fc2| ("fc2", fc2.describe()));
        let dropout = 2 + usize::from(fc2.is_some());
        let last = fc2.is_some().then_some(Flow::Child(2));
        let steps = [pool, Flow::Child(0), Flow::op("flatten", ops::Flatten), Flow::Child(1), relu, Flow::Child(dropout)];
        let children = [("conv", self.conv.describe()), ("fc1", self.fc1.describe())];
        Node::tree("InceptionAux", children.into_iter().chain(fc2).chain([("dropout", self.dropout.describe())]))
            .with_flow(Flow::Chain(steps.into_iter().chain(last).collect()))
    }
}
