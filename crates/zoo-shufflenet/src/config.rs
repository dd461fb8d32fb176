//! The whole of ShuffleNet V2's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the variants: a column of the paper's table 5.
#[derive(Debug)]
pub struct ShuffleNetSpec {
    /// Units of stages 2, 3 and 4.
    pub stages_repeats: [usize; 3],
    /// Channels of the first convolution, of stages 2, 3 and 4, and of the last convolution.
    pub stages_out_channels: [usize; 5],
}

const fn row(name: &'static str, stages_out_channels: [usize; 5], params: usize, source: &'static str) -> Variant<ShuffleNetSpec> {
    Variant {
        info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source },
        spec: ShuffleNetSpec { stages_repeats: [4, 8, 4], stages_out_channels },
    }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<ShuffleNetSpec>] = &[
    //  name                  channels                    parameters
    row("shufflenet_v2_x0_5", [24,  48,  96, 192, 1024], 1_366_792, "arXiv 1807.11164, table 5, 0.5x"),
    row("shufflenet_v2_x1_0", [24, 116, 232, 464, 1024], 2_278_604, "arXiv 1807.11164, table 5, 1x"),
    row("shufflenet_v2_x1_5", [24, 176, 352, 704, 1024], 3_503_624, "arXiv 1807.11164, table 5, 1.5x"),
    row("shufflenet_v2_x2_0", [24, 244, 488, 976, 2048], 7_393_996, "arXiv 1807.11164, table 5, 2x"),
];
