//! The inner kernel: a few pixels times a few registers of output channels, all sums in registers.

use pulp::{Simd, WithSimd};

use crate::simd::{at_least, at_most, load, store};

/// Most pixels of a tile.
pub(crate) const MAX_PIXELS: usize = 6;
/// Most registers of a tile's row.
pub(crate) const MAX_VECTORS: usize = 4;

/// What a tile computes: `out[r][c] = clamp(start[c] + sum over taps and k of rows[tap][r][k] weights[tap][k][c] + residual[r][c])`.
pub(crate) struct Tile {
    /// `taps` groups of as many pointers as the tile has pixels.
    pub rows: *const *const f32,
    pub taps: usize,
    /// Added to each of the pointers.
    pub offset: usize,
    /// Floats read from each of the pointers.
    pub depth: usize,
    /// `[taps][depth][width]`.
    pub weights: *const f32,
    /// `width` floats, or null for zeros. Not read when accumulating.
    pub bias: *const f32,
    /// Whether sums begin with what `out` holds.
    pub accumulate: bool,
    pub out: *mut f32,
    pub out_stride: usize,
    /// Null for none.
    pub residual: *const f32,
    pub residual_stride: usize,
    /// Cut off at the end.
    pub clamp: Option<(f32, f32)>,
}

/// A tile of fixed size.
///
/// # Safety
/// The tile's pointers must be valid for what its fields say, for the size that the function was chosen for.
pub(crate) type TileFn<S> = unsafe fn(S, &Tile);

