//! The whole of DenseNet's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// What distinguishes the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenseNetSpec {
    /// DenseNet-BC for large pictures: a column of the paper's table 1.
    Large {
        /// Feature maps that each layer adds, the paper's k.
        growth_rate: usize,
        /// Layers of each dense block.
        block_config: [usize; 4],
        /// Feature maps of the first convolution.
        num_init_features: usize,
    },
    /// A network for 32x32 pictures, with three dense blocks of equal length: the paper's section 3.
    Small {
        /// Feature maps that each layer adds, the paper's k.
        growth_rate: usize,
        /// Convolutions and the last layer, the paper's L.
        depth: usize,
        /// Whether it has bottlenecks, and transitions that halve the feature maps (DenseNet-BC).
        bc: bool,
    },
}
use DenseNetSpec::{Large, Small};

const fn large(
    name: &'static str,
    growth_rate: usize,
    block_config: [usize; 4],
    num_init_features: usize,
    params: usize,
    source: &'static str,
) -> Variant<DenseNetSpec> {
    let info = ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source };
    Variant { info, spec: Large { growth_rate, block_config, num_init_features } }
}

const fn small(
    name: &'static str,
    growth_rate: usize,
    depth: usize,
    bc: bool,
    params: usize,
    source: &'static str,
) -> Variant<DenseNetSpec> {
    let info = ModelInfo { name, params, input: [3, 32, 32], num_classes: 10, source };
    Variant { info, spec: Small { growth_rate, depth, bc } }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<DenseNetSpec>] = &[
    //    name                 k   layers           first parameters
    large("densenet121",       32, [6, 12, 24, 16], 64,  7_978_856, "arXiv 1608.06993, table 1"),
    large("densenet161",       48, [6, 12, 36, 24], 96, 28_681_000, "arXiv 1608.06993v1, table 1, as in torchvision"),
    large("densenet169",       32, [6, 12, 32, 32], 64, 14_149_480, "arXiv 1608.06993, table 1"),
    large("densenet201",       32, [6, 12, 48, 32], 64, 20_013_928, "arXiv 1608.06993, table 1"),
    large("densenet264",       32, [6, 12, 64, 48], 64, 33_337_704, "arXiv 1608.06993, table 1"),
    //    name                 k   depth BC         parameters
    small("densenet_cifar",    12,  40, false,       1_019_722, "arXiv 1608.06993, section 3 and table 2: L = 40, k = 12"),
    small("densenet_bc_cifar", 12, 100, true,          769_162, "arXiv 1608.06993, section 3 and table 2: BC, L = 100, k = 12"),
];
