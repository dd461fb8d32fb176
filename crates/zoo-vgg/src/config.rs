//! The whole of VGG's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// One step of a configuration, as a cell of the paper's table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A 3x3 convolution to so many channels, padding 1.
    Conv(usize),
    /// A 1x1 convolution to so many channels (configuration C).
    Conv1(usize),
    /// Local response normalisation (configuration A-LRN).
    Lrn,
    /// 2x2 max pooling, stride 2.
    Pool,
}
use Step::{Conv, Conv1, Lrn, Pool};

/// What distinguishes the variants.
#[derive(Debug)]
pub struct VggSpec {
    /// A column of the paper's table 1.
    pub layout: &'static [Step],
    /// Whether batch normalisation follows each convolution.
    pub batch_norm: bool,
}

const A: &[Step] = &[Conv(64), Pool, Conv(128), Pool, Conv(256), Conv(256), Pool, Conv(512), Conv(512), Pool, Conv(512), Conv(512), Pool];
const A_LRN: &[Step] =
    &[Conv(64), Lrn, Pool, Conv(128), Pool, Conv(256), Conv(256), Pool, Conv(512), Conv(512), Pool, Conv(512), Conv(512), Pool];
#[rustfmt::skip]
const B: &[Step] = &[
    Conv(64), Conv(64), Pool, Conv(128), Conv(128), Pool, Conv(256), Conv(256), Pool,
    Conv(512), Conv(512), Pool, Conv(512), Conv(512), Pool,
];
#[rustfmt::skip]
const C: &[Step] = &[
    Conv(64), Conv(64), Pool, Conv(128), Conv(128), Pool, Conv(256), Conv(256), Conv1(256), Pool,
    Conv(512), Conv(512), Conv1(512), Pool, Conv(512), Conv(512), Conv1(512), Pool,
];
#[rustfmt::skip]
const D: &[Step] = &[
    Conv(64), Conv(64), Pool, Conv(128), Conv(128), Pool, Conv(256), Conv(256), Conv(256), Pool,
    Conv(512), Conv(512), Conv(512), Pool, Conv(512), Conv(512), Conv(512), Pool,
];
#[rustfmt::skip]
const E: &[Step] = &[
    Conv(64), Conv(64), Pool, Conv(128), Conv(128), Pool, Conv(256), Conv(256), Conv(256), Conv(256), Pool,
    Conv(512), Conv(512), Conv(512), Conv(512), Pool, Conv(512), Conv(512), Conv(512), Conv(512), Pool,
];

const fn row(name: &'static str, layout: &'static [Step], batch_norm: bool, params: usize, source: &'static str) -> Variant<VggSpec> {
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec: VggSpec { layout, batch_norm } }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<VggSpec>] = &[
    //  name        layout  norm   parameters
    row("vgg11",     A,     false, 132_863_336, "arXiv 1409.1556, table 1, A"),
    row("vgg11_lrn", A_LRN, false, 132_863_336, "arXiv 1409.1556, table 1, A-LRN"),
    row("vgg11_bn",  A,     true,  132_868_840, "arXiv 1409.1556, table 1, A; batch norm as in torchvision"),
    row("vgg13",     B,     false, 133_047_848, "arXiv 1409.1556, table 1, B"),
    row("vgg13_bn",  B,     true,  133_053_736, "arXiv 1409.1556, table 1, B; batch norm as in torchvision"),
    row("vgg16_c",   C,     false, 133_638_952, "arXiv 1409.1556, table 1, C"),
    row("vgg16",     D,     false, 138_357_544, "arXiv 1409.1556, table 1, D"),
    row("vgg16_bn",  D,     true,  138_365_992, "arXiv 1409.1556, table 1, D; batch norm as in torchvision"),
    row("vgg19",     E,     false, 143_667_240, "arXiv 1409.1556, table 1, E"),
    row("vgg19_bn",  E,     true,  143_678_248, "arXiv 1409.1556, table 1, E; batch norm as in torchvision"),
];
