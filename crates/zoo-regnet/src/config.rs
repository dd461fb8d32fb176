//! The whole of RegNet's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

use crate::Rule;

/// What distinguishes the variants.
#[derive(Debug)]
pub struct RegNetSpec {
    /// From which the stages follow.
    pub rule: Rule,
    /// Channels within squeeze-and-excitation, as a fraction of the block's input; `None` for RegNetX, which has none.
    pub se_ratio: Option<f64>,
}

#[allow(clippy::too_many_arguments)] // a row of a table
const fn row(
    name: &'static str,
    se_ratio: Option<f64>,
    depth: usize,
    w_0: usize,
    w_a: f64,
    w_m: f64,
    group_width: usize,
    params: usize,
    source: &'static str,
) -> Variant<RegNetSpec> {
    let rule = Rule { depth, w_0, w_a, w_m, group_width };
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec: RegNetSpec { rule, se_ratio } }
}

const X: Option<f64> = None;
const Y: Option<f64> = Some(0.25);

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<RegNetSpec>] = &[
    //  name          SE depth w_0 w_a     w_m group  parameters
    row("regnet_x_400mf", X, 22,  24,  24.48, 2.54,  16,   5_495_976, "arXiv 2003.13678, figure 16"),
    row("regnet_x_800mf", X, 16,  56,  35.73, 2.28,  16,   7_259_656, "arXiv 2003.13678, figure 16"),
    row("regnet_x_1_6gf", X, 18,  80,  34.01, 2.25,  24,   9_190_136, "arXiv 2003.13678, figure 16"),
    row("regnet_x_3_2gf", X, 25,  88,  26.31, 2.25,  48,  15_296_552, "arXiv 2003.13678, figure 16"),
    row("regnet_x_8gf",   X, 23,  80,  49.56, 2.88, 120,  39_572_648, "arXiv 2003.13678, figure 16"),
    row("regnet_x_16gf",  X, 22, 216,  55.59, 2.1,  128,  54_278_536, "arXiv 2003.13678, figure 16"),
    row("regnet_x_32gf",  X, 23, 320,  69.86, 2.0,  168, 107_811_560, "arXiv 2003.13678, figure 16"),
    row("regnet_y_400mf", Y, 16,  48,  27.89, 2.09,   8,   4_344_144, "arXiv 2003.13678, figure 17"),
    row("regnet_y_800mf", Y, 14,  56,  38.84, 2.4,   16,   6_432_512, "arXiv 2003.13678, figure 17"),
    row("regnet_y_1_6gf", Y, 27,  48,  20.71, 2.65,  24,  11_202_430, "arXiv 2003.13678, figure 17"),
    row("regnet_y_3_2gf", Y, 21,  80,  42.63, 2.66,  24,  19_436_338, "arXiv 2003.13678, figure 17"),
    row("regnet_y_8gf",   Y, 17, 192,  76.82, 2.19,  56,  39_381_472, "arXiv 2003.13678, figure 17"),
    row("regnet_y_16gf",  Y, 18, 200, 106.23, 2.48, 112,  83_590_140, "arXiv 2003.13678, figure 17"),
    row("regnet_y_32gf",  Y, 20, 232, 115.89, 2.53, 232, 145_046_770, "arXiv 2003.13678, figure 17"),
    row("regnet_y_128gf", Y, 27, 456, 160.83, 2.52, 264, 644_812_894, "arXiv 2202.08360; torchvision's regnet_y_128gf"),
];
