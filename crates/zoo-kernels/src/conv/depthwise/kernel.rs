//! The inner kernels: some pixels side by side, all channels of a task.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use crate::simd::{at_least, at_most, for_lanes, load, store};

/// What pixels side by side are made of; all pointers are to the task's first channel.
pub(super) struct Pixels<'a> {
    /// The rows of the input that the kernel sees.
    pub rows: &'a [*const f32],
    /// From those pointers to the first column that the pixels see, which may lie before the map, and from a column to the next.
    pub offset: isize,
    pub step: usize,
    /// The columns within the map, of those that the pixels see.
    pub inside: [usize; 2],
    /// The kernel's first row of `rows`: those above are outside of the map.
    pub first_row: usize,
    pub to: Target,
}

/// Where results go, and what is the same for all of them.
pub(super) struct Target {
    pub weights: *const f32,
    pub bias: *const f32,
    pub out: *mut f32,
    pub out_stride: usize,
    pub channels: usize,
    pub low: f32,
    pub high: f32,
}

/// `P` neighbouring pixels of a square kernel. Taps in padding are left out.
///
/// # Safety
/// `rows` has no more pointers than the kernel has rows from `first_row` on. At each of them the columns of `inside` are good for the channels; so
/// are weights (`K x K` for each channel), bias and the P pixels of the output.
#[inline(always)]
pub(super) unsafe fn square<S: Simd, const K: usize, const STRIDE: usize, const P: usize>(simd: S, pixels: &Pixels<'_>) {
    struct Op<'a, const K: usize, const STRIDE: usize, const P: usize, const EDGE: bool>(&'a Pixels<'a>);
    impl<const K: usize, const STRIDE: usize, const P: usize, const EDGE: bool> WithSimd for Op<'_, K, STRIDE, P, EDGE> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for_lanes!(simd, self.0.to.channels, |s: S, c| {
                // SAFETY: `square`'s caller promised it.
                unsafe { self.lanes(s, c) };
            });
        }
    }
    impl<const K: usize, const STRIDE: usize, const P: usize, const EDGE: bool> Op<'_, K, STRIDE, P, EDGE> {
        #[inline(always)]
        unsafe fn lanes<S: Simd>(&self, simd: S, c: usize) {
            let Pixels { rows, offset, step, inside: [begin, end], first_row, ref to } = *self.0;
            // SAFETY: as promised for `square`.
            unsafe {
                let mut weights = to.weights.add(c * K * K + first_row * K * S::F32_LANES);
                // Two chains of sums for each of few pixels, which would wait for themselves.
                let mut sums = [[simd.splat_f32s(0.0); P]; 2];
                sums[0] = [load(simd, to.bias.add(c)); P];
                for row in rows {
                    let mut from = row.wrapping_offset(offset).wrapping_add(c);
                    let mut w = [simd.splat_f32s(0.0); K];
                    for kx in 0..K {
                        w[kx] = load(simd, weights.add(kx * S::F32_LANES));
                    }
                    weights = weights.add(K * S::F32_LANES);
                    for column in 0..const { (P - 1) * STRIDE + K } {
                        let here = from;
                        from = from.wrapping_add(step);
                        if EDGE && (column < begin || column >= end) {
                            continue;
                        }
                        let value = load(simd, here);
                        for i in 0..P {
                            if column >= i * STRIDE && column - i * STRIDE < K {
                                let kx = column - i * STRIDE;
                                let chain = if P < 7 { kx % 2 } else { 0 };
                                sums[chain][i] = simd.mul_add_e_f32s(value, w[kx], sums[chain][i]);
                            }
                        }
                    }
                }
                let (low, high) = (simd.splat_f32s(to.low), simd.splat_f32s(to.high));
                for i in 0..P {
                    let sum = if P < 7 { simd.add_f32s(sums[0][i], sums[1][i]) } else { sums[0][i] };
                    store(simd, to.out.add(i * to.out_stride + c), at_most(simd, high, at_least(simd, low, sum)));
                }
            }
        }
    }
    if pixels.inside == [0, (P - 1) * STRIDE + K] {
        simd.vectorize(Op::<K, STRIDE, P, false>(pixels));
    } else {
        simd.vectorize(Op::<K, STRIDE, P, true>(pixels));
    }
}

/// One pixel of any kernel; `from` has a pointer for each tap.
///
/// # Safety
/// Each of `from` must be good for the channels, and so must weights (one for each tap and channel), bias and the output's pixel.
#[inline(always)]
pub(super) unsafe fn any<S: Simd>(simd: S, from: &[*const f32], to: &Target) {
    struct Op<'a>(&'a [*const f32], &'a Target);
    impl WithSimd for Op<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(from, to) = self;
            for_lanes!(simd, to.channels, |s: S, c| {
                // SAFETY: `any`'s caller promised it.
                unsafe {
                    let weights = to.weights.add(c * from.len());
                    let mut sum = load(s, to.bias.add(c));
                    for (tap, from) in from.iter().enumerate() {
                        sum = s.mul_add_e_f32s(load(s, from.add(c)), load(s, weights.add(tap * S::F32_LANES)), sum);
                    }
                    let sum = at_most(s, s.splat_f32s(to.high), at_least(s, s.splat_f32s(to.low), sum));
                    store(s, to.out.add(c), sum);
                }
            });
        }
    }
    simd.vectorize(Op(from, to));
}
