//! The two variants as data.

use zoo_core::{ModelInfo, Variant};
use zoo_layers::shape::Window;

/// One convolution and what follows it.
#[derive(Debug)]
pub struct Conv {
    /// Output channels.
    pub out_channels: usize,
    /// Window along both axes.
    pub window: Window,
    /// Number of groups: 2 where the paper split the maps over two GPUs.
    pub groups: usize,
    /// Whether local response normalisation follows the ReLU.
    pub lrn: bool,
    /// Whether 3x3 max pooling with stride 2 follows.
    pub pool: bool,
    /// Bias at the start of training (2012 only).
    pub start_bias: f64,
}

/// What distinguishes the variants.
#[derive(Debug)]
pub struct AlexNetSpec {
    /// The convolutions in order.
    pub convs: &'static [Conv],
    /// Output `[6, 6]` of adaptive pooling before the classifier, or none: then the classifier is made for one size.
    pub adaptive: bool,
    /// Whether weights begin as in the paper of 2012 (else PyTorch's default).
    pub paper_init: bool,
}

const fn conv(out_channels: usize, window: Window, groups: usize, lrn: bool, pool: bool, start_bias: f64) -> Conv {
    Conv { out_channels, window, groups, lrn, pool, start_bias }
}

const K3: Window = Window::new(3).padding(1);
const K5: Window = Window::new(5).padding(2);
const K11: Window = Window::new(11).stride(4);

#[rustfmt::skip]
const ONE_TOWER: &[Conv] = &[
    //   channels  window       groups LRN   pool   bias
    conv( 64, K11.padding(2), 1, false, true,  0.0),
    conv(192, K5,             1, false, true,  0.0),
    conv(384, K3,             1, false, false, 0.0),
    conv(256, K3,             1, false, false, 0.0),
    conv(256, K3,             1, false, true,  0.0),
];
#[rustfmt::skip]
const TWO_GROUPS: &[Conv] = &[
    conv( 96, K11,            1, true,  true,  0.0),
    conv(256, K5,             2, true,  true,  1.0),
    conv(384, K3,             1, false, false, 0.0),
    conv(384, K3,             2, false, false, 1.0),
    conv(256, K3,             2, false, true,  1.0),
];

pub(crate) const VARIANTS: &[Variant<AlexNetSpec>] = &[
    Variant {
        info: ModelInfo {
            name: "alexnet",
            params: 61_100_840,
            input: [3, 224, 224],
            num_classes: 1000,
            source: "arXiv 1404.5997, as in torchvision",
        },
        spec: AlexNetSpec { convs: ONE_TOWER, adaptive: true, paper_init: false },
    },
    Variant {
        info: ModelInfo {
            name: "alexnet2012",
            params: 60_965_224,
            input: [3, 227, 227],
            num_classes: 1000,
            source: "Krizhevsky et al. 2012, section 3.5",
        },
        spec: AlexNetSpec { convs: TWO_GROUPS, adaptive: false, paper_init: true },
    },
];
