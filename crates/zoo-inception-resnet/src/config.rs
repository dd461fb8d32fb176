//! The network as data: the residual blocks, and how many of each.

use zoo_core::{ModelInfo, Variant};

/// A convolution: output channels and `[height, width]` of its window.
pub type ConvSpec = (usize, [usize; 2]);

/// A kind of residual block.
#[derive(Debug)]
pub struct BlockSpec {
    /// Channels of its input and output.
    pub channels: usize,
    /// The branches, joined before the last convolution; the first has one convolution.
    pub branches: &'static [&'static [ConvSpec]],
    /// Factor on what is added to the input (section 3.3).
    pub scale: f64,
}

/// What distinguishes the variants; so far there is one.
#[derive(Debug)]
pub struct InceptionResNetSpec {
    /// The blocks of the three resolutions, and how many of each. One more of the last kind follows, unscaled and without ReLU.
    pub blocks: [(usize, BlockSpec); 3],
    /// Dropout before the last layer.
    pub dropout: f64,
}

const POINT: [usize; 2] = [1, 1];
const SQUARE: [usize; 2] = [3, 3];

/// On 35x35 pixels (figure 16).
const BLOCK35: BlockSpec = BlockSpec {
    channels: 320,
    branches: &[&[(32, POINT)], &[(32, POINT), (32, SQUARE)], &[(32, POINT), (48, SQUARE), (64, SQUARE)]],
    scale: 0.17,
};

/// On 17x17 pixels (figure 17).
const BLOCK17: BlockSpec =
    BlockSpec { channels: 1088, branches: &[&[(192, POINT)], &[(128, POINT), (160, [1, 7]), (192, [7, 1])]], scale: 0.1 };

/// On 8x8 pixels (figure 19).
const BLOCK8: BlockSpec =
    BlockSpec { channels: 2080, branches: &[&[(192, POINT)], &[(192, POINT), (224, [1, 3]), (256, [3, 1])]], scale: 0.2 };

pub(crate) const VARIANTS: &[Variant<InceptionResNetSpec>] = &[Variant {
    info: ModelInfo {
        name: "inception_resnet_v2",
        params: 55_843_464,
        input: [3, 299, 299],
        num_classes: 1000,
        source: "arXiv 1602.07261, figures 15 to 19; stem, numbers of blocks and channels as in the authors' code",
    },
    spec: InceptionResNetSpec { blocks: [(10, BLOCK35), (20, BLOCK17), (9, BLOCK8)], dropout: 0.2 },
}];
