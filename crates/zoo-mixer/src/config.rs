//! The whole of MLP-Mixer's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the variants (the paper's table 1). The token-mixing MLP is half as wide as a token (its D_S), the
/// channel-mixing MLP four times as wide (its D_C), in all of them.
#[derive(Debug)]
pub struct MixerSpec {
    /// Side of a patch in pixels.
    pub patch_size: usize,
    /// Number of blocks.
    pub num_blocks: usize,
    /// Channels of a token (the paper's C).
    pub embed_dim: usize,
}

const fn row(
    name: &'static str,
    [patch_size, num_blocks, embed_dim]: [usize; 3],
    params: usize,
    source: &'static str,
) -> Variant<MixerSpec> {
    Variant {
        info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source },
        spec: MixerSpec { patch_size, num_blocks, embed_dim },
    }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<MixerSpec>] = &[
    //  name              patch, blocks, channels  parameters
    row("mixer_s32_224", [32,  8,  512],  19_104_624, "arXiv 2105.01601, table 1, S/32"),
    row("mixer_s16_224", [16,  8,  512],  18_528_264, "arXiv 2105.01601, table 1, S/16"),
    row("mixer_b32_224", [32, 12,  768],  60_293_428, "arXiv 2105.01601, table 1, B/32"),
    row("mixer_b16_224", [16, 12,  768],  59_880_472, "arXiv 2105.01601, table 1, B/16"),
    row("mixer_l32_224", [32, 24, 1024], 206_939_264, "arXiv 2105.01601, table 1, L/32"),
    row("mixer_l16_224", [16, 24, 1024], 208_196_168, "arXiv 2105.01601, table 1, L/16"),
];
