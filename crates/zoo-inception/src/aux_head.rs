//! The auxiliary head, which classifies from the last 17x17 map while training.

use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, FullyConnected, maps};

use crate::mixed::{conv, same};

const POOL: Window = Window::new(5).stride(3);
const CONV: Window = Window::new(5);
const CHANNELS: usize = 768;

/// 5x5 average pooling of stride 3, a 1x1 and a 5x5 convolution, average pooling, the classes. Szegedy et al. 2015,
/// section 4 and figure 8.
#[derive(Module, Debug)]
pub struct InceptionAux {
    conv0: BasicConv2d,
    conv1: BasicConv2d,
    fc: Option<FullyConnected>,
}

impl InceptionAux {
    /// Without its last layer: see [`InceptionAux::reset`].
    pub fn new(in_channels: usize, device: &Device) -> Self {
        Self { conv0: conv(in_channels, 128, same(1, 1), device), conv1: conv(128, CHANNELS, [CONV; 2], device), fc: None }
    }

    /// Puts a fresh last layer for so many classes in place; 0 leaves it out.
    pub fn reset(&mut self, num_classes: usize, device: &Device) {
        self.fc = (num_classes > 0).then(|| FullyConnected::normal(CHANNELS, num_classes, 0.001, 0.0, device));
    }

    /// Logits `[batch, num_classes]` of a map `[batch, in_channels, height, width]`; none without a last layer, or where the
    /// map has less than 17 pixels along an axis, too few for the two 5x5 windows.
    pub fn forward(&self, x: Tensor<4>) -> Option<Tensor<2>> {
        let fc = self.fc.as_ref()?;
        let fits = |size: &usize| POOL.conv_output(*size).and_then(|size| CONV.conv_output(size)).is_ok();
        if !x.dims()[2..].iter().all(fits) {
            return None;
        }
        let pooled = maps::avg_pool2d(&AvgPool2dConfig::new([5, 5]).with_strides([3, 3]).init(), x);
        let map = self.conv1.forward(self.conv0.forward(pooled));
        Some(fc.forward(maps::adaptive_avg_pool2d(&AdaptiveAvgPool2dConfig::new([1, 1]).init(), map).flatten(1, 3)))
    }
}

impl Describe for InceptionAux {
    fn describe(&self) -> Node {
        let fc = self.fc.as_ref().map(|fc| ("fc", fc.describe()));
        let last = fc.is_some().then_some(Flow::Child(2));
        let steps = [
            Flow::op("avg_pool2d", ops::Pool2d { max: false, windows: [POOL; 2], ceil_mode: false }),
            Flow::Child(0),
            Flow::Child(1),
            Flow::op("adaptive_avg_pool2d", ops::AdaptiveAvgPool2d { output_size: [1, 1], as_int: false }),
            Flow::op("flatten", ops::Flatten),
        ];
        Node::tree("InceptionAux", [("conv0", self.conv0.describe()), ("conv1", self.conv1.describe())].into_iter().chain(fc))
            .with_flow(Flow::Chain(steps.into_iter().chain(last).collect()))
    }
}
