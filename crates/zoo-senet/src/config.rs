//! The whole of the variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

/// Which block an SE-ResNet repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Two 3x3 convolutions.
    Basic,
    /// 1x1, 3x3, 1x1; the last gives four times as many channels.
    Bottleneck,
}

impl BlockKind {
    /// Output channels for each of a stage's `planes`.
    pub const fn expansion(self) -> usize {
        match self {
            Self::Basic => 1,
            Self::Bottleneck => 4,
        }
    }
}

/// What distinguishes the SE-ResNets.
#[derive(Debug)]
pub struct SeResNetSpec {
    /// The repeating unit.
    pub block: BlockKind,
    /// Number of blocks of each stage.
    pub layers: [usize; 4],
    /// Groups of a bottleneck's 3x3 convolution.
    pub cardinality: usize,
    /// Channels of each group in the first stage.
    pub base_width: usize,
}

/// What distinguishes networks made like SENet-154.
#[derive(Debug)]
pub struct SeNetSpec {
    /// Number of blocks of each stage.
    pub layers: [usize; 4],
    /// Groups of a block's 3x3 convolution.
    pub groups: usize,
    /// The factor by which squeezing reduces the channels: the paper's `r`.
    pub reduction: usize,
}
use BlockKind::{Basic, Bottleneck};

const LAYERS_18: [usize; 4] = [2, 2, 2, 2];
const LAYERS_34: [usize; 4] = [3, 4, 6, 3];
const LAYERS_101: [usize; 4] = [3, 4, 23, 3];
const LAYERS_152: [usize; 4] = [3, 8, 36, 3];

const fn info(name: &'static str, params: usize, source: &'static str) -> ModelInfo {
    ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }
}

const fn row(
    name: &'static str,
    block: BlockKind,
    layers: [usize; 4],
    [cardinality, base_width]: [usize; 2],
    params: usize,
    source: &'static str,
) -> Variant<SeResNetSpec> {
    Variant { info: info(name, params, source), spec: SeResNetSpec { block, layers, cardinality, base_width } }
}

#[rustfmt::skip]
pub(crate) const SE_RESNETS: &[Variant<SeResNetSpec>] = &[
    //   name                 block       layers      groups   parameters
    row("seresnet18",         Basic,      LAYERS_18,  [1, 64], 11_779_624, "arXiv 1709.01507, figure 3, on 18 layers as in timm"),
    row("seresnet34",         Basic,      LAYERS_34,  [1, 64], 21_960_416, "arXiv 1709.01507, figure 3, on 34 layers as in timm"),
    row("seresnet50",         Bottleneck, LAYERS_34,  [1, 64], 28_088_024, "arXiv 1709.01507, table 1, SE-ResNet-50"),
    row("seresnet101",        Bottleneck, LAYERS_101, [1, 64], 49_326_872, "arXiv 1709.01507, table 2, SE-ResNet-101"),
    row("seresnet152",        Bottleneck, LAYERS_152, [1, 64], 66_821_848, "arXiv 1709.01507, table 2, SE-ResNet-152"),
    row("seresnext50_32x4d",  Bottleneck, LAYERS_34,  [32, 4], 27_559_896, "arXiv 1709.01507, table 1, SE-ResNeXt-50 (32x4d)"),
    row("seresnext101_32x4d", Bottleneck, LAYERS_101, [32, 4], 48_955_416, "arXiv 1709.01507, table 2, SE-ResNeXt-101"),
];

pub(crate) const SENETS: &[Variant<SeNetSpec>] = &[Variant {
    info: info("legacy_senet154", 115_088_984, "arXiv 1709.01507, appendix, SENet-154"),
    spec: SeNetSpec { layers: LAYERS_152, groups: 64, reduction: 16 },
}];
