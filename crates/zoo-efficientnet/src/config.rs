//! The whole of EfficientNet's variety.

use zoo_core::{ModelInfo, Variant};

/// What a stage's blocks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Expansion, depthwise convolution, squeeze-and-excitation, projection.
    MbConv,
    /// Expansion and depthwise convolution as one; no squeeze-and-excitation (V2, figure 2).
    Fused,
}

/// A stage: a row of the papers' tables.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// What its blocks are.
    pub unit: Unit,
    /// Factor by which a block expands its input.
    pub expansion: usize,
    /// Side of the kernel.
    pub kernel_size: usize,
    /// Stride of the first block.
    pub stride: usize,
    /// Output channels, before the factor on widths.
    pub channels: usize,
    /// Number of blocks, before the factor on depths.
    pub repeats: usize,
}

/// What distinguishes the variants.
#[derive(Debug)]
pub struct EfficientNetSpec {
    /// Channels of the first convolution, before the factor.
    pub stem_channels: usize,
    /// The stages.
    pub stages: &'static [Stage],
    /// Channels of the last convolution; `None`: four times its input's.
    pub last_channels: Option<usize>,
    /// Factor on widths.
    pub width: f64,
    /// Factor on depths.
    pub depth: f64,
    /// Dropout before the last layer.
    pub dropout: f64,
    /// Batch normalisation: what is added to the variance.
    pub eps: f64,
    /// Batch normalisation: weight of the newest batch in the running statistics.
    pub momentum: f64,
}

const fn mb(expansion: usize, kernel_size: usize, stride: usize, channels: usize, repeats: usize) -> Stage {
    Stage { unit: Unit::MbConv, expansion, kernel_size, stride, channels, repeats }
}

const fn fused(expansion: usize, stride: usize, channels: usize, repeats: usize) -> Stage {
    Stage { unit: Unit::Fused, expansion, kernel_size: 3, stride, channels, repeats }
}

#[rustfmt::skip]
const B: &[Stage] = &[
    mb(1, 3, 1, 16, 1), mb(6, 3, 2, 24, 2), mb(6, 5, 2, 40, 2), mb(6, 3, 2, 80, 3), mb(6, 5, 1, 112, 3), mb(6, 5, 2, 192, 4),
    mb(6, 3, 1, 320, 1),
];
#[rustfmt::skip]
const S: &[Stage] = &[
    fused(1, 1, 24, 2), fused(4, 2, 48, 4), fused(4, 2, 64, 4),
    mb(4, 3, 2, 128, 6), mb(6, 3, 1, 160, 9), mb(6, 3, 2, 256, 15),
];
#[rustfmt::skip]
const M: &[Stage] = &[
    fused(1, 1, 24, 3), fused(4, 2, 48, 5), fused(4, 2, 80, 5),
    mb(4, 3, 2, 160, 7), mb(6, 3, 1, 176, 14), mb(6, 3, 2, 304, 18), mb(6, 3, 1, 512, 5),
];
#[rustfmt::skip]
const L: &[Stage] = &[
    fused(1, 1, 32, 4), fused(4, 2, 64, 7), fused(4, 2, 96, 7),
    mb(4, 3, 2, 192, 10), mb(6, 3, 1, 224, 19), mb(6, 3, 2, 384, 25), mb(6, 3, 1, 640, 7),
];

const fn row(name: &'static str, params: usize, side: usize, source: &'static str, spec: EfficientNetSpec) -> Variant<EfficientNetSpec> {
    Variant { info: ModelInfo { name, params, input: [3, side, side], num_classes: 1000, source }, spec }
}

/// B0 to B4: B0 with factors on widths and depths.
const fn b(width: f64, depth: f64, dropout: f64) -> EfficientNetSpec {
    EfficientNetSpec { stem_channels: 32, stages: B, last_channels: None, width, depth, dropout, eps: 1e-5, momentum: 0.1 }
}

/// B5 to B7: torchvision gives them TensorFlow's batch normalisation.
const fn b_large(width: f64, depth: f64, dropout: f64) -> EfficientNetSpec {
    EfficientNetSpec { eps: 1e-3, momentum: 0.01, ..b(width, depth, dropout) }
}

const fn v2(stem_channels: usize, stages: &'static [Stage], dropout: f64) -> EfficientNetSpec {
    EfficientNetSpec { stem_channels, stages, last_channels: Some(1280), eps: 1e-3, ..b(1.0, 1.0, dropout) }
}

const V1: &str = "arXiv 1905.11946, table 1 and section 3.3";
const V2: &str = "arXiv 2104.00298, table 4; as in torchvision";

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<EfficientNetSpec>] = &[
    //  name                 parameters  input          width depth dropout
    row("efficientnet_b0",     5_288_548, 224, V1, b(      1.0, 1.0, 0.2)),
    row("efficientnet_b1",     7_794_184, 240, V1, b(      1.0, 1.1, 0.2)),
    row("efficientnet_b2",     9_109_994, 288, V1, b(      1.1, 1.2, 0.3)),
    row("efficientnet_b3",    12_233_232, 300, V1, b(      1.2, 1.4, 0.3)),
    row("efficientnet_b4",    19_341_616, 380, V1, b(      1.4, 1.8, 0.4)),
    row("efficientnet_b5",    30_389_784, 456, V1, b_large(1.6, 2.2, 0.4)),
    row("efficientnet_b6",    43_040_704, 528, V1, b_large(1.8, 2.6, 0.5)),
    row("efficientnet_b7",    66_347_960, 600, V1, b_large(2.0, 3.1, 0.5)),
    row("efficientnet_v2_s",  21_458_488, 384, V2, v2(24, S, 0.2)),
    row("efficientnet_v2_m",  54_139_356, 480, V2, v2(24, M, 0.3)),
    row("efficientnet_v2_l", 118_515_272, 480, V2, v2(32, L, 0.4)),
];