/// The function for `pixels` x `vectors`.
#[inline(always)]
pub(crate) fn tile_fn<S: Simd>(pixels: usize, vectors: usize) -> TileFn<S> {
    // Whether the registers hold such a tile's sums, a row of weights and one value; others are not even compiled.
    macro_rules! table {
        ($($vectors:literal: $($pixels:literal)+;)+) => {
            match (vectors, pixels) {
                $($(($vectors, $pixels) if const { $vectors * ($pixels + 1) < S::REGISTER_COUNT } => {
                    tile::<S, $pixels, $vectors> as TileFn<S>
                })+)+
                // Never asked for: it computes less than would be needed, and stays within bounds.
                _ => tile::<S, 1, 1>,
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

unsafe fn tile<S: Simd, const P: usize, const V: usize>(simd: S, tile: &Tile) {
    struct Op<'a, const P: usize, const V: usize>(&'a Tile);
    impl<const P: usize, const V: usize> WithSimd for Op<'_, P, V> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            // SAFETY: `tile`'s caller promised it.
            unsafe {
                let sums = if P == 1 { one_pixel::<S, P, V>(simd, self.0) } else { sums::<S, P, V>(simd, self.0) };
                finish::<S, P, V>(simd, self.0, sums);
            }
        }
    }
    simd.vectorize(Op::<P, V>(tile));
}

#[inline(always)]
unsafe fn start<S: Simd, const P: usize, const V: usize>(simd: S, tile: &Tile) -> [[S::f32s; V]; P] {
    let mut sums = [[simd.splat_f32s(0.0); V]; P];
    if tile.accumulate {
        for (r, row) in sums.iter_mut().enumerate() {
            for (v, sum) in row.iter_mut().enumerate() {
                // SAFETY: `out` has P rows of V registers.
                *sum = unsafe { load(simd, tile.out.add(r * tile.out_stride + v * S::F32_LANES)) };
            }
        }
    } else if !tile.bias.is_null() {
        for v in 0..V {
            // SAFETY: `bias` has V registers.
            let bias = unsafe { load(simd, tile.bias.add(v * S::F32_LANES)) };
            for row in &mut sums {
                row[v] = bias;
            }
        }
    }
    sums
}

#[inline(always)]
unsafe fn sums<S: Simd, const P: usize, const V: usize>(simd: S, tile: &Tile) -> [[S::f32s; V]; P] {
    // SAFETY: as promised for `tile`.
    let mut sums = unsafe { start::<S, P, V>(simd, tile) };
    let mut weights = tile.weights;
    for tap in 0..tile.taps {
        let mut rows = [std::ptr::null::<f32>(); P];
        for (r, row) in rows.iter_mut().enumerate() {
            // SAFETY: there are `taps` groups of P pointers, each good for `offset + depth` floats.
            *row = unsafe { (*tile.rows.add(tap * P + r)).add(tile.offset) };
        }
        for k in 0..tile.depth {
            let mut w = [simd.splat_f32s(0.0); V];
            for (v, w) in w.iter_mut().enumerate() {
                // SAFETY: `weights` has `taps * depth` rows of V registers.
                *w = unsafe { load(simd, weights.add(v * S::F32_LANES)) };
            }
            // SAFETY: at most one past the end.
            weights = unsafe { weights.add(V * S::F32_LANES) };
            for (row, from) in sums.iter_mut().zip(rows) {
                // SAFETY: `k` is below `depth`.
                let x = simd.splat_f32s(unsafe { *from.add(k) });
                for (sum, &w) in row.iter_mut().zip(&w) {
                    *sum = simd.mul_add_e_f32s(x, w, *sum);
                }
            }
        }
    }
    sums
}

/// A single pixel: four sums of each, as one chain of additions would wait for itself.
#[inline(always)]
unsafe fn one_pixel<S: Simd, const P: usize, const V: usize>(simd: S, tile: &Tile) -> [[S::f32s; V]; P] {
    // SAFETY: as promised for `tile`.
    let mut first = unsafe { start::<S, P, V>(simd, tile) };
    let mut more = [[simd.splat_f32s(0.0); V]; 3];
    let mut weights = tile.weights;
    let width = V * S::F32_LANES;
    for tap in 0..tile.taps {
        // SAFETY: there are `taps` pointers, each good for `offset + depth` floats.
        let row = unsafe { (*tile.rows.add(tap)).add(tile.offset) };
        let mut k = 0;
        while k + 4 <= tile.depth {
            for (i, sums) in std::iter::once(&mut first[0]).chain(&mut more).enumerate() {
                // SAFETY: `k + i` is below `depth`.
                let x = simd.splat_f32s(unsafe { *row.add(k + i) });
                for (v, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `weights` has a row of V registers for each of the `depth` floats.
                    let w = unsafe { load(simd, weights.add(i * width + v * S::F32_LANES)) };
                    *sum = simd.mul_add_e_f32s(x, w, *sum);
                }
            }
            // SAFETY: at most one past the end.
            weights = unsafe { weights.add(4 * width) };
            k += 4;
        }
        while k < tile.depth {
            // SAFETY: `k` is below `depth`.
            let x = simd.splat_f32s(unsafe { *row.add(k) });
            for (v, sum) in first[0].iter_mut().enumerate() {
                // SAFETY: as above.
                let w = unsafe { load(simd, weights.add(v * S::F32_LANES)) };
                *sum = simd.mul_add_e_f32s(x, w, *sum);
            }
            // SAFETY: at most one past the end.
            weights = unsafe { weights.add(width) };
            k += 1;
        }
    }
    for (v, sum) in first[0].iter_mut().enumerate() {
        *sum = simd.add_f32s(simd.add_f32s(*sum, more[0][v]), simd.add_f32s(more[1][v], more[2][v]));
    }
    first
}

/// Residual, clamp, store.
#[inline(always)]
unsafe fn finish<S: Simd, const P: usize, const V: usize>(simd: S, tile: &Tile, mut sums: [[S::f32s; V]; P]) {
    if !tile.residual.is_null() {
        for (r, row) in sums.iter_mut().enumerate() {
            for (v, sum) in row.iter_mut().enumerate() {
                // SAFETY: `residual` has P rows of V registers.
                let x = unsafe { load(simd, tile.residual.add(r * tile.residual_stride + v * S::F32_LANES)) };
                *sum = simd.add_f32s(*sum, x);
            }
        }
    }
    if let Some((low, high)) = tile.clamp {
        let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
        for sum in sums.iter_mut().flatten() {
            *sum = at_most(simd, high, at_least(simd, low, *sum));
        }
    }
    for (r, row) in sums.iter().enumerate() {
        for (v, &sum) in row.iter().enumerate() {
            // SAFETY: `out` has P rows of V registers.
            unsafe { store(simd, tile.out.add(r * tile.out_stride + v * S::F32_LANES), sum) };
        }
    }
}
