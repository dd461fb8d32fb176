//! What distinguishes the variants: so far there is one.

use zoo_core::{ModelInfo, Variant};

/// The numbers that differ from module to module of a kind; all are channels.
#[derive(Debug)]
pub struct InceptionSpec {
    /// Of the pooling branches of modules 5b, 5c and 5d.
    pub pool_features: [usize; 3],
    /// Within the 7x7 branches of modules 6b, 6c, 6d and 6e.
    pub channels_7x7: [usize; 4],
    /// Dropout rate before the last layer.
    pub dropout: f64,
}

pub(crate) const VARIANTS: &[Variant<InceptionSpec>] = &[Variant {
    info: ModelInfo {
        name: "inception_v3",
        params: 27_161_264,
        input: [3, 299, 299],
        num_classes: 1000,
        source: "arXiv 1512.00567, table 1; modules as in torchvision",
    },
    spec: InceptionSpec { pool_features: [32, 64, 64], channels_7x7: [128, 160, 160, 192], dropout: 0.5 },
}];
