//! Layers on tokens, whose last axis holds the channels: what vision transformers stack besides attention.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Node};
use crate::{Activation, ActivationKind, ChannelLayerNorm};

/// A layer on the last axis of `[batch, ..., channels]`. A `Vec` of them is a module whose parameters are named by index, as
/// in PyTorch's `nn.Sequential`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the layers of a model are few
pub enum TokenLayer {
    /// Layer normalisation.
    Norm(ChannelLayerNorm),
    /// Fully connected layer.
    Linear(Linear),
    /// Activation.
    Activation(Activation),
    /// Dropout.
    Dropout(Dropout),
}

impl TokenLayer {
    /// Applies the layer to `[batch, ..., channels]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Norm(layer) => layer.forward(x),
            Self::Linear(layer) => layer.forward(x),
            Self::Activation(layer) => layer.forward(x),
            Self::Dropout(layer) => layer.forward(x),
        }
    }
}

impl Describe for TokenLayer {
    fn describe(&self) -> Node {
        match self {
            Self::Norm(layer) => layer.describe(),
            Self::Linear(layer) => layer.describe(),
            Self::Activation(layer) => layer.describe(),
            Self::Dropout(layer) => layer.describe(),
        }
    }
}

/// Applies the layers in order to `[batch, ..., channels]`.
pub fn forward_tokens<const D: usize>(layers: &[TokenLayer], x: Tensor<D>) -> Tensor<D> {
    layers.iter().fold(x, |x, layer| layer.forward(x))
}

/// A fully connected layer on tokens, drawn by these initialisers; no bias without the second.
pub fn linear(in_features: usize, out_features: usize, weight: &Initializer, bias: Option<&Initializer>, device: &Device) -> Linear {
    let config = LinearConfig::new(in_features, out_features).with_bias(false).with_initializer(weight.clone());
    Linear { bias: bias.map(|bias| bias.init([out_features], device)), ..config.init(device) }
}

/// The two layers of a transformer block (torchvision's `MLP` with GELU): widen, activate, narrow, with dropout after each.
/// The parameters are `0.weight`, `0.bias`, `3.weight` and `3.bias`.
pub fn mlp([first, second]: [Linear; 2], dropout: f64, device: &Device) -> Vec<TokenLayer> {
    let drop = || TokenLayer::Dropout(DropoutConfig::new(dropout).init());
    let gelu = TokenLayer::Activation(Activation::new(ActivationKind::Gelu, device));
    vec![TokenLayer::Linear(first), gelu, drop(), TokenLayer::Linear(second), drop()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn layers_work_on_the_last_axis_whatever_is_before_it() {
        let device = Device::flex();
        let uniform = Initializer::Uniform { min: -1.0, max: 1.0 };
        let draw = |i, o| linear(i, o, &uniform, Some(&Initializer::Ones), &device);
        let layers = mlp([draw(3, 12), draw(12, 3)], 0.0, &device);
        let x = Tensor::<3>::random([2, 5, 3], burn::tensor::Distribution::Default, &device);
        let flat = forward_tokens(&layers, x.clone().reshape([10, 3]));
        let difference = forward_tokens(&layers, x).reshape([10, 3]) - flat;
        assert!(difference.abs().max().into_scalar::<f32>() < 1e-6);
        let trace = layers.describe().trace([1, 5, 3]).unwrap();
        assert_eq!((trace.output, trace.params), (vec![1, 5, 3], 3 * 12 + 12 + 12 * 3 + 3));
        assert_eq!(layers.describe().on_map(1).trace([3, 1, 5]).unwrap().macs, trace.macs);
    }
}
