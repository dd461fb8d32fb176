//! The inner kernels: some pixels side by side, all channels of a task.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use crate::simd::{at_least, at_most, for_lanes, load, store};

/// Pixels side by side.
pub(super) const PIXELS: usize = 4;

/// What a kernel reads and writes; all pointers are to the task's first channel.
pub(super) struct Pixels<'a> {
    /// Row after row of the kernel, the columns that the pixels see.
    pub from: &'a [*const f32],
    pub weights: *const f32,
    pub bias: *const f32,
    pub out: *mut f32,
    pub out_stride: usize,
    pub channels: usize,
    pub low: f32,
    pub high: f32,
}

/// Four neighbouring pixels of a square kernel.
///
/// # Safety
/// `from` has `K` rows of `3 STRIDE + K` pointers, each good for the channels; so are weights (`K x K` for each channel), bias
/// and the four pixels of the output.
#[inline(always)]
pub(super) unsafe fn square<S: Simd, const K: usize, const STRIDE: usize>(simd: S, pixels: &Pixels<'_>) {
    struct Op<'a, const K: usize, const STRIDE: usize>(&'a Pixels<'a>);
    impl<const K: usize, const STRIDE: usize> WithSimd for Op<'_, K, STRIDE> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let p = self.0;
            for_lanes!(simd, p.channels, |s: S, c| {
                // SAFETY: `square`'s caller promised it.
                unsafe { self.lanes(s, c) };
            });
        }
    }
    impl<const K: usize, const STRIDE: usize> Op<'_, K, STRIDE> {
        #[inline(always)]
        unsafe fn lanes<S: Simd>(&self, simd: S, c: usize) {
            let p = self.0;
            let columns = (PIXELS - 1) * STRIDE + K;
            // SAFETY: as promised for `square`.
            unsafe {
                let weights = p.weights.add(c * K * K);
                // Two chains of sums for each pixel: four alone would wait for themselves.
                let mut sums = [[load(simd, p.bias.add(c)); PIXELS], [simd.splat_f32s(0.0); PIXELS]];
                for ky in 0..K {
                    let mut w = [simd.splat_f32s(0.0); K];
                    for kx in 0..K {
                        w[kx] = load(simd, weights.add((ky * K + kx) * S::F32_LANES));
                    }
                    for column in 0..columns {
                        let value = load(simd, p.from.get_unchecked(ky * columns + column).add(c));
                        for i in 0..PIXELS {
                            if column >= i * STRIDE && column - i * STRIDE < K {
                                let kx = column - i * STRIDE;
                                sums[kx % 2][i] = simd.mul_add_e_f32s(value, w[kx], sums[kx % 2][i]);
                            }
                        }
                    }
                }
                let (low, high) = (simd.splat_f32s(p.low), simd.splat_f32s(p.high));
                for i in 0..PIXELS {
                    let sum = simd.add_f32s(sums[0][i], sums[1][i]);
                    store(simd, p.out.add(i * p.out_stride + c), at_most(simd, high, at_least(simd, low, sum)));
                }
            }
        }
    }
    simd.vectorize(Op::<K, STRIDE>(pixels));
}

/// One pixel of any kernel; `from` has a pointer for each tap.
///
/// # Safety
/// As for [`square`].
#[inline(always)]
pub(super) unsafe fn any<S: Simd>(simd: S, pixels: &Pixels<'_>) {
    struct Op<'a>(&'a Pixels<'a>);
    impl WithSimd for Op<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let p = self.0;
            for_lanes!(simd, p.channels, |s: S, c| {
                // SAFETY: `any`'s caller promised it.
                unsafe {
                    let weights = p.weights.add(c * p.from.len());
                    let mut sum = load(s, p.bias.add(c));
                    for (tap, from) in p.from.iter().enumerate() {
                        sum = s.mul_add_e_f32s(load(s, from.add(c)), load(s, weights.add(tap * S::F32_LANES)), sum);
                    }
                    let sum = at_most(s, s.splat_f32s(p.high), at_least(s, s.splat_f32s(p.low), sum));
                    store(s, p.out.add(c), sum);
                }
            });
        }
    }
    simd.vectorize(Op(pixels));
}
