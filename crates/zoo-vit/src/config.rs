//! The whole of the Vision Transformer's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the variants (the paper's table 1).
#[derive(Debug)]
pub struct VitSpec {
    /// Side of a patch in pixels.
    pub patch_size: usize,
    /// Number of blocks.
    pub num_layers: usize,
    /// Channels of a token.
    pub hidden_dim: usize,
    /// Channels within a block's MLP.
    pub mlp_dim: usize,
    /// Attention heads.
    pub num_heads: usize,
}

const fn row(
    name: &'static str,
    [patch_size, num_layers, hidden_dim, mlp_dim, num_heads]: [usize; 5],
    params: usize,
    source: &'static str,
) -> Variant<VitSpec> {
    Variant {
        info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source },
        spec: VitSpec { patch_size, num_layers, hidden_dim, mlp_dim, num_heads },
    }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<VitSpec>] = &[
    //  name         patch, blocks, channels, MLP, heads  parameters
    row("vit_b_16", [16, 12,  768, 3072, 12],  86_567_656, "arXiv 2010.11929, table 1, ViT-Base"),
    row("vit_b_32", [32, 12,  768, 3072, 12],  88_224_232, "arXiv 2010.11929, table 1, ViT-Base"),
    row("vit_l_16", [16, 24, 1024, 4096, 16], 304_326_632, "arXiv 2010.11929, table 1, ViT-Large"),
    row("vit_l_32", [32, 24, 1024, 4096, 16], 306_535_400, "arXiv 2010.11929, table 1, ViT-Large"),
    row("vit_h_14", [14, 32, 1280, 5120, 16], 632_045_800, "arXiv 2010.11929, table 1, ViT-Huge"),
];
