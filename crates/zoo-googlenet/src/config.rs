//! The tables of both papers. Adding a variant is one row.

use zoo_core::{ModelInfo, Variant};

use crate::aux_head::AuxPool;
use crate::style::{FiveByFive, Init, Style};

/// The pooling branch of a module: 3x3 windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Max pooling.
    Max,
    /// Average pooling, zeros of the padding counted.
    Avg,
}

/// One module: a row of the 2014 paper's table 1, or of the 2015 paper's figure 5. All numbers are channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InceptionSpec {
    /// `#1x1`; 0 leaves the branch out.
    pub ch1x1: usize,
    /// `#3x3 reduce`: the 1x1 convolution before the 3x3.
    pub ch3x3red: usize,
    /// `#3x3`.
    pub ch3x3: usize,
    /// `#5x5 reduce`, or `double #3x3 reduce`.
    pub ch5x5red: usize,
    /// `#5x5`, or `double #3x3`.
    pub ch5x5: usize,
    /// Kind of pooling.
    pub pool: Pool,
    /// `pool proj`: the 1x1 convolution after pooling; 0 passes the pooled map through.
    pub pool_proj: usize,
    /// Stride of the last 3x3 convolutions and of pooling: 1, or 2 without the 1x1 branch.
    pub stride: usize,
}

impl InceptionSpec {
    /// Channels that leave the module when so many enter.
    pub const fn out_channels(&self, in_channels: usize) -> usize {
        let pooled = if self.pool_proj == 0 { in_channels } else { self.pool_proj };
        self.ch1x1 + self.ch3x3 + self.ch5x5 + pooled
    }
}

/// The modules under their names in the papers.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Modules {
    pub inception3a: InceptionSpec,
    pub inception3b: InceptionSpec,
    /// Only with batch normalisation: it halves the map.
    pub inception3c: Option<InceptionSpec>,
    pub inception4a: InceptionSpec,
    pub inception4b: InceptionSpec,
    pub inception4c: InceptionSpec,
    pub inception4d: InceptionSpec,
    pub inception4e: InceptionSpec,
    pub inception5a: InceptionSpec,
    pub inception5b: InceptionSpec,
}

/// What distinguishes the variants.
#[derive(Debug)]
pub struct GoogLeNetSpec {
    /// The table.
    pub modules: &'static Modules,
    /// Windows of the max poolings before modules 4a and 5a, stride 2. Without them, modules have the stride.
    pub pools: Option<[usize; 2]>,
    /// How units are made.
    pub style: Style,
    /// Whether local response normalisation follows the first pooling and the third convolution.
    pub lrn: bool,
    /// Pooling of the auxiliary heads, after modules 4a and 4d; `None` for a network without.
    pub aux: Option<AuxPool>,
    /// Dropout rate before the last layer.
    pub dropout: f64,
    /// Dropout rate in the auxiliary heads.
    pub dropout_aux: f64,
}

const fn v1(ch1x1: usize, ch3x3red: usize, ch3x3: usize, ch5x5red: usize, ch5x5: usize, pool_proj: usize) -> InceptionSpec {
    InceptionSpec { ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool: Pool::Max, pool_proj, stride: 1 }
}

const fn v2(ch1x1: usize, three: [usize; 2], double: [usize; 2], pool: Pool, pool_proj: usize) -> InceptionSpec {
    let [ch3x3red, ch3x3] = three;
    let [ch5x5red, ch5x5] = double;
    let stride = if pool_proj == 0 { 2 } else { 1 };
    InceptionSpec { ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool, pool_proj, stride }
}

/// Table 1 of the 2014 paper.
#[rustfmt::skip]
const TABLE_1: Modules = Modules {
    //              1x1  reduce 3x3  reduce 5x5  proj
    inception3a: v1( 64,  96,   128,  16,   32,   32),
    inception3b: v1(128, 128,   192,  32,   96,   64),
    inception3c: None,
    inception4a: v1(192,  96,   208,  16,   48,   64),
    inception4b: v1(160, 112,   224,  24,   64,   64),
    inception4c: v1(128, 128,   256,  24,   64,   64),
    inception4d: v1(112, 144,   288,  32,   64,   64),
    inception4e: v1(256, 160,   320,  32,  128,  128),
    inception5a: v1(256, 160,   320,  32,  128,  128),
    inception5b: v1(384, 192,   384,  48,  128,  128),
};

/// Figure 5 of the 2015 paper.
#[rustfmt::skip]
const FIGURE_5: Modules = Modules {
    //                   1x1  reduce, 3x3  reduce, double 3x3    pool
    inception3a:      v2( 64, [ 64,  64], [ 64,  96], Pool::Avg,  32),
    inception3b:      v2( 64, [ 64,  96], [ 64,  96], Pool::Avg,  64),
    inception3c: Some(v2(  0, [128, 160], [ 64,  96], Pool::Max,   0)),
    inception4a:      v2(224, [ 64,  96], [ 96, 128], Pool::Avg, 128),
    inception4b:      v2(192, [ 96, 128], [ 96, 128], Pool::Avg, 128),
    inception4c:      v2(160, [128, 160], [128, 160], Pool::Avg, 128),
    inception4d:      v2( 96, [128, 192], [160, 192], Pool::Avg, 128),
    inception4e:      v2(  0, [128, 192], [192, 256], Pool::Max,   0),
    inception5a:      v2(352, [192, 320], [160, 224], Pool::Avg, 128),
    inception5b:      v2(352, [192, 320], [192, 224], Pool::Max, 128),
};

const fn row(name: &'static str, params: usize, source: &'static str, spec: GoogLeNetSpec) -> Variant<GoogLeNetSpec> {
    Variant { info: ModelInfo { name, params, input: [3, 224, 224], num_classes: 1000, source }, spec }
}

pub(crate) const VARIANTS: &[Variant<GoogLeNetSpec>] = &[
    row(
        "googlenet",
        13_004_888,
        "arXiv 1409.4842, table 1; batch norm and 3x3 for 5x5 as in torchvision",
        GoogLeNetSpec {
            modules: &TABLE_1,
            pools: Some([3, 2]),
            style: Style { batch_norm: true, five_by_five: FiveByFive::One3x3, init: Init::Normal },
            lrn: false,
            aux: Some(AuxPool::Adaptive),
            dropout: 0.2,
            dropout_aux: 0.7,
        },
    ),
    row(
        "googlenet2014",
        13_378_280,
        "arXiv 1409.4842, table 1, figure 3, section 5",
        GoogLeNetSpec {
            modules: &TABLE_1,
            pools: Some([3, 3]),
            style: Style { batch_norm: false, five_by_five: FiveByFive::One5x5, init: Init::Caffe },
            lrn: true,
            aux: Some(AuxPool::Window),
            dropout: 0.4,
            dropout_aux: 0.7,
        },
    ),
    row(
        "bn_inception",
        11_285_224,
        "arXiv 1502.03167, figure 5",
        GoogLeNetSpec {
            modules: &FIGURE_5,
            pools: None,
            style: Style { batch_norm: true, five_by_five: FiveByFive::Two3x3, init: Init::Kaiming },
            lrn: false,
            aux: None,
            dropout: 0.0,
            dropout_aux: 0.0,
        },
    ),
];
