//! How long each step of a run takes.

use std::sync::Arc;

use zoo_kernels::PackedConv;

use crate::work::Work;

/// A step of a run and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTime {
    /// The operation: `conv`.
    pub name: String,
    /// How it is computed: `direct`, `depthwise`, `plain loops`.
    pub kernel: String,
    /// Shape of its result, for as many pictures as it does at a time.
    pub shape: String,
    /// How many times it does so.
    pub parts: usize,
    /// Seconds.
    pub seconds: f64,
    /// Multiply-accumulates.
    pub macs: u64,
}

impl LayerTime {
    pub(crate) fn new(work: &Work, layers: &[Arc<PackedConv>], name: &str, shape: &str, seconds: f64) -> Self {
        let (kernel, macs) = match work {
            Work::Conv { layer, input, .. } => {
                let packed = &layers[*layer];
                (packed.algorithm().name(), packed.spec().macs(input.shape).unwrap_or(0) as u64)
            }
            Work::Chain { layers: chained, input, .. } => {
                let mut shape = input.shape;
                let macs = chained.iter().map(|(layer, _)| {
                    let spec = layers[*layer].spec();
                    let macs = spec.macs(shape).unwrap_or(0);
                    shape = spec.output_shape(shape).unwrap_or(shape);
                    macs as u64
                });
                ("chain", macs.sum())
            }
            Work::Generic { op: zoo_graph::Op::Burn(_), .. } => ("Burn", 0),
            Work::Generic { .. } => ("plain loops", 0),
            _ => ("", 0),
        };
        Self { name: name.into(), kernel: kernel.into(), shape: shape.into(), parts: 1, seconds, macs }
    }
    /// The same step for other pictures.
    pub(crate) fn add_part(&mut self, other: &Self) {
        self.parts += 1;
        self.seconds += other.seconds;
        self.macs += other.macs;
    }
}
