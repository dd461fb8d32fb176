//! Statistics in one pass, and the normalisation in a second.

use pulp::{Simd, WithSimd};

use super::Statistics;
use crate::activation::{Activation, Rows};
use crate::channels::{each_range, ranges};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{at_least, at_most, for_lanes, load, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// Mean, variance and inverse deviation. Each range of pixels sums distances from its first pixel, so that a large mean cancels
/// nothing, and ranges are joined in f64 (Chan, Golub and LeVeque 1979, "Updating formulae", equations 2.1).
pub(super) fn statistics(input: &View<'_>, epsilon: f32, to: Statistics<'_>, isa: Isa, scratch: &mut Scratch, threads: &Threads) {
    let (pixels, channels, stride) = (input.pixels(), input.channels(), input.pixel_stride());
    let ranges = ranges(pixels, channels);
    let mut partial = scratch.take(ranges * 2 * channels);
    let (from, sums) = (Shared::new(input.data()), SharedMut::new(&mut partial[..]));
    each_range(pixels, channels, threads, |range, first, rows| {
        // SAFETY: the pixels are within the tensor, and ranges have sums of their own.
        let (from, sums) = unsafe { (from.at(first * stride), sums.at(range * 2 * channels)) };
        isa.run(Moments { from, stride, rows, sums, channels });
    });
    let (mut means, mut squares, mut count) = (vec![0.0; channels], vec![0.0; channels], 0.0);
    for (range, partial) in partial.chunks_exact(2 * channels).enumerate() {
        let first = pixels * range / ranges;
        let n = (pixels * (range + 1) / ranges - first) as f64;
        let (share, between) = (n / (count + n), count * n / (count + n));
        count += n;
        // SAFETY: the first pixel of a range, with all of its channels.
        let origin = unsafe { std::slice::from_raw_parts(from.at(first * stride), channels) };
        let (sums, distances) = partial.split_at(channels);
        for c in 0..channels {
            let sum = f64::from(sums[c]);
            let difference = f64::from(origin[c]) + sum / n - means[c];
            means[c] += difference * share;
            squares[c] += f64::from(distances[c]) - sum * sum / n + difference * difference * between;
        }
    }
    for c in 0..channels {
        // Rounding must not make it negative; NaN stays.
        let variance = if squares[c] < 0.0 { 0.0 } else { squares[c] / count };
        to.mean[c] = means[c] as f32;
        to.variance[c] = variance as f32;
        to.inverse[c] = (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32;
    }
    scratch.give(partial);
}

/// Sums and sums of squares of distances from the first row.
struct Moments {
    from: *const f32,
    stride: usize,
    rows: usize,
    /// `[2][channels]`.
    sums: *mut f32,
    channels: usize,
}

impl WithSimd for Moments {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { from: origin, stride, rows, sums, channels } = self;
        // SAFETY: `statistics` made this of as many rows, and as many channels, as the tensor has.
        unsafe {
            sums.write_bytes(0, 2 * channels);
            let squares = sums.add(channels);
            let mut row = 0;
            macro_rules! rows {
                ($n:literal) => {
                    while rows - row >= $n {
                        let from = origin.add(row * stride);
                        for_lanes!(simd, channels, |s: S, c| {
                            let first = load(s, origin.add(c));
                            let (mut sum, mut square) = (load(s, sums.add(c)), load(s, squares.add(c)));
                            for i in 0..$n {
                                let distance = s.sub_f32s(load(s, from.add(i * stride + c)), first);
                                sum = s.add_f32s(sum, distance);
                                square = s.mul_add_e_f32s(distance, distance, square);
                            }
                            store(s, sums.add(c), sum);
                            store(s, squares.add(c), square);
                        });
                        row += $n;
                    }
                };
            }
            rows!(4);
            rows!(1);
        }
    }
}

/// `output = activation(input scale + shift + residual)`.
pub(super) fn normalise(
    input: &View<'_>,
    (scale, shift): (&[f32], &[f32]),
    residual: Option<View<'_>>,
    activation: Activation,
    mut output: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) {
    let (pixels, channels) = (input.pixels(), input.channels());
    let strides = [input.pixel_stride(), residual.map_or(0, |r| r.pixel_stride()), output.pixel_stride()];
    let (from, added) = (Shared::new(input.data()), residual.map(|r| Shared::new(r.data())));
    let to = SharedMut::new(output.data());
    each_range(pixels, channels, threads, |_, first, rows| {
        // SAFETY: the pixels are within all tensors, and ranges do not overlap.
        let (from, to) = unsafe { (from.at(first * strides[0]), to.at(first * strides[2])) };
        // SAFETY: as above.
        let residual = added.map(|added| unsafe { added.at(first * strides[1]) });
        isa.run(Normalise { from, residual, to, rows, strides, scale, shift, activation });
    });
}

struct Normalise<'a> {
    from: *const f32,
    residual: Option<*const f32>,
    to: *mut f32,
    rows: usize,
    strides: [usize; 3],
    scale: &'a [f32],
    shift: &'a [f32],
    activation: Activation,
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { from, residual, to, rows, strides, scale, shift, activation } = self;
        let channels = scale.len();
        let (scale, shift) = (scale.as_ptr(), shift.as_ptr());
        let (low, high) = activation.clamp().unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        for row in 0..rows {
            // SAFETY: `normalise` made this of as many rows, and as many channels, as all tensors have.
            unsafe {
                let (from, to) = (from.add(row * strides[0]), to.add(row * strides[2]));
                macro_rules! row {
                    (|$s:ident, $c:ident, $value:ident| $sum:expr) => {
                        for_lanes!(simd, channels, |$s: S, $c| {
                            let $value = $s.mul_add_e_f32s(load($s, from.add($c)), load($s, scale.add($c)), load($s, shift.add($c)));
                            let sum = $sum;
                            store($s, to.add($c), at_most($s, $s.splat_f32s(high), at_least($s, $s.splat_f32s(low), sum)));
                        })
                    };
                }
                if let Some(residual) = residual {
                    let residual = residual.add(row * strides[1]);
                    row!(|s, c, value| s.add_f32s(value, load(s, residual.add(c))));
                } else {
                    row!(|s, c, value| value);
                }
                if let Some(activation) = activation.beyond_clamp() {
                    Rows { activation, data: to, rows: 1, stride: channels, width: channels }.run(simd);
                }
            }
        }
    }
}
