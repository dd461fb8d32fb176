//! The numbers of one network, which a row of the table and the options give together.

use zoo_core::{BuildError, BuildOptions, Setting, Variant};

use crate::config::DenseNetSpec;

/// Deeper and wider networks would take gigabytes for their running statistics alone.
const MAX_DEPTH: usize = 1000;
const MAX_MAPS: usize = 65_536;

/// What a network is built from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Feature maps that each layer adds.
    pub growth_rate: usize,
    /// Layers of the first three dense blocks.
    pub blocks: [usize; 3],
    /// Layers of the fourth, where there is one.
    pub fourth_block: Option<usize>,
    /// Feature maps of the first convolution.
    pub num_init_features: usize,
    /// Whether layers have bottlenecks and transitions halve the feature maps (BC).
    pub bc: bool,
    /// Whether it is made for 32x32 pictures: no stride before the first block, dropout as in the paper.
    pub small: bool,
}

impl Plan {
    /// # Errors
    /// [`BuildError::BadOption`] for a depth that does not come out even, [`BuildError::Unsupported`] for a depth or a
    /// growth rate where the table fixes them.
    pub fn new(variant: &Variant<DenseNetSpec>, options: &BuildOptions) -> Result<Self, BuildError> {
        match variant.spec {
            DenseNetSpec::Large { growth_rate, block_config, num_init_features } => {
                let fixed = [Setting::Depth, Setting::GrowthRate];
                match options.settings().into_iter().find(|setting| fixed.contains(setting)) {
                    Some(setting) => Err(BuildError::Unsupported { name: variant.info.name, option: setting.name() }),
                    None => {
                        let [first, second, third, fourth] = block_config;
                        let blocks = [first, second, third];
                        Ok(Self { growth_rate, blocks, fourth_block: Some(fourth), num_init_features, bc: true, small: false })
                    }
                }
            }
            DenseNetSpec::Small { growth_rate, depth, bc } => {
                Self::small(options.growth_rate.unwrap_or(growth_rate), options.depth.unwrap_or(depth), bc)
            }
        }
    }

    /// Besides the layers of three blocks, a network has the first convolution, two transitions and the last layer.
    fn small(growth_rate: usize, depth: usize, bc: bool) -> Result<Self, BuildError> {
        let bad = |option, value: usize, must_be| Err(BuildError::BadOption { option, value: value.to_string(), must_be });
        let layers = depth.saturating_sub(4);
        let (convolutions, must_be) =
            if bc { (6, "6n + 4 with a whole n, from 10 to 1000") } else { (3, "3n + 4 with a whole n, from 7 to 1000") };
        if layers == 0 || !layers.is_multiple_of(convolutions) || depth > MAX_DEPTH {
            return bad("depth", depth, must_be);
        }
        if growth_rate == 0 || growth_rate > MAX_MAPS / depth {
            return bad("growth_rate", growth_rate, "at least 1 and at most 65536 / depth");
        }
        let num_init_features = if bc { 2 * growth_rate } else { 16 };
        Ok(Self { growth_rate, blocks: [layers / convolutions; 3], fourth_block: None, num_init_features, bc, small: true })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn depth_is_three_blocks_and_four_layers() {
        assert_eq!(Plan::small(12, 40, false).unwrap().blocks, [12; 3]);
        assert_eq!(Plan::small(12, 100, true).unwrap().blocks, [16; 3]);
        assert_eq!(Plan::small(40, 190, true).unwrap().num_init_features, 80);
        for (depth, bc) in [(0, false), (4, false), (41, false), (1003, false), (4, true), (43, true)] {
            assert!(matches!(Plan::small(12, depth, bc), Err(BuildError::BadOption { option: "depth", .. })), "{depth} {bc}");
        }
        assert!(matches!(Plan::small(4000, 100, false), Err(BuildError::BadOption { option: "growth_rate", .. })));
    }
}
