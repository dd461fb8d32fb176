//! Over the channels of each pixel: softmax, layer norm, local response norm.

use pulp::{Simd, WithSimd};

use crate::elementwise::share;
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, math, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// `output = exp(input) / sum exp(input)` over the channels of each pixel.
///
/// # Errors
/// Shapes that differ.
pub fn softmax(input: View<'_>, output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    run(Op::Softmax, input, output, isa, threads)
}

/// Layer norm over the channels of each pixel: mean 0, variance 1 (biased, `epsilon` added), then `scale` and `shift`.
///
/// # Errors
/// Shapes that differ, or other lengths of `scale` and `shift` than channels.
pub fn layer_norm(
    input: View<'_>,
    scale: &[f32],
    shift: &[f32],
    epsilon: f32,
    output: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    same("scale and shift", &[input.channels(); 2], &[scale.len(), shift.len()])?;
    run(Op::LayerNorm { scale, shift, epsilon }, input, output, isa, threads)
}

/// PyTorch's local response norm: `input / (k + alpha mean of squares of size channels around)^beta`, zeros beyond the ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalResponseNorm {
    /// Channels of the window.
    pub size: usize,
    /// Factor of the mean.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
    /// What is added to the mean.
    pub k: f32,
}

/// Applies a local response norm.
///
/// # Errors
/// Shapes that differ.
pub fn local_response_norm(norm: LocalResponseNorm, input: View<'_>, output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    run(Op::LocalResponse(norm), input, output, isa, threads)
}

#[derive(Clone, Copy)]
enum Op<'a> {
    Softmax,
    LayerNorm { scale: &'a [f32], shift: &'a [f32], epsilon: f32 },
    LocalResponse(LocalResponseNorm),
}

fn run(op: Op<'_>, input: View<'_>, mut output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    same("the output", &input.shape(), &output.shape())?;
    let (pixels, channels) = (output.pixels(), output.channels());
    if channels == 0 {
        return Ok(());
    }
    let strides = [input.pixel_stride(), output.pixel_stride()];
    let (from, to) = (Shared::new(input.data()), SharedMut::new(output.data()));
    // A pixel costs some four times as much as one of a sum.
    share(pixels, 4 * channels, threads, |first, rows| {
        // SAFETY: the pixels are within both tensors, and parts do not overlap.
        let (from, to) = unsafe { (from.at(first * strides[0]), to.at(first * strides[1])) };
        isa.run(Rows { op, from, to, rows, strides, channels });
    });
    Ok(())
}

struct Rows<'a> {
    op: Op<'a>,
    from: *const f32,
    to: *mut f32,
    rows: usize,
    strides: [usize; 2],
    channels: usize,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n = self.channels;
        macro_rules! each_row {
            (|$from:ident, $to:ident| $body:expr) => {
                for row in 0..self.rows {
                    // SAFETY: `run` made this of as many rows, with as many channels, as both tensors have.
                    unsafe {
                        let ($from, $to) = (self.from.add(row * self.strides[0]), self.to.add(row * self.strides[1]));
                        $body;
                    }
                }
            };
        }
        match self.op {
            Op::Softmax => each_row!(|from, to| softmax_row(simd, from, to, n)),
            Op::LayerNorm { scale, shift, epsilon } => {
                each_row!(|from, to| layer_norm_row(simd, from, to, scale, shift, epsilon));
            }
            Op::LocalResponse(norm) => {
                let mut squares = Vec::new();
                each_row!(|from, to| local_response_row(simd, from, to, n, norm, &mut squares));
            }
        }
    }
}

/// `f` folded over `n` floats: a register's worth side by side, then across the register and over what is left.
///
/// # Safety
/// `n` floats must be readable at `from`.
#[inline(always)]
unsafe fn fold<S: Simd>(
    simd: S,
    from: *const f32,
    n: usize,
    start: f32,
    wide: impl Fn(S::f32s, S::f32s) -> S::f32s,
    across: impl Fn(S::f32s) -> f32,
    narrow: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut sums = [simd.splat_f32s(start); 2];
    let mut at = 0;
    // SAFETY: `at` and the lanes after it are below `n`.
    unsafe {
        while at + 2 * S::F32_LANES <= n {
            sums[0] = wide(sums[0], load(simd, from.add(at)));
            sums[1] = wide(sums[1], load(simd, from.add(at + S::F32_LANES)));
            at += 2 * S::F32_LANES;
        }
        let mut total = narrow(across(sums[0]), across(sums[1]));
        while at < n {
            total = narrow(total, *from.add(at));
            at += 1;
        }
        total
    }
}

