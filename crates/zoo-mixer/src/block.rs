//! The repeating unit: an MLP over the places of a picture and one over its channels.

use burn::module::Module;
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use zoo_layers::{ChannelLayerNorm, DropPath, DropPathMode, NamedChildren, TokenLayer, forward_tokens, linear, mlp};

/// What is added to a layer norm's variance.
pub(crate) const EPS: f64 = 1e-6;

/// timm's names of an MLP's layers.
const MLP_LAYERS: [&str; 5] = ["fc1", "act", "drop1", "fc2", "drop2"];

/// Token mixing and channel mixing, each behind a layer normalisation and beside a shortcut (Tolstikhin et al. 2021, figure 1
/// and equation 1).
#[derive(Module, Debug)]
pub struct MixerBlock {
    pub(crate) norm1: ChannelLayerNorm,
    pub(crate) mlp_tokens: NamedChildren<TokenLayer>,
    pub(crate) drop_path: DropPath,
    pub(crate) norm2: ChannelLayerNorm,
    pub(crate) mlp_channels: NamedChildren<TokenLayer>,
}

/// Two fully connected layers with GELU between them, from `width` features to `hidden` and back: Xavier uniform weights
/// (Glorot and Bengio 2010), nearly zero biases.
fn widen(width: usize, hidden: usize, device: &Device) -> NamedChildren<TokenLayer> {
    let bound = (6.0 / (width + hidden) as f64).sqrt();
    let weight = Initializer::Uniform { min: -bound, max: bound };
    let bias = Initializer::Normal { mean: 0.0, std: 1e-6 };
    let layer = |inputs, outputs| linear(inputs, outputs, &weight, Some(&bias), device);
    let layers = mlp([layer(width, hidden), layer(hidden, width)], 0.0, device);
    MLP_LAYERS.map(str::to_owned).into_iter().zip(layers).collect()
}

impl MixerBlock {
    /// For so many tokens of so many channels; while training, each branch is dropped with probability `drop_path`.
    pub fn new(tokens: usize, channels: usize, drop_path: f64, device: &Device) -> Self {
        Self {
            norm1: ChannelLayerNorm::new(channels, EPS, device),
            mlp_tokens: widen(tokens, channels / 2, device),
            drop_path: DropPath::new(drop_path, DropPathMode::Row),
            norm2: ChannelLayerNorm::new(channels, EPS, device),
            mlp_channels: widen(channels, 4 * channels, device),
        }
    }

    /// # Shapes
    /// - input and output: `[batch, tokens, channels]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let places = self.norm1.forward(x.clone()).swap_dims(1, 2);
        let mixed = forward_tokens(&self.mlp_tokens, places).swap_dims(1, 2);
        let x = x + self.drop_path.forward(mixed);
        let mixed = forward_tokens(&self.mlp_channels, self.norm2.forward(x.clone()));
        x + self.drop_path.forward(mixed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Distribution;
    use zoo_core::Describe;

    #[test]
    fn the_token_mlp_mixes_places_and_the_channel_mlp_does_not() {
        let device = Device::flex();
        let block = MixerBlock::new(5, 8, 0.0, &device);
        let x = Tensor::<3>::random([1, 5, 8], Distribution::Default, &device);
        // Another last token.
        let other = Tensor::cat(vec![x.clone().narrow(1, 0, 4), Tensor::random([1, 1, 8], Distribution::Default, &device)], 1);
        let first_differs = |block: &MixerBlock| {
            let difference = (block.forward(x.clone()) - block.forward(other.clone())).narrow(1, 0, 1);
            difference.abs().max().into_scalar::<f32>() > 0.0
        };
        assert!(first_differs(&block));
        let zero = |layer: &TokenLayer| match layer {
            TokenLayer::Linear(_) => TokenLayer::Linear(linear(4, 5, &Initializer::Zeros, None, &device)),
            other => other.clone(),
        };
        let names = MLP_LAYERS.map(str::to_owned).into_iter();
        let silent = names.zip(block.mlp_tokens.iter().enumerate().map(|(i, layer)| if i == 3 { zero(layer) } else { layer.clone() }));
        assert!(!first_differs(&MixerBlock { mlp_tokens: silent.collect(), ..block.clone() }));
        assert_eq!(block.describe().params(), 16 + (5 * 4 + 4 + 4 * 5 + 5) + 16 + (8 * 32 + 32 + 32 * 8 + 8));
    }
}
