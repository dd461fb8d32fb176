//! Layer normalisation with PyTorch's parameter names.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Node, ops};
use crate::precision::in_wide;

/// Layer normalisation over channels (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>), with the biased variance as in
/// PyTorch.
#[derive(Module, Debug)]
pub struct ChannelLayerNorm {
    /// Scale, `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// Shift, `[channels]`.
    pub bias: Param<Tensor<1>>,
    eps: f64,
}

impl ChannelLayerNorm {
    /// For so many channels; transformers and ConvNeXt use an `eps` of 1e-6, PyTorch's default is 1e-5.
    pub fn new(channels: usize, eps: f64, device: &Device) -> Self {
        Self { weight: Initializer::Ones.init([channels], device), bias: Initializer::Zeros.init([channels], device), eps }
    }

    /// Normalises the last axis: `[..., channels]`; the shape stays.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.normalised(x, D - 1) * self.weight.val().unsqueeze() + self.bias.val().unsqueeze()
    }

    /// Normalises the channels of `[batch, channels, height, width]` (torchvision's `LayerNorm2d`); the shape stays.
    pub fn forward_map(&self, x: Tensor<4>) -> Tensor<4> {
        let channels = self.weight.lazy_shape()[0];
        self.normalised(x, 1) * self.weight.val().reshape([1, channels, 1, 1]) + self.bias.val().reshape([1, channels, 1, 1])
    }

    fn normalised<const D: usize>(&self, x: Tensor<D>, axis: usize) -> Tensor<D> {
        in_wide(x, |x| {
            let (var, mean) = x.clone().var_mean_bias(axis);
            (x - mean) / (var + self.eps).sqrt()
        })
    }

    /// As `LayerNorm2d`, where [`ChannelLayerNorm::forward_map`] is used.
    pub fn describe_map(&self) -> Node {
        Node::leaf(ops::LayerNorm { channels: self.weight.lazy_shape()[0], eps: self.eps, of_map: true })
    }
}

impl Describe for ChannelLayerNorm {
    fn describe(&self) -> Node {
        Node::leaf(ops::LayerNorm { channels: self.weight.lazy_shape()[0], eps: self.eps, of_map: false })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_forms_agree_with_the_formula() {
        let device = Device::flex();
        let norm = ChannelLayerNorm::new(4, 1e-6, &device);
        let x = Tensor::<2>::from_floats([[1.0, 2.0, 3.0, 6.0]], &device);
        // Mean 3, biased variance 3.5.
        let want: Vec<f32> = [1.0f32, 2.0, 3.0, 6.0].map(|v| (v - 3.0) / 3.5f32.sqrt()).to_vec();
        let last = norm.forward(x.clone()).into_data().try_to_vec::<f32>().unwrap();
        let map = norm.forward_map(x.reshape([1, 4, 1, 1])).into_data().try_to_vec::<f32>().unwrap();
        assert!(last.iter().chain(&map).zip(want.iter().chain(&want)).all(|(a, b)| (a - b).abs() < 1e-6), "{last:?} {map:?}");
        assert_eq!(norm.describe().to_torch(), "LayerNorm((4,), eps=1e-06, elementwise_affine=True, bias=True)");
    }
}