/// # Safety
/// `n` floats at `from` and at `to`.
#[inline(always)]
unsafe fn softmax_row<S: Simd>(simd: S, from: *const f32, to: *mut f32, n: usize) {
    // SAFETY: the caller's promise. NaN need not survive in the maximum: `exp(NaN - max)` is NaN, and so is the sum.
    unsafe {
        let max = fold(
            simd,
            from,
            n,
            f32::NEG_INFINITY,
            |a, b| simd.max_f32s(b, a),
            |a| simd.reduce_max_f32s(a),
            |a, b| if b > a { b } else { a },
        );
        for_lanes!(simd, n, |s: S, at| {
            store(s, to.add(at), math::exp(s, s.sub_f32s(load(s, from.add(at)), s.splat_f32s(max))));
        });
        let sum = fold(simd, to, n, 0.0, |a, b| simd.add_f32s(a, b), |a| simd.reduce_sum_f32s(a), |a, b| a + b);
        for_lanes!(simd, n, |s: S, at| {
            store(s, to.add(at), s.mul_f32s(load(s, to.add(at)), s.splat_f32s(1.0 / sum)));
        });
    }
}

/// # Safety
/// As many floats at `from` and at `to` as `scale` and `shift` have.
#[inline(always)]
unsafe fn layer_norm_row<S: Simd>(simd: S, from: *const f32, to: *mut f32, scale: &[f32], shift: &[f32], epsilon: f32) {
    let n = scale.len();
    let add = |a, b| simd.add_f32s(a, b);
    // SAFETY: the caller's promise.
    unsafe {
        let mean = fold(simd, from, n, 0.0, add, |a| simd.reduce_sum_f32s(a), |a, b| a + b) / n as f32;
        let centred = simd.splat_f32s(mean);
        let square = |sum, x| {
            let x = simd.sub_f32s(x, centred);
            simd.mul_add_e_f32s(x, x, sum)
        };
        // The sums of the two halves are added as they are, what is left over is squared: so not by one fold.
        let whole = n / (2 * S::F32_LANES) * 2 * S::F32_LANES;
        let mut squares = fold(simd, from, whole, 0.0, square, |a| simd.reduce_sum_f32s(a), |a, b| a + b);
        for i in whole..n {
            squares += (*from.add(i) - mean) * (*from.add(i) - mean);
        }
        let factor = 1.0 / (squares / n as f32 + epsilon).sqrt();
        for_lanes!(simd, n, |s: S, at| {
            let x = s.mul_f32s(s.sub_f32s(load(s, from.add(at)), s.splat_f32s(mean)), s.splat_f32s(factor));
            let y = s.mul_add_e_f32s(x, load(s, scale.as_ptr().add(at)), load(s, shift.as_ptr().add(at)));
            store(s, to.add(at), y);
        });
    }
}

/// # Safety
/// `n` floats at `from` and at `to`.
#[inline(always)]
unsafe fn local_response_row<S: Simd>(simd: S, from: *const f32, to: *mut f32, n: usize, norm: LocalResponseNorm, squares: &mut Vec<f32>) {
    let before = norm.size / 2;
    squares.clear();
    squares.resize(n + norm.size, 0.0);
    // SAFETY: the caller's promise, and `squares` has `size` more than `n` values.
    unsafe {
        let padded = squares.as_mut_ptr();
        for_lanes!(simd, n, |s: S, at| {
            let x = load(s, from.add(at));
            store(s, padded.add(before + at), s.mul_f32s(x, x));
        });
        for_lanes!(simd, n, |s: S, at| {
            let mut sum = s.splat_f32s(0.0);
            for i in 0..norm.size {
                sum = s.add_f32s(sum, load(s, padded.add(at + i)));
            }
            let base = s.mul_add_e_f32s(sum, s.splat_f32s(norm.alpha / norm.size as f32), s.splat_f32s(norm.k));
            store(s, to.add(at), base);
        });
        if norm.beta == 0.75 {
            // The exponent of every network that has this layer, as two square roots.
            for_lanes!(simd, n, |s: S, at| {
                let root = s.sqrt_f32s(load(s, to.add(at)));
                let power = s.mul_f32s(root, s.sqrt_f32s(root));
                store(s, to.add(at), s.div_f32s(load(s, from.add(at)), power));
            });
        } else {
            for i in 0..n {
                *to.add(i) = *from.add(i) / (*to.add(i)).powf(norm.beta);
            }
        }
    }
}
