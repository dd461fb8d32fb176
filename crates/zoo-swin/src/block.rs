//! The repeating units: the block, and the merging of patches between stages.

use burn::module::Module;
use burn::nn::{Initializer, Linear};
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor};
use zoo_layers::{ChannelLayerNorm, DropPath, DropPathMode, TokenLayer, forward_tokens, linear, mlp};

use crate::attention::WindowAttention;
use crate::config::Version;

/// PyTorch's default for layer norms.
pub const EPS: f64 = 1e-5;

/// How all of Swin's fully connected layers begin.
pub fn normal() -> Initializer {
    Initializer::Normal { mean: 0.0, std: 0.02 }
}

/// Attention in windows and an MLP, each beside a shortcut (figure 3b of the first paper, figure 1 of the second).
#[derive(Module, Debug)]
pub struct SwinBlock {
    pub(crate) norm1: ChannelLayerNorm,
    pub(crate) attn: WindowAttention,
    pub(crate) stochastic_depth: DropPath,
    pub(crate) norm2: ChannelLayerNorm,
    pub(crate) mlp: Vec<TokenLayer>,
    #[module(skip)]
    pub(crate) version: Version,
}

/// What a block needs to know.
#[derive(Debug, Clone, Copy)]
pub struct BlockSpec {
    pub version: Version,
    pub channels: usize,
    pub heads: usize,
    pub shift: usize,
    pub dropout: f64,
    pub drop_path: f64,
}

impl SwinBlock {
    pub(crate) fn new(spec: BlockSpec, device: &Device) -> Self {
        let (channels, hidden) = (spec.channels, 4 * spec.channels);
        let layer = |i, o| linear(i, o, &normal(), Some(&Initializer::Zeros), device);
        Self {
            norm1: ChannelLayerNorm::new(channels, EPS, device),
            attn: WindowAttention::new(spec.version, channels, spec.heads, spec.shift, spec.dropout, device),
            stochastic_depth: DropPath::new(spec.drop_path, DropPathMode::Row),
            norm2: ChannelLayerNorm::new(channels, EPS, device),
            mlp: mlp([layer(channels, hidden), layer(hidden, channels)], spec.dropout, device),
            version: spec.version,
        }
    }

    /// # Shapes
    /// - input and output: `[batch, height, width, channels]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let drop = |branch| self.stochastic_depth.forward(branch);
        match self.version {
            Version::V1 => {
                let x = x.clone() + drop(self.attn.forward(self.norm1.forward(x)));
                x.clone() + drop(forward_tokens(&self.mlp, self.norm2.forward(x)))
            }
            Version::V2 => {
                let x = x.clone() + drop(self.norm1.forward(self.attn.forward(x)));
                x.clone() + drop(self.norm2.forward(forward_tokens(&self.mlp, x)))
            }
        }
    }
}

/// Joins each 2x2 patches to one of twice the channels (section 3.1 of the first paper). Odd sizes are padded with zeros.
#[derive(Module, Debug)]
pub struct PatchMerging {
    pub(crate) reduction: Linear,
    pub(crate) norm: ChannelLayerNorm,
    #[module(skip)]
    pub(crate) version: Version,
}

impl PatchMerging {
    pub(crate) fn new(version: Version, channels: usize, device: &Device) -> Self {
        let normed = if version == Version::V1 { 4 * channels } else { 2 * channels };
        Self {
            reduction: linear(4 * channels, 2 * channels, &normal(), None, device),
            norm: ChannelLayerNorm::new(normed, EPS, device),
            version,
        }
    }

    /// # Shapes
    /// - input: `[batch, height, width, channels]`
    /// - output: `[batch, ceil(height / 2), ceil(width / 2), 2 * channels]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let joined = join_patches(x);
        match self.version {
            Version::V1 => self.reduction.forward(self.norm.forward(joined)),
            Version::V2 => self.norm.forward(self.reduction.forward(joined)),
        }
    }
}

/// `[batch, height, width, channels]` to `[batch, ceil(height / 2), ceil(width / 2), 4 * channels]`, the four patches in the
/// order upper left, lower left, upper right, lower right.
fn join_patches(x: Tensor<4>) -> Tensor<4> {
    let [batch, height, width, channels] = x.dims();
    let padded = height % 2 == 1 || width % 2 == 1;
    let x = if padded { x.pad([(0, height % 2), (0, width % 2), (0, 0)], PadMode::Constant(0.0)) } else { x };
    let [h, w] = [height.div_ceil(2), width.div_ceil(2)];
    // [batch, h, 2 (below), w, 2 (right), channels]: the column counts before the row.
    x.reshape([batch, h, 2, w, 2, channels]).permute([0, 1, 3, 4, 2, 5]).reshape([batch, h, w, 4 * channels])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Int;

    #[test]
    fn patches_are_joined_column_by_column_and_odd_sizes_padded() {
        let x = Tensor::<1, Int>::arange(1..7, &Device::flex()).float().reshape([1, 2, 3, 1]);
        let joined = join_patches(x);
        assert_eq!(joined.dims(), [1, 1, 2, 4]);
        assert_eq!(joined.into_data().try_to_vec::<f32>().unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 0.0, 0.0]);
    }

    #[test]
    fn version_two_normalises_after_the_branch() {
        let device = Device::flex();
        for version in [Version::V1, Version::V2] {
            let spec = BlockSpec { version, channels: 8, heads: 2, shift: 0, dropout: 0.0, drop_path: 0.0 };
            // Large, so that even what small weights make of it is far above the norm's eps; of either sign, so that the two
            // branches do not cancel.
            let x = Tensor::<4>::random([1, 8, 8, 8], burn::tensor::Distribution::Normal(0.0, 1000.0), &device);
            let branch = SwinBlock::new(spec, &device).forward(x.clone()) - x;
            // Two normalised branches have a mean square of about two; branches of small weights almost nothing.
            let size = branch.powi_scalar(2).mean().into_scalar::<f32>();
            assert_eq!(size > 0.5, version == Version::V2, "{version:?}: {size}");
        }
    }
}
