//! Attention within windows, and on a grid over the whole map.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear};
use burn::tensor::{Device, Tensor};
use zoo_layers::{
    Activation, ActivationKind, ChannelLayerNorm, DropPath, DropPathMode, TokenLayer, attend, departition, forward_tokens, linear,
    partition, relative_position_bias, split_heads,
};

use crate::config::PARTITION;
use crate::mbconv::STD;

/// What PyTorch adds to a layer norm's variance.
pub const EPS: f64 = 1e-5;

/// Which tokens see each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// Neighbours in a window of 7x7 (the paper's block attention).
    Window,
    /// 7x7 tokens at equal distances over the whole map (the paper's grid attention).
    Grid,
}

/// Attention among 49 tokens with a learned bias for each offset between two.
#[derive(Module, Debug)]
pub struct RelativeAttention {
    /// `[169, heads]`.
    pub(crate) relative_position_bias_table: Param<Tensor<2>>,
    pub(crate) to_qkv: Linear,
    pub(crate) merge: Linear,
    heads: usize,
}

/// Attention and an MLP, each beside a shortcut, on the groups of a partition (the paper's figure 3).
#[derive(Module, Debug)]
pub struct PartitionAttention {
    pub(crate) attn_layer: (ChannelLayerNorm, RelativeAttention, Dropout),
    pub(crate) mlp_layer: Vec<TokenLayer>,
    pub(crate) stochastic_dropout: DropPath,
    #[module(skip)]
    pub(crate) partition: Partition,
}

fn draw(inputs: usize, outputs: usize, device: &Device) -> Linear {
    linear(inputs, outputs, &Initializer::Normal { mean: 0.0, std: STD }, Some(&Initializer::Zeros), device)
}

impl RelativeAttention {
    fn new(channels: usize, head_dim: usize, device: &Device) -> Self {
        let heads = channels / head_dim;
        Self {
            relative_position_bias_table: Initializer::Normal { mean: 0.0, std: STD }.init([(2 * PARTITION - 1).pow(2), heads], device),
            to_qkv: draw(channels, 3 * channels, device),
            merge: draw(channels, channels, device),
            heads,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, groups, 49, channels]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, groups, tokens, channels] = x.dims();
        let [query, key, value] = split_heads(self.to_qkv.forward(x.reshape([batch * groups, tokens, channels])), self.heads);
        let bias = relative_position_bias(self.relative_position_bias_table.val(), PARTITION);
        let mixed = attend(query, key / (channels as f64).sqrt(), value, Some(bias));
        self.merge.forward(mixed).reshape([batch, groups, tokens, channels])
    }
}

impl PartitionAttention {
    pub(crate) fn new(partition: Partition, channels: usize, head_dim: usize, [dropout, drop_path]: [f64; 2], device: &Device) -> Self {
        let drop = || DropoutConfig::new(dropout).init();
        Self {
            attn_layer: (ChannelLayerNorm::new(channels, EPS, device), RelativeAttention::new(channels, head_dim, device), drop()),
            mlp_layer: vec![
                TokenLayer::Norm(ChannelLayerNorm::new(channels, EPS, device)),
                TokenLayer::Linear(draw(channels, 4 * channels, device)),
                TokenLayer::Activation(Activation::new(ActivationKind::Gelu, device)),
                TokenLayer::Linear(draw(4 * channels, channels, device)),
                TokenLayer::Dropout(drop()),
            ],
            stochastic_dropout: DropPath::new(drop_path, DropPathMode::Row),
            partition,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, height, width, channels]`, both sizes multiples of 7
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, height, width, _] = x.dims();
        let (norm, attention, dropout) = &self.attn_layer;
        let drop = |branch| self.stochastic_dropout.forward(branch);
        // A grid is the windows of height/7 x width/7 seen the other way: the tokens at one place of each.
        let window = match self.partition {
            Partition::Window => [PARTITION; 2],
            Partition::Grid => [height / PARTITION, width / PARTITION],
        };
        let turn = |groups: Tensor<4>| if self.partition == Partition::Grid { groups.swap_dims(1, 2) } else { groups };
        let x = turn(partition(x, window));
        let x = x.clone() + drop(dropout.forward(attention.forward(norm.forward(x))));
        let x = x.clone() + drop(forward_tokens(&self.mlp_layer, x));
        departition(turn(x), window, [height, width])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn tokens_see_their_window_or_their_grid() {
        let device = Device::flex();
        let x = Tensor::<4>::random([1, 14, 21, 8], Distribution::Default, &device);
        let changed = x.clone().slice_assign([0..1, 3..4, 10..11, 0..8], Tensor::ones([1, 1, 1, 8], &device) * 9.0);
        for partition in [Partition::Window, Partition::Grid] {
            let layer = PartitionAttention::new(partition, 8, 4, [0.0; 2], &device);
            let moved = (layer.forward(x.clone()) - layer.forward(changed.clone())).abs().max_dim(3);
            for (at, difference) in moved.into_data().try_to_vec::<f32>().unwrap().into_iter().enumerate() {
                let (y, x) = (at / 21, at % 21);
                let sees = match partition {
                    Partition::Window => y / 7 == 3 / 7 && x / 7 == 10 / 7,
                    Partition::Grid => y % 2 == 3 % 2 && x % 3 == 10 % 3,
                };
                assert_eq!(difference > 1e-9, sees, "{partition:?} {y} {x}: {difference}");
            }
        }
    }
}
