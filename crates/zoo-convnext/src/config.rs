//! The whole of ConvNeXt's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the variants.
#[derive(Debug)]
pub struct ConvNeXtSpec {
    /// Channels of the four stages (the paper's C).
    pub channels: [usize; 4],
    /// Blocks of the four stages (the paper's B).
    pub num_layers: [usize; 4],
    /// Stochastic depth at the last block, in `[0, 1)`; it grows from zero at the first.
    pub stochastic_depth_prob: f64,
}

const fn row(
    name: &'static str,
    channels: [usize; 4],
    third: usize,
    stochastic_depth_prob: f64,
    params: usize,
    source: &'static str,
) -> Variant<ConvNeXtSpec> {
    Variant {
        info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source },
        spec: ConvNeXtSpec { channels, num_layers: [3, 3, third, 3], stochastic_depth_prob },
    }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<ConvNeXtSpec>] = &[
    //  name              channels               blocks of stage 3   parameters
    row("convnext_tiny",  [96, 192, 384, 768],    9, 0.1,            28_589_128, "arXiv 2201.03545, section 3, ConvNeXt-T"),
    row("convnext_small", [96, 192, 384, 768],   27, 0.4,            50_223_688, "arXiv 2201.03545, section 3, ConvNeXt-S"),
    row("convnext_base",  [128, 256, 512, 1024], 27, 0.5,            88_591_464, "arXiv 2201.03545, section 3, ConvNeXt-B"),
    row("convnext_large", [192, 384, 768, 1536], 27, 0.5,           197_767_336, "arXiv 2201.03545, section 3, ConvNeXt-L"),
];
