//! The whole of MnasNet's variety.

use zoo_core::{ModelInfo, Variant};

/// A stack of equal blocks of B1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack {
    /// Output channels, at width 1.
    pub channels: usize,
    /// Side of the depthwise kernel.
    pub kernel_size: usize,
    /// Stride of the first block.
    pub stride: usize,
    /// Factor by which a block expands its input.
    pub expansion: usize,
    /// Number of blocks.
    pub repeats: usize,
}

/// What distinguishes the variants of B1.
#[derive(Debug)]
pub struct MnasNetSpec {
    /// Factor on all widths but the last convolution's.
    pub width: f64,
}

/// A stage of A1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct A1Stage {
    /// The stack of blocks.
    pub stack: Stack,
    /// Whether its blocks squeeze to a quarter of their input's channels.
    pub squeeze_excite: bool,
}

/// What A1 is built from.
#[derive(Debug)]
pub struct A1Spec {
    /// The stages after the first, in order.
    pub stages: &'static [A1Stage],
}

const fn stack(channels: usize, kernel_size: usize, stride: usize, expansion: usize, repeats: usize) -> Stack {
    Stack { channels, kernel_size, stride, expansion, repeats }
}

const fn stage(squeeze_excite: bool, stack: Stack) -> A1Stage {
    A1Stage { stack, squeeze_excite }
}

/// Channels of B1's first convolution and of the separable one after it, in both architectures.
pub(crate) const STEM: [usize; 2] = [32, 16];

/// Channels of the last convolution.
pub(crate) const HEAD: usize = 1280;

/// B1's stacks.
#[rustfmt::skip]
pub(crate) const B1: &[Stack] = &[
    //    channels kernel stride expansion repeats
    stack(24,      3,     2,     3,        3),
    stack(40,      5,     2,     3,        3),
    stack(80,      5,     2,     6,        3),
    stack(96,      3,     1,     6,        2),
    stack(192,     5,     2,     6,        4),
    stack(320,     3,     1,     6,        1),
];

#[rustfmt::skip]
const A1: &[A1Stage] = &[
    stage(false, stack(24,  3, 2, 6, 2)),
    stage(true,  stack(40,  5, 2, 3, 3)),
    stage(false, stack(80,  3, 2, 6, 4)),
    stage(true,  stack(112, 3, 1, 6, 2)),
    stage(true,  stack(160, 5, 2, 6, 3)),
    stage(false, stack(320, 3, 1, 6, 1)),
];

const fn row<S>(name: &'static str, params: usize, source: &'static str, spec: S) -> Variant<S> {
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec }
}

const B1_SOURCE: &str = "arXiv 1807.11626, B1 as in torchvision";

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<MnasNetSpec>] = &[
    row("mnasnet0_5",  2_218_512, B1_SOURCE, MnasNetSpec { width: 0.5 }),
    row("mnasnet0_75", 3_170_208, B1_SOURCE, MnasNetSpec { width: 0.75 }),
    row("mnasnet1_0",  4_383_312, B1_SOURCE, MnasNetSpec { width: 1.0 }),
    row("mnasnet1_3",  6_282_256, B1_SOURCE, MnasNetSpec { width: 1.3 }),
];

pub(crate) const A1_VARIANTS: &[Variant<A1Spec>] = &[row("semnasnet_100", 3_887_038, "arXiv 1807.11626, figure 7", A1Spec { stages: A1 })];
