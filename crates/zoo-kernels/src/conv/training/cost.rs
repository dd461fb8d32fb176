//! Which algorithm is likely to be the fastest where weights are packed, or gathered, at each step.

use super::super::winograd::is_fused;
use super::super::{Algorithm, ConvSpec, candidates, modelled_cycles};
use crate::error::Result;
use crate::isa::Isa;
use crate::view::Shape;

/// Cycles that a float of packed weights takes: to transform, to write and to read it.
const WEIGHT: f64 = 3.0;
/// Cycles that a float of transformed gradients takes: to write it, to read it, and to transform it back.
const SUM: f64 = 2.0;
/// Cycles that a register takes through one of Winograd's transforms, beyond what the model counts: within L2, and beyond it.
const MOVED: [f64; 2] = [6.0, 16.0];
/// Tiles of 4 must be so much faster than tiles of 2, which round less.
const FASTER: f64 = 0.85;

/// For a forward run; the packing of few input channels is only made for weights as they are, not turned ones.
pub(super) fn forward(spec: &ConvSpec, input: Shape, isa: Isa, stem: bool) -> Result<Algorithm> {
    let mut best = (f64::INFINITY, Algorithm::Direct);
    for algorithm in candidates(spec, input, isa)? {
        // The tiles of 5x5 kernels have no gradient to weights, and the forward run keeps to what that is made of.
        if algorithm == Algorithm::Stem && !stem || algorithm == Algorithm::Winograd5 {
            continue;
        }
        let weights = (spec.weight_len() / spec.taps() * elements(algorithm).unwrap_or(spec.taps())) as f64;
        let mut cycles = modelled_cycles(spec, input, algorithm, isa)? + WEIGHT * weights + moved(spec, input, algorithm, isa)?;
        if algorithm == Algorithm::Winograd4 {
            cycles /= FASTER;
        }
        if cycles < best.0 {
            best = (cycles, algorithm);
        }
    }
    Ok(best.1)
}

/// What the model leaves out of Winograd's transforms.
fn moved(spec: &ConvSpec, input: Shape, algorithm: Algorithm, isa: Isa) -> Result<f64> {
    let Some(elements) = elements(algorithm) else { return Ok(0.0) };
    let [batch, height, width, outputs] = spec.output_shape(input)?;
    let side = if algorithm == Algorithm::Winograd2 { 2 } else { 4 };
    let tiles = batch * height.div_ceil(side) * width.div_ceil(side);
    let registers = spec.in_channels.div_ceil(isa.lanes()) + outputs.div_ceil(isa.lanes());
    let each = MOVED[usize::from(!is_fused(elements, spec.in_channels, outputs))];
    Ok(each * (tiles * elements * registers) as f64)
}

/// Elements of a transformed kernel.
const fn elements(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::Winograd2 => Some(16),
        Algorithm::Winograd4 => Some(36),
        _ => None,
    }
}

/// For the gradient to the weights.
pub(super) fn weight_gradient(spec: &ConvSpec, input: Shape, isa: Isa) -> Result<Algorithm> {
    let all = candidates(spec, input, isa)?;
    for preferred in [Algorithm::Depthwise, Algorithm::Stem] {
        if all.contains(&preferred) {
            return Ok(preferred);
        }
    }
    let [batch, height, width, outputs] = spec.output_shape(input)?;
    let lanes = isa.lanes() as f64;
    let pairs = (spec.in_channels / spec.groups) as f64 * (outputs as f64 / lanes).ceil();
    let cycles = |algorithm: Algorithm| {
        let Some(elements) = elements(algorithm) else {
            return (batch * height * width * spec.taps()) as f64 * pairs / 1.7;
        };
        let side = if algorithm == Algorithm::Winograd2 { 2 } else { 4 };
        let tiles = (batch * height.div_ceil(side) * width.div_ceil(side) * elements) as f64;
        let moved = tiles * (spec.in_channels + outputs) as f64 / lanes * 4.0;
        tiles * pairs / 1.5 + moved + SUM * elements as f64 * (spec.in_channels * outputs) as f64
    };
    let direct = if spec.groups > 1 { Algorithm::Grouped } else { Algorithm::Direct };
    let mut best = (cycles(direct), direct);
    for algorithm in [Algorithm::Winograd2, Algorithm::Winograd4] {
        if all.contains(&algorithm) && cycles(algorithm) < best.0 {
            best = (cycles(algorithm), algorithm);
        }
    }
    Ok(best.1)
}
