//! The whole of Xception's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the aligned variants.
#[derive(Debug)]
pub struct XceptionSpec {
    /// Output channels and stride of each module of the entry flow.
    pub entry: &'static [(usize, usize)],
    /// Modules of the middle flow.
    pub middle: usize,
}

/// Three modules that halve the map (Chen et al. 2018, figure 4).
const HALVING: &[(usize, usize)] = &[(128, 2), (256, 2), (728, 2)];
/// The same with two more that do not.
const LONGER: &[(usize, usize)] = &[(128, 2), (256, 1), (256, 2), (728, 1), (728, 2)];

const fn info(name: &'static str, params: usize, source: &'static str) -> ModelInfo {
    ModelInfo { name, params, input: [3, 299, 299], num_classes: 1000, source }
}

const fn row(
    name: &'static str,
    entry: &'static [(usize, usize)],
    middle: usize,
    params: usize,
    source: &'static str,
) -> Variant<XceptionSpec> {
    Variant { info: info(name, params, source), spec: XceptionSpec { entry, middle } }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<XceptionSpec>] = &[
    //  name         entry    middle  parameters
    row("xception41", HALVING,  8,    26_969_560, "arXiv 1802.02611, figure 4, with 8 modules in the middle flow; DeepLab's xception_41"),
    row("xception65", HALVING, 16,    39_916_312, "arXiv 1802.02611, figure 4; DeepLab's xception_65"),
    row("xception71", LONGER,  16,    42_338_736, "arXiv 1802.02611, figure 4, with 5 modules in the entry flow; DeepLab's xception_71"),
];

/// The original, which has one variant.
pub(crate) const LEGACY_VARIANTS: &[Variant<()>] =
    &[Variant { info: info("legacy_xception", 22_855_952, "arXiv 1610.02357, figure 5"), spec: () }];
