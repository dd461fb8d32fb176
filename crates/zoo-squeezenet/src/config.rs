//! The two variants as data.

use zoo_core::{ModelInfo, Variant};

/// One step of the body, as a row of the paper's table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A convolution with stride 2 and without padding, and its ReLU: output channels and kernel size.
    Conv(usize, usize),
    /// 3x3 max pooling with stride 2; a partial last window counts.
    Pool,
    /// A Fire module: output channels of `squeeze`, `expand1x1` and `expand3x3`.
    Fire(usize, usize, usize),
}
use Step::{Conv, Fire, Pool};

/// What distinguishes the variants.
#[derive(Debug)]
pub struct SqueezeNetSpec {
    /// The layers before the classifier.
    pub layout: &'static [Step],
}

#[rustfmt::skip]
const V1_0: &[Step] = &[
    Conv(96, 7), Pool,
    Fire(16, 64, 64), Fire(16, 64, 64), Fire(32, 128, 128), Pool,
    Fire(32, 128, 128), Fire(48, 192, 192), Fire(48, 192, 192), Fire(64, 256, 256), Pool,
    Fire(64, 256, 256),
];
#[rustfmt::skip]
const V1_1: &[Step] = &[
    Conv(64, 3), Pool,
    Fire(16, 64, 64), Fire(16, 64, 64), Pool,
    Fire(32, 128, 128), Fire(32, 128, 128), Pool,
    Fire(48, 192, 192), Fire(48, 192, 192), Fire(64, 256, 256), Fire(64, 256, 256),
];

const fn row(name: &'static str, layout: &'static [Step], params: usize, source: &'static str) -> Variant<SqueezeNetSpec> {
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec: SqueezeNetSpec { layout } }
}

pub(crate) const VARIANTS: &[Variant<SqueezeNetSpec>] = &[
    row("squeezenet1_0", V1_0, 1_248_424, "arXiv 1602.07360, table 1"),
    row("squeezenet1_1", V1_1, 1_235_496, "the authors' repository, SqueezeNet_v1.1"),
];
