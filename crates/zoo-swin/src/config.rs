//! The whole of Swin's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// The two papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Normalisation before each branch, dot-product attention, a learned table of position biases (arXiv 2103.14030).
    V1,
    /// Normalisation after each branch, cosine attention, computed position biases (arXiv 2111.09883).
    V2,
}

impl Version {
    /// Side of a window of attention, in tokens.
    pub const fn window_size(self) -> usize {
        match self {
            Self::V1 => 7,
            Self::V2 => 8,
        }
    }
}

/// What distinguishes the variants.
#[derive(Debug)]
pub struct SwinSpec {
    /// Which paper.
    pub version: Version,
    /// Channels of the first stage; each further stage doubles them.
    pub embed_dim: usize,
    /// Blocks of each stage.
    pub depths: [usize; 4],
    /// Attention heads of each stage.
    pub num_heads: [usize; 4],
    /// Rate of stochastic depth at the last block.
    pub drop_path: f64,
}

/// Side of a patch in pixels.
pub(crate) const PATCH_SIZE: usize = 4;

const T: [usize; 4] = [2, 2, 6, 2];
const S: [usize; 4] = [2, 2, 18, 2];
const NARROW: [usize; 4] = [3, 6, 12, 24];
const WIDE: [usize; 4] = [4, 8, 16, 32];

const fn row(name: &'static str, spec: SwinSpec, params: usize) -> Variant<SwinSpec> {
    let source = match spec.version {
        Version::V1 => "arXiv 2103.14030, section 3.3",
        Version::V2 => "arXiv 2111.09883, section 3",
    };
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec }
}

const fn spec(version: Version, embed_dim: usize, depths: [usize; 4], num_heads: [usize; 4], drop_path: f64) -> SwinSpec {
    SwinSpec { version, embed_dim, depths, num_heads, drop_path }
}
use Version::{V1, V2};

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<SwinSpec>] = &[
    //  name                   channels, blocks, heads, drop path  parameters
    row("swin_t",    spec(V1,  96, T, NARROW, 0.2), 28_288_354),
    row("swin_s",    spec(V1,  96, S, NARROW, 0.3), 49_606_258),
    row("swin_b",    spec(V1, 128, S, WIDE,   0.5), 87_768_224),
    row("swin_v2_t", spec(V2,  96, T, NARROW, 0.2), 28_351_570),
    row("swin_v2_s", spec(V2,  96, S, NARROW, 0.3), 49_737_442),
    row("swin_v2_b", spec(V2, 128, S, WIDE,   0.5), 87_930_848),
];
