//! The repeating unit: attention and an MLP, each behind a layer normalisation and beside a shortcut.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear};
use burn::tensor::module::linear as apply;
use burn::tensor::{Device, Tensor};
use zoo_layers::{ChannelLayerNorm, DropPath, DropPathMode, TokenLayer, attend, forward_tokens, linear, mlp, split_heads};

use crate::VitSpec;

/// What torchvision's transformers add to a layer norm's variance.
pub const EPS: f64 = 1e-6;

/// Attention of all tokens to all (the paper's appendix A), with the keys of PyTorch's `MultiheadAttention`.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// Joint weight of queries, keys and values, `[3 * channels, channels]`: PyTorch keeps it so, and no `Linear` holds it.
    in_proj_weight: Param<Tensor<2>>,
    /// `[3 * channels]`.
    in_proj_bias: Param<Tensor<1>>,
    pub(crate) out_proj: Linear,
    heads: usize,
}

/// A block of the encoder (the paper's figure 1 and equations 2 and 3).
#[derive(Module, Debug)]
pub struct EncoderBlock {
    pub(crate) ln_1: ChannelLayerNorm,
    pub(crate) self_attention: MultiHeadAttention,
    pub(crate) dropout: Dropout,
    pub(crate) ln_2: ChannelLayerNorm,
    pub(crate) mlp: Vec<TokenLayer>,
    pub(crate) drop_path: DropPath,
}

/// Xavier's uniform bound (Glorot and Bengio 2010).
fn xavier(inputs: usize, outputs: usize) -> Initializer {
    let bound = (6.0 / (inputs + outputs) as f64).sqrt();
    Initializer::Uniform { min: -bound, max: bound }
}

impl MultiHeadAttention {
    fn new(channels: usize, heads: usize, device: &Device) -> Self {
        let bound = 1.0 / (channels as f64).sqrt();
        let default = Initializer::Uniform { min: -bound, max: bound };
        Self {
            in_proj_weight: xavier(channels, 3 * channels).init([3 * channels, channels], device),
            in_proj_bias: Initializer::Zeros.init([3 * channels], device),
            out_proj: linear(channels, channels, &default, Some(&Initializer::Zeros), device),
            heads,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, tokens, channels]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let width = x.dims()[2] / self.heads;
        let qkv = apply(x, self.in_proj_weight.val().swap_dims(0, 1), Some(self.in_proj_bias.val()));
        let [query, key, value] = split_heads(qkv, self.heads);
        self.out_proj.forward(attend(query / (width as f64).sqrt(), key, value, None))
    }

    /// Parameters of the joint layer.
    pub(crate) fn in_proj_params(&self) -> usize {
        self.in_proj_weight.lazy_shape().num_elements() + self.in_proj_bias.lazy_shape().num_elements()
    }
}

impl EncoderBlock {
    pub(crate) fn new(spec: &VitSpec, dropout: f64, drop_path: f64, device: &Device) -> Self {
        let (channels, hidden) = (spec.hidden_dim, spec.mlp_dim);
        let bias = Initializer::Normal { mean: 0.0, std: 1e-6 };
        let layer = |i, o| linear(i, o, &xavier(i, o), Some(&bias), device);
        Self {
            ln_1: ChannelLayerNorm::new(channels, EPS, device),
            self_attention: MultiHeadAttention::new(channels, spec.num_heads, device),
            dropout: DropoutConfig::new(dropout).init(),
            ln_2: ChannelLayerNorm::new(channels, EPS, device),
            mlp: mlp([layer(channels, hidden), layer(hidden, channels)], dropout, device),
            drop_path: DropPath::new(drop_path, DropPathMode::Row),
        }
    }

    /// # Shapes
    /// - input and output: `[batch, tokens, channels]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let attention = self.dropout.forward(self.self_attention.forward(self.ln_1.forward(x.clone())));
        let x = x + self.drop_path.forward(attention);
        let mlp = forward_tokens(&self.mlp, self.ln_2.forward(x.clone()));
        x + self.drop_path.forward(mlp)
    }
}
