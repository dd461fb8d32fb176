//! The whole of ConvMixer's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};
use zoo_layers::ActivationKind;

/// What distinguishes the variants.
#[derive(Debug)]
pub struct ConvMixerSpec {
    /// Channels (the paper's h).
    pub dim: usize,
    /// Number of blocks (its d).
    pub depth: usize,
    /// Side of the depthwise window (its k), odd.
    pub kernel_size: usize,
    /// Side of a patch in pixels (its p).
    pub patch_size: usize,
    /// Activation.
    pub activation: ActivationKind,
}

const fn row(
    name: &'static str,
    [dim, depth, kernel_size, patch_size]: [usize; 4],
    activation: ActivationKind,
    params: usize,
    source: &'static str,
) -> Variant<ConvMixerSpec> {
    Variant {
        info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source },
        spec: ConvMixerSpec { dim, depth, kernel_size, patch_size, activation },
    }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<ConvMixerSpec>] = &[
    //  name                          h, d, k, p       activation             parameters
    row("convmixer_768_32",          [ 768, 32, 7,  7], ActivationKind::Relu, 21_110_248, "arXiv 2201.09792, table 1, ConvMixer-768/32"),
    row("convmixer_1024_20_ks9_p14", [1024, 20, 9, 14], ActivationKind::Gelu, 24_383_464, "arXiv 2201.09792, ConvMixer-1024/20 with k = 9 and p = 14"),
    row("convmixer_1536_20",         [1536, 20, 9,  7], ActivationKind::Gelu, 51_625_960, "arXiv 2201.09792, table 1, ConvMixer-1536/20"),
];
