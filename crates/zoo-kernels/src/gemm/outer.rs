//! The inner kernel of gradients to weights: a few input channels times a few registers of output channels, summed over pixels,
//! all sums in registers.
//!
//! Loops over registers count indices, as in the other inner kernel.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use super::tile::ROWS;
use crate::simd::{load, store};

/// `out[k][c] (+)= sum over pixels of rows[pixel][k] gradient[pixel][c]`, for `depth` k and `vectors` registers of c.
pub(crate) struct Outer {
    /// A pointer for each pixel, good for `depth` floats.
    pub rows: *const *const f32,
    pub pixels: usize,
    pub depth: usize,
    /// The first pixel's; from pixel to pixel are `gradient_stride` floats.
    pub gradient: *const f32,
    pub gradient_stride: usize,
    pub vectors: usize,
    /// `[depth][vectors]` registers.
    pub out: *mut f32,
    /// Whether sums begin with what `out` holds.
    pub accumulate: bool,
}

impl Outer {
    /// # Safety
    /// All pointers must be good for what the fields say; nobody else may use `out`.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(&self, simd: S) {
        let tiles = self.depth.div_ceil(ROWS).max(1);
        let (size, larger) = (self.depth / tiles, self.depth % tiles);
        // SAFETY: the caller's promise; both runs of tiles stay below `depth`.
        unsafe {
            if larger > 0 {
                kernel::<S>(size + 1, self.vectors)(simd, self, 0, larger);
            }
            if size > 0 {
                kernel::<S>(size, self.vectors)(simd, self, larger * (size + 1), tiles - larger);
            }
        }
    }
}

/// Tiles of a fixed size: the first row, and how many.
type Kernel<S> = unsafe fn(S, &Outer, usize, usize);

/// Sums of each element that are kept apart, so that additions do not wait for each other.
const fn chains(rows: usize, vectors: usize) -> usize {
    match rows * vectors {
        0..3 => 4,
        3..7 => 2,
        _ => 1,
    }
}

#[inline(always)]
fn kernel<S: Simd>(rows: usize, vectors: usize) -> Kernel<S> {
    macro_rules! table {
        ($($vectors:literal: $($rows:literal)+;)+) => {
            match (vectors, rows) {
                $($(($vectors, $rows) if const { $vectors * ($rows + 1) < S::REGISTER_COUNT - 1 } => {
                    tiles::<S, $rows, $vectors, { chains($rows, $vectors) }> as Kernel<S>
                })+)+
                // Never asked for: it computes less than would be needed, and stays within bounds.
                _ => tiles::<S, 1, 1, 4>,
            }
        };
    }
    table! {
        1: 1 2 3 4 5 6;
        2: 1 2 3 4 5 6;
        3: 1 2 3 4 5 6;
        4: 1 2 3 4 5 6;
    }
}

unsafe fn tiles<S: Simd, const P: usize, const V: usize, const C: usize>(simd: S, outer: &Outer, first: usize, tiles: usize) {
    struct Op<'a, const P: usize, const V: usize, const C: usize>(&'a Outer, usize, usize);
    impl<const P: usize, const V: usize, const C: usize> WithSimd for Op<'_, P, V, C> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for tile in 0..self.2 {
                // SAFETY: `tiles`'s caller promised it.
                unsafe { one::<S, P, V, C>(simd, self.0, self.1 + tile * P) };
            }
        }
    }
    simd.vectorize(Op::<P, V, C>(outer, first, tiles));
}

#[inline(always)]
unsafe fn one<S: Simd, const P: usize, const V: usize, const C: usize>(simd: S, outer: &Outer, k: usize) {
    let mut sums = [[[simd.splat_f32s(0.0); V]; P]; C];
    let stride = outer.gradient_stride;
    // SAFETY: the caller promised pointers good for `k + P` floats, and gradients and `out` of V registers.
    unsafe {
        let out = outer.out.add(k * V * S::F32_LANES);
        if outer.accumulate {
            for r in 0..P {
                for v in 0..V {
                    sums[0][r][v] = load(simd, out.add((r * V + v) * S::F32_LANES));
                }
            }
        }
        let (mut rows, mut gradient) = (outer.rows, outer.gradient);
        let mut pixel = 0;
        while pixel + C <= outer.pixels {
            for c in 0..C {
                multiply_add(simd, &mut sums[c], (*rows.add(c)).add(k), gradient.add(c * stride));
            }
            (rows, gradient) = (rows.add(C), gradient.add(C * stride));
            pixel += C;
        }
        while C > 1 && pixel < outer.pixels {
            multiply_add(simd, &mut sums[0], (*rows).add(k), gradient);
            (rows, gradient) = (rows.add(1), gradient.add(stride));
            pixel += 1;
        }
        for r in 0..P {
            for v in 0..V {
                for c in 1..C {
                    sums[0][r][v] = simd.add_f32s(sums[0][r][v], sums[c][r][v]);
                }
                store(simd, out.add((r * V + v) * S::F32_LANES), sums[0][r][v]);
            }
        }
    }
}

/// Adds the products of one pixel.
///
/// # Safety
/// `row` must be good for P floats, `gradient` for V registers.
#[inline(always)]
unsafe fn multiply_add<S: Simd, const P: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; P],
    row: *const f32,
    gradient: *const f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut g = [simd.splat_f32s(0.0); V];
        for v in 0..V {
            g[v] = load(simd, gradient.add(v * S::F32_LANES));
        }
        for r in 0..P {
            let x = simd.splat_f32s(*row.add(r));
            for v in 0..V {
                sums[r][v] = simd.mul_add_e_f32s(x, g[v], sums[r][v]);
            }
        }
    }
}
