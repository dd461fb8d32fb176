//! Which algorithms can compute a convolution, and what each is likely to cost.

use super::{Algorithm, ConvSpec};
use crate::error::Result;
use crate::isa::Isa;
use crate::view::Shape;

/// Most floats of a kernel's row that make one tap of [`Algorithm::Stem`].
const STEM_TAP: usize = 96;

/// The algorithms that can compute this convolution, the one likely to be fastest first.
///
/// # Errors
/// As [`ConvSpec::output_shape`].
pub fn candidates(spec: &ConvSpec, input: Shape, isa: Isa) -> Result<Vec<Algorithm>> {
    let mut all = Vec::new();
    for algorithm in Algorithm::ALL {
        let sensible = match algorithm {
            Algorithm::Direct => spec.groups == 1,
            Algorithm::Stem => spec.in_channels < 8 && spec.in_channels * spec.kernel[1] <= STEM_TAP && spec.kernel[1] > 1,
            Algorithm::Grouped => spec.groups > 1,
            _ => true,
        };
        if sensible && algorithm.refuses(spec).is_none() {
            all.push((modelled_cycles(spec, input, algorithm, isa)?, algorithm));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(all.into_iter().map(|(_, algorithm)| algorithm).collect())
}

/// Processor cycles on one thread, roughly: good for choosing, not for promising.
///
/// # Errors
/// As [`ConvSpec::output_shape`].
pub fn modelled_cycles(spec: &ConvSpec, input: Shape, algorithm: Algorithm, isa: Isa) -> Result<f64> {
    let [batch, height, width, outputs] = spec.output_shape(input)?;
    let pixels = (batch * height * width) as f64;
    let lanes = isa.lanes() as f64;
    let per_group = (spec.in_channels / spec.groups) as f64;
    let taps = spec.taps() as f64;
    let registers = (outputs as f64 / lanes).ceil();
    // Two multiply-adds of a register in a cycle, at nine tenths of the peak, and a tile's start and end beside them; or the
    // time that the weights take from memory at four bytes a cycle, as other layers have pushed them out of the caches.
    let multiply = |rows: f64, depth: f64, registers: f64, weights: f64| {
        (rows * registers * (depth / 1.8 + 6.0)).max(weights * per_group * outputs as f64)
    };
    Ok(match algorithm {
        Algorithm::Direct => multiply(pixels, per_group * taps, registers, taps) + pixels * taps * 2.0,
        Algorithm::Pointwise => multiply(pixels, per_group, registers, 1.0) + pixels,
        Algorithm::Stem => multiply(pixels, per_group * taps, registers, taps) + pixels * spec.kernel[0] as f64 * 2.0,
        Algorithm::Grouped => {
            let narrow = (outputs / spec.groups) as f64;
            let used = if narrow >= lanes { 1.0 } else { (lanes / narrow).floor() * narrow / lanes };
            let together = (lanes / narrow).floor().max(1.0);
            multiply(pixels, per_group * taps * together, registers / used, taps) + pixels * taps * 2.0
        }
        Algorithm::Depthwise => pixels * registers * (taps * 0.8 + 4.0),
        Algorithm::Winograd2 | Algorithm::Winograd4 | Algorithm::Winograd5 => {
            let side = if algorithm == Algorithm::Winograd4 { 4 } else { 2 };
            let elements = (side + spec.kernel[0] - 1).pow(2) as f64;
            let tiles = (batch * height.div_ceil(side) * width.div_ceil(side)) as f64;
            let inputs = (per_group / lanes).ceil();
            // Each element is loaded, moved through two transforms and stored, on both sides of the product.
            let moved = tiles * elements * (inputs + registers) * 4.0;
            multiply(tiles * elements, per_group, registers, elements) + moved
        }
    })
}
