//! The repeating unit.

use burn::module::{Module, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Operation};
use zoo_layers::shape::{ShapeError, Window};
use zoo_layers::{Activation, ActivationKind, ChannelLayerNorm, DropPath, DropPathMode, conv2d, init};

use crate::Permute;

/// Added to the variance in all of ConvNeXt's layer norms.
pub(crate) const EPS: f64 = 1e-6;

/// Spread of the initial weights.
pub(crate) const STD: f64 = 0.02;

/// What the layer scale begins with (Touvron et al. 2021, "Going deeper with image transformers").
const LAYER_SCALE: f64 = 1e-6;

/// 7x7 depthwise convolution, layer norm, 1x1 convolution to four times the channels, GELU, 1x1 convolution back, each
/// channel scaled by a learned factor, and the input added (Liu et al. 2022, figure 4). The 1x1 convolutions are fully
/// connected layers on `[batch, height, width, channels]`.
#[derive(Module, Debug)]
pub struct CNBlock {
    /// `[channels, 1, 1]`.
    layer_scale: Param<Tensor<3>>,
    block: (Conv2d, Permute, ChannelLayerNorm, Linear, Activation, Linear, Permute),
    stochastic_depth: DropPath,
}

impl CNBlock {
    /// For so many channels; while training, the branch is dropped with probability `stochastic_depth_prob`.
    pub fn new(channels: usize, stochastic_depth_prob: f64, device: &Device) -> Self {
        let depthwise = conv2d(channels, channels, [Window::new(7).padding(3); 2], channels, true, device);
        Self {
            layer_scale: Initializer::Constant { value: LAYER_SCALE }.init([channels, 1, 1], device),
            block: (
                init::normal_conv(depthwise, STD, 0.0, device),
                Permute::TO_CHANNELS_LAST,
                ChannelLayerNorm::new(channels, EPS, device),
                linear(channels, 4 * channels, device),
                Activation::new(ActivationKind::Gelu, device),
                linear(4 * channels, channels, device),
                Permute::TO_CHANNELS_FIRST,
            ),
            stochastic_depth: DropPath::new(stochastic_depth_prob, DropPathMode::Row),
        }
    }

    /// The shape `[batch, channels, height, width]` stays.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let (depthwise, channels_last, norm, wide, activation, narrow, channels_first) = &self.block;
        let branch = norm.forward(channels_last.forward(depthwise.forward(x.clone())));
        let branch = narrow.forward(activation.forward(wide.forward(branch)));
        let branch = channels_first.forward(branch) * self.layer_scale.val().unsqueeze();
        self.stochastic_depth.forward(branch) + x
    }
}

fn linear(in_features: usize, out_features: usize, device: &Device) -> Linear {
    let normal = Initializer::Normal { mean: 0.0, std: STD };
    let mut layer = LinearConfig::new(in_features, out_features).with_initializer(normal).init(device);
    layer.bias = Some(Initializer::Zeros.init([out_features], device));
    layer
}

/// One learned factor a channel.
#[derive(Debug, Clone)]
pub struct LayerScale {
    /// Channels.
    pub channels: usize,
}

impl Operation for LayerScale {
    fn name(&self) -> &'static str {
        "LayerScale"
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
    fn params(&self) -> usize {
        self.channels
    }
}

impl Describe for CNBlock {
    fn describe(&self) -> Node {
        let (depthwise, channels_last, norm, wide, activation, narrow, channels_first) = &self.block;
        let block = Node::sequential([
            depthwise.describe(),
            channels_last.describe(),
            norm.describe(),
            wide.describe(),
            activation.describe(),
            narrow.describe(),
            channels_first.describe(),
        ]);
        let scale = Flow::op("layer_scale", LayerScale { channels: self.layer_scale.lazy_shape()[0] });
        Node::tree("CNBlock", [("block", block), ("stochastic_depth", self.stochastic_depth.describe())])
            .with_flow(Flow::Sum(vec![Flow::Chain(vec![Flow::Child(0), scale, Flow::Child(1)]), Flow::Chain(vec![])]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_fresh_block_is_nearly_the_identity() {
        let device = Device::flex();
        let mut block = CNBlock::new(4, 0.5, &device);
        let x = Tensor::<4>::random([2, 4, 3, 5], burn::tensor::Distribution::Default, &device);
        assert_eq!(block.forward(x.clone()).dims(), [2, 4, 3, 5]);
        let difference = |block: &CNBlock| (block.forward(x.clone()) - x.clone()).abs().max().into_scalar::<f32>();
        let fresh = difference(&block);
        assert!(fresh < 1e-4, "{fresh}");
        block.layer_scale = block.layer_scale.map(|scale| scale.ones_like());
        assert!(difference(&block) > fresh);
        let trace = block.describe().trace([4, 3, 5]).unwrap();
        assert_eq!(trace.output, [4, 3, 5]);
        assert_eq!(trace.params, 4 + (4 * 49 + 4) + 8 + (4 * 16 + 16) + (16 * 4 + 4));
    }
}
