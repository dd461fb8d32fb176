//! The whole of MobileNet's variety: the papers' tables.

use zoo_core::{ModelInfo, Variant};
use zoo_layers::ActivationKind;

/// A sequence of equal blocks: a row of v2's table 2.
#[derive(Debug, Clone, Copy)]
pub struct Sequence {
    /// Expansion factor `t`.
    pub expansion: usize,
    /// Output channels `c`.
    pub channels: usize,
    /// Number of blocks `n`.
    pub repeats: usize,
    /// Stride `s` of the first.
    pub stride: usize,
}

/// A block: a row of v3's tables 1 and 2.
#[derive(Debug, Clone, Copy)]
pub struct Bottleneck {
    /// Side of the depthwise kernel.
    pub kernel_size: usize,
    /// Channels within ("exp size").
    pub expanded: usize,
    /// Output channels.
    pub channels: usize,
    /// Whether it has squeeze-and-excitation.
    pub squeeze_excite: bool,
    /// Its nonlinearity.
    pub activation: ActivationKind,
    /// Stride of the depthwise convolution.
    pub stride: usize,
}

/// What v1's only variant is built from: of each resolution the channels, the number of blocks and the stride of the
/// first (table 1).
#[derive(Debug)]
pub struct MobileNetV1Spec {
    /// `(channels, repeats, stride)`.
    pub stages: &'static [(usize, usize, usize)],
}

/// What distinguishes the variants of v2 and v3.
#[derive(Debug)]
pub enum MobileNetSpec {
    /// v2's sequences.
    V2(&'static [Sequence]),
    /// v3's blocks, and the width of the hidden layer in its head.
    V3(&'static [Bottleneck], usize),
}

const fn seq(expansion: usize, channels: usize, repeats: usize, stride: usize) -> Sequence {
    Sequence { expansion, channels, repeats, stride }
}

#[rustfmt::skip]
const V2: &[Sequence] = &[
    seq(1, 16, 1, 1), seq(6, 24, 2, 2), seq(6, 32, 3, 2), seq(6, 64, 4, 2), seq(6, 96, 3, 1), seq(6, 160, 3, 2), seq(6, 320, 1, 1),
];

const SE: bool = true;
const NO: bool = false;
const RE: ActivationKind = ActivationKind::Relu;
const HS: ActivationKind = ActivationKind::HardSwish;

const fn row(
    kernel_size: usize,
    expanded: usize,
    channels: usize,
    squeeze_excite: bool,
    activation: ActivationKind,
    stride: usize,
) -> Bottleneck {
    Bottleneck { kernel_size, expanded, channels, squeeze_excite, activation, stride }
}

const LARGE: &[Bottleneck] = &[
    row(3, 16, 16, NO, RE, 1),
    row(3, 64, 24, NO, RE, 2),
    row(3, 72, 24, NO, RE, 1),
    row(5, 72, 40, SE, RE, 2),
    row(5, 120, 40, SE, RE, 1),
    row(5, 120, 40, SE, RE, 1),
    row(3, 240, 80, NO, HS, 2),
    row(3, 200, 80, NO, HS, 1),
    row(3, 184, 80, NO, HS, 1),
    row(3, 184, 80, NO, HS, 1),
    row(3, 480, 112, SE, HS, 1),
    row(3, 672, 112, SE, HS, 1),
    row(5, 672, 160, SE, HS, 2),
    row(5, 960, 160, SE, HS, 1),
    row(5, 960, 160, SE, HS, 1),
];
const SMALL: &[Bottleneck] = &[
    row(3, 16, 16, SE, RE, 2),
    row(3, 72, 24, NO, RE, 2),
    row(3, 88, 24, NO, RE, 1),
    row(5, 96, 40, SE, HS, 2),
    row(5, 240, 40, SE, HS, 1),
    row(5, 240, 40, SE, HS, 1),
    row(5, 120, 48, SE, HS, 1),
    row(5, 144, 48, SE, HS, 1),
    row(5, 288, 96, SE, HS, 2),
    row(5, 576, 96, SE, HS, 1),
    row(5, 576, 96, SE, HS, 1),
];

const fn variant<S>(name: &'static str, params: usize, source: &'static str, spec: S) -> Variant<S> {
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec }
}

pub(crate) const V1_VARIANTS: &[Variant<MobileNetV1Spec>] = &[variant(
    "mobilenetv1_100",
    4_231_976,
    "arXiv 1704.04861, table 1",
    MobileNetV1Spec { stages: &[(64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 2)] },
)];

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<MobileNetSpec>] = &[
    variant("mobilenet_v2",       3_504_872, "arXiv 1801.04381, table 2", MobileNetSpec::V2(V2)),
    variant("mobilenet_v3_small", 2_542_856, "arXiv 1905.02244, table 2", MobileNetSpec::V3(SMALL, 1024)),
    variant("mobilenet_v3_large", 5_483_032, "arXiv 1905.02244, table 1", MobileNetSpec::V3(LARGE, 1280)),
];
