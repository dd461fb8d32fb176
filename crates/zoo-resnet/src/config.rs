//! The whole of ResNet's variety. Adding a variant is one row.

use zoo_core::{ModelInfo, Shortcut, Variant};

/// A block of the paper's figure 5.
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

/// What comes before the first stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stem {
    /// A 7x7 convolution to 64 channels, stride 2, and 3x3 max pooling, stride 2.
    ImageNet,
    /// A 3x3 convolution to 16 channels.
    Cifar,
}

impl Stem {
    /// Channels that it gives, and planes of the first stage.
    pub const fn channels(self) -> usize {
        match self {
            Self::ImageNet => 64,
            Self::Cifar => 16,
        }
    }
}

/// What distinguishes the variants.
#[derive(Debug)]
pub struct ResNetSpec {
    /// The repeating unit.
    pub block: BlockKind,
    /// Number of blocks of each stage, three or four. The channels double from stage to stage.
    pub layers: &'static [usize],
    /// Groups of a bottleneck's 3x3 convolution: ResNeXt's cardinality.
    pub groups: usize,
    /// Channels of each group in the first stage: ResNeXt's `d`, Wide ResNet's width.
    pub width_per_group: usize,
    /// What comes before.
    pub stem: Stem,
    /// The default option for shortcuts; `None` makes a plain network.
    pub shortcut: Option<Shortcut>,
}
use BlockKind::{Basic, Bottleneck};

const LAYERS_18: &[usize] = &[2, 2, 2, 2];
const LAYERS_34: &[usize] = &[3, 4, 6, 3];
const LAYERS_101: &[usize] = &[3, 4, 23, 3];
const LAYERS_152: &[usize] = &[3, 8, 36, 3];

const fn imagenet(
    name: &'static str,
    block: BlockKind,
    layers: &'static [usize],
    [groups, width_per_group]: [usize; 2],
    params: usize,
    source: &'static str,
) -> Variant<ResNetSpec> {
    let shortcut = Some(Shortcut::B);
    Variant {
        info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source },
        spec: ResNetSpec { block, layers, groups, width_per_group, stem: Stem::ImageNet, shortcut },
    }
}

const fn cifar(name: &'static str, layers: &'static [usize], params: usize, source: &'static str) -> Variant<ResNetSpec> {
    let shortcut = Some(Shortcut::A);
    Variant {
        info: ModelInfo { name, params, input: [3, 32, 32], num_classes: 10, source },
        spec: ResNetSpec { block: Basic, layers, groups: 1, width_per_group: 64, stem: Stem::Cifar, shortcut },
    }
}

const fn plain(variant: Variant<ResNetSpec>) -> Variant<ResNetSpec> {
    Variant { info: variant.info, spec: ResNetSpec { shortcut: None, ..variant.spec } }
}

#[rustfmt::skip]
pub(crate) const VARIANTS: &[Variant<ResNetSpec>] = &[
    //        name                block       layers      groups    parameters
    imagenet("resnet18",          Basic,      LAYERS_18,  [1, 64],   11_689_512, "arXiv 1512.03385, table 1, 18-layer"),
    imagenet("resnet34",          Basic,      LAYERS_34,  [1, 64],   21_797_672, "arXiv 1512.03385, table 1, 34-layer"),
    imagenet("resnet50",          Bottleneck, LAYERS_34,  [1, 64],   25_557_032, "arXiv 1512.03385, table 1, 50-layer"),
    imagenet("resnet101",         Bottleneck, LAYERS_101, [1, 64],   44_549_160, "arXiv 1512.03385, table 1, 101-layer"),
    imagenet("resnet152",         Bottleneck, LAYERS_152, [1, 64],   60_192_808, "arXiv 1512.03385, table 1, 152-layer"),
    imagenet("resnext50_32x4d",   Bottleneck, LAYERS_34,  [32, 4],   25_028_904, "arXiv 1611.05431, table 1"),
    imagenet("resnext101_32x8d",  Bottleneck, LAYERS_101, [32, 8],   88_791_336, "arXiv 1611.05431, section 4; 8 channels a group as in torchvision"),
    imagenet("resnext101_64x4d",  Bottleneck, LAYERS_101, [64, 4],   83_455_272, "arXiv 1611.05431, table 4"),
    imagenet("wide_resnet50_2",   Bottleneck, LAYERS_34,  [1, 128],  68_883_240, "arXiv 1605.07146, table 8, WRN-50-2-bottleneck"),
    imagenet("wide_resnet101_2",  Bottleneck, LAYERS_101, [1, 128], 126_886_696, "arXiv 1605.07146; 101 layers as in torchvision"),
    plain(imagenet("plain18",     Basic,      LAYERS_18,  [1, 64],   11_515_688, "arXiv 1512.03385, table 1, 18-layer plain")),
    plain(imagenet("plain34",     Basic,      LAYERS_34,  [1, 64],   21_623_848, "arXiv 1512.03385, table 1, 34-layer plain")),
    cifar("resnet20_cifar",       &[3, 3, 3],      269_722, "arXiv 1512.03385, section 4.2, n = 3"),
    cifar("resnet32_cifar",       &[5, 5, 5],      464_154, "arXiv 1512.03385, section 4.2, n = 5"),
    cifar("resnet44_cifar",       &[7, 7, 7],      658_586, "arXiv 1512.03385, section 4.2, n = 7"),
    cifar("resnet56_cifar",       &[9, 9, 9],      853_018, "arXiv 1512.03385, section 4.2, n = 9"),
    cifar("resnet110_cifar",      &[18, 18, 18], 1_727_962, "arXiv 1512.03385, section 4.2, n = 18"),
    plain(cifar("plain20_cifar",  &[3, 3, 3],      269_722, "arXiv 1512.03385, section 4.2, n = 3, plain")),
    plain(cifar("plain32_cifar",  &[5, 5, 5],      464_154, "arXiv 1512.03385, section 4.2, n = 5, plain")),
    plain(cifar("plain44_cifar",  &[7, 7, 7],      658_586, "arXiv 1512.03385, section 4.2, n = 7, plain")),
    plain(cifar("plain56_cifar",  &[9, 9, 9],      853_018, "arXiv 1512.03385, section 4.2, n = 9, plain")),
    plain(cifar("plain110_cifar", &[18, 18, 18], 1_727_962, "arXiv 1512.03385, section 4.2, n = 18, plain")),
];
