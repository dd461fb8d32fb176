//! The inner kernel of products in which nothing is packed: all sums of a tile in registers, factors read where they lie.
//!
//! Loops over registers count indices, as in the other inner kernels.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use super::tile::ROWS;
use crate::simd::{load, store};

/// `c[i][j] (+)= sum over k of a[i][k] b[k][j]`, where the elements of `b` and `c` that differ in j are neighbours.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    pub a: *const f32,
    /// From an i to the next, and from a k to the next.
    pub a_stride: [usize; 2],
    pub depth: usize,
    pub b: *const f32,
    /// From a k to the next.
    pub b_stride: usize,
    pub c: *mut f32,
    /// From an i to the next.
    pub c_stride: usize,
    /// Whether sums begin with what `c` holds.
    pub accumulate: bool,
}

impl Product {
    /// For `rows` i and `columns` j.
    ///
    /// # Safety
    /// All pointers must be good for what the fields say; nobody else may use `c`.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(&self, simd: S, rows: usize, columns: usize) {
        let tiles = rows.div_ceil(ROWS).max(1);
        let (size, larger) = (rows / tiles, rows % tiles);
        let mut first = 0;
        for tile in 0..tiles {
            let rows = size + usize::from(tile < larger);
            // SAFETY: the caller's promise, moved on by whole rows.
            unsafe {
                let a = self.a.add(first * self.a_stride[0]);
                let c = self.c.add(first * self.c_stride);
                kernel::<S>(rows)(simd, &Self { a, c, ..*self }, columns);
            }
            first += rows;
        }
    }
}

/// A number of rows that is fixed, times so many columns.
type Kernel<S> = unsafe fn(S, &Product, usize);

#[inline(always)]
fn kernel<S: Simd>(rows: usize) -> Kernel<S> {
    match rows {
        6 => strip::<S, 6>,
        5 => strip::<S, 5>,
        4 => strip::<S, 4>,
        3 => strip::<S, 3>,
        2 => strip::<S, 2>,
        1 => strip::<S, 1>,
        _ => |_, _, _| (),
    }
}

/// A strip of P rows: its tiles are as wide as the registers allow, and at its end narrower.
unsafe fn strip<S: Simd, const P: usize>(simd: S, product: &Product, columns: usize) {
    struct Op<'a, const P: usize>(&'a Product, usize);
    impl<const P: usize> WithSimd for Op<'_, P> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let (product, columns, lanes) = (self.0, self.1, S::F32_LANES);
            let mut j = 0;
            // SAFETY: `strip`'s caller promised pointers good for all columns.
            unsafe {
                while const { 4 * (P + 1) < S::REGISTER_COUNT - 1 } && j + 4 * lanes <= columns {
                    tile::<S, P, 4>(simd, product, j);
                    j += 4 * lanes;
                }
                while j + 2 * lanes <= columns {
                    tile::<S, P, 2>(simd, product, j);
                    j += 2 * lanes;
                }
                while j + lanes <= columns {
                    tile::<S, P, 1>(simd, product, j);
                    j += lanes;
                }
                if j < columns {
                    rest::<S, P>(simd, product, j, columns - j);
                }
            }
        }
    }
    simd.vectorize(Op::<P>(product, columns));
}

/// P rows of V registers from column `j` on.
#[inline(always)]
unsafe fn tile<S: Simd, const P: usize, const V: usize>(simd: S, product: &Product, j: usize) {
    let Product { a, a_stride, b, c, .. } = *product;
    let mut sums = [[simd.splat_f32s(0.0); V]; P];
    // SAFETY: the caller's promise.
    unsafe {
        if product.accumulate {
            for i in 0..P {
                for v in 0..V {
                    sums[i][v] = load(simd, c.add(i * product.c_stride + j + v * S::F32_LANES));
                }
            }
        }
        for k in 0..product.depth {
            let mut row = [simd.splat_f32s(0.0); V];
            for v in 0..V {
                row[v] = load(simd, b.add(k * product.b_stride + j + v * S::F32_LANES));
            }
            for i in 0..P {
                let x = simd.splat_f32s(*a.add(i * a_stride[0] + k * a_stride[1]));
                for v in 0..V {
                    sums[i][v] = simd.mul_add_e_f32s(x, row[v], sums[i][v]);
                }
            }
        }
        for i in 0..P {
            for v in 0..V {
                store(simd, c.add(i * product.c_stride + j + v * S::F32_LANES), sums[i][v]);
            }
        }
    }
}

/// P rows of fewer columns than a register holds.
#[inline(always)]
unsafe fn rest<S: Simd, const P: usize>(simd: S, product: &Product, j: usize, columns: usize) {
    let Product { a, a_stride, b, c, .. } = *product;
    let mut sums = [simd.splat_f32s(0.0); P];
    // SAFETY: the caller's promise; the slices end where the columns do.
    unsafe {
        if product.accumulate {
            for i in 0..P {
                sums[i] = simd.partial_load_f32s(std::slice::from_raw_parts(c.add(i * product.c_stride + j), columns));
            }
        }
        for k in 0..product.depth {
            let row = simd.partial_load_f32s(std::slice::from_raw_parts(b.add(k * product.b_stride + j), columns));
            for i in 0..P {
                let x = simd.splat_f32s(*a.add(i * a_stride[0] + k * a_stride[1]));
                sums[i] = simd.mul_add_e_f32s(x, row, sums[i]);
            }
        }
        for i in 0..P {
            simd.partial_store_f32s(std::slice::from_raw_parts_mut(c.add(i * product.c_stride + j), columns), sums[i]);
        }
    }
}
