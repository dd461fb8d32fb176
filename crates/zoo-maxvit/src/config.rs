//! The whole of MaxViT's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the variants (the paper's table 1).
#[derive(Debug)]
pub struct MaxVitSpec {
    /// Channels of the stem.
    pub stem_channels: usize,
    /// Channels of each block.
    pub block_channels: [usize; 4],
    /// Layers of each block; the first halves the resolution.
    pub block_layers: [usize; 4],
    /// Channels of an attention head.
    pub head_dim: usize,
    /// Rate of stochastic depth at the last layer.
    pub drop_path: f64,
}

/// Tokens along each side of a window and of the grid.
pub(crate) const PARTITION: usize = 7;

pub(crate) const VARIANTS: &[Variant<MaxVitSpec>] = &[Variant {
    info: ModelInfo {
        name: "maxvit_t",
        params: 30_919_624,
        input: [3, 224, 224],
        num_classes: 1000,
        source: "arXiv 2204.01697, table 1, MaxViT-T",
    },
    spec: MaxVitSpec { stem_channels: 64, block_channels: [64, 128, 256, 512], block_layers: [2, 2, 5, 2], head_dim: 32, drop_path: 0.2 },
}];

/// Whether each block of a model for pictures of this size makes maps that windows and grids fit into.
pub(crate) fn fits([height, width]: [usize; 2]) -> bool {
    let maps = |side: usize| {
        (0..4).scan(side.div_ceil(2), |size, _| {
            *size = size.div_ceil(2);
            Some(*size)
        })
    };
    maps(height).chain(maps(width)).all(|size| size.is_multiple_of(PARTITION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_torchvisions() {
        assert!(fits([224, 224]) && fits([448, 224]) && fits([221, 221]));
        assert!(!fits([112, 112]) && !fits([225, 225]) && !fits([224, 256]));
    }
}
