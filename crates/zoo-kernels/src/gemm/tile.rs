//! The inner kernel: a few pixels times a few registers of output channels, all sums in registers.
//!
//! Loops over registers count indices: the optimiser keeps arrays in registers only where it sees constant indices, which
//! iterator chains hide from it.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use crate::simd::{Tail, at_least, at_most, load, prefetch};

/// Rows of a tile of four registers, which the other inner kernels have as well.
pub(crate) const ROWS: usize = 6;
/// Most registers of a tile's row.
pub(crate) const MAX_VECTORS: usize = 4;

/// Floats of a cache line.
pub(crate) const LINE: usize = 16;

/// Most pixels of a tile so wide: narrow ones are taller, for as many products between a tile's start and its end. Beyond ten rows
/// of one register, addresses would not stay in registers.
pub(crate) const fn most_pixels(vectors: usize, registers: usize) -> usize {
    match (vectors, registers) {
        (..=1, 32..) => 10,
        (2, 32..) => 12,
        (3, 32..) => 8,
        _ => ROWS,
    }
}

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
    /// Weights that are needed next, and how many floats of them tile after tile asks for with each row of its own weights.
    pub ahead: (*const f32, usize),
    /// `width` floats for each panel, or null for zeros. Not read when accumulating.
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
    /// Channels in the last register of the last panel: `out` and `residual` have no more.
    pub tail: usize,
    /// How many tiles like this there are, over pixels and over panels, and what the next of each has ahead of this one.
    pub repeat: [usize; 2],
    pub step: [Step; 2],
}

/// From a tile to the next: pointers in `rows`, floats elsewhere.
#[derive(Clone, Copy, Default)]
pub(crate) struct Step {
    pub rows: usize,
    pub weights: usize,
    pub bias: usize,
    pub out: usize,
    pub residual: usize,
}

/// Tiles of fixed size.
///
/// # Safety
/// The tile's pointers must be valid for what its fields say, for the size that the function was chosen for.
pub(crate) type TileFn<S> = unsafe fn(S, &Tile);

/// Sums of each element that are kept apart and added at the end: a chain of additions waits for itself, and eight chains keep
/// both multipliers busy. Tiles of one register have two from four pixels on: taller ones round as those of six.
const fn chains(pixels: usize, vectors: usize) -> usize {
    match (pixels * vectors, vectors) {
        (0..4, _) => 4,
        (4..8, _) | (_, 1) => 2,
        _ => 1,
    }
}

/// The function for `pixels` x `vectors`.
#[inline(always)]
pub(crate) fn tile_fn<S: Simd>(pixels: usize, vectors: usize) -> TileFn<S> {
    // Whether the registers hold such a tile's sums, a row of weights and one value; others are not even compiled.
    macro_rules! table {
        ($($vectors:literal: $($pixels:literal)+;)+) => {
            match (vectors, pixels) {
                $($(($vectors, $pixels) if const { $vectors * ($pixels * chains($pixels, $vectors) + 1) < S::REGISTER_COUNT - 1 } => {
                    tiles::<S, $pixels, $vectors, { chains($pixels, $vectors) }> as TileFn<S>
                })+)+
                // Never asked for: it computes less than would be needed, and stays within bounds.
                _ => tiles::<S, 1, 1, 4>,
            }
        };
    }
    table! {
        1: 1 2 3 4 5 6 7 8 9 10;
        2: 1 2 3 4 5 6 7 8 9 10 11 12;
        3: 1 2 3 4 5 6 7 8;
        4: 1 2 3 4 5 6;
    }
}

unsafe fn tiles<S: Simd, const P: usize, const V: usize, const C: usize>(simd: S, tile: &Tile) {
    struct Op<'a, const P: usize, const V: usize, const C: usize>(&'a Tile);
    impl<const P: usize, const V: usize, const C: usize> WithSimd for Op<'_, P, V, C> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let [pixels, panels] = self.0.repeat;
            let (whole, tail) = (Tail::new(simd, S::F32_LANES), Tail::new(simd, self.0.tail));
            for i in 0..pixels {
                for j in 0..panels {
                    let tail = if j + 1 == panels { tail } else { whole };
                    // SAFETY: `tiles`'s caller promised it.
                    unsafe { one::<S, P, V, C>(simd, self.0, tail, [i, j]) };
                }
            }
        }
    }
    simd.vectorize(Op::<P, V, C>(tile));
}

#[inline(always)]
unsafe fn one<S: Simd, const P: usize, const V: usize, const C: usize>(simd: S, tile: &Tile, tail: Tail<S>, [i, j]: [usize; 2]) {
    let width = V * S::F32_LANES;
    let ahead = |part: fn(&Step) -> usize| i * part(&tile.step[0]) + j * part(&tile.step[1]);
    let mut sums = [[[simd.splat_f32s(0.0); V]; P]; C];
    // SAFETY: the caller promised what the tile's fields say, for each repetition: `out` and `residual` have P rows of V
    // registers, the last with `tail` channels, `bias` one row; `rows` has `taps` groups of P pointers, each good for `offset + depth` floats; `weights` has
    // `taps * depth` rows of V registers.
    unsafe {
        let out = tile.out.add(ahead(|s| s.out));
        if tile.accumulate {
            for r in 0..P {
                for v in 0..V {
                    sums[0][r][v] = tail.load(simd, out.add(r * tile.out_stride + v * S::F32_LANES), v + 1 == V);
                }
            }
        } else if !tile.bias.is_null() {
            for v in 0..V {
                let bias = load(simd, tile.bias.add(ahead(|s| s.bias) + v * S::F32_LANES));
                for r in 0..P {
                    sums[0][r][v] = bias;
                }
            }
        }
        let mut weights = tile.weights.add(ahead(|s| s.weights));
        let mut pointers = tile.rows.add(ahead(|s| s.rows));
        let (next, step) = tile.ahead;
        let mut next = next.wrapping_add(i * tile.taps * tile.depth * step);
        for _ in 0..tile.taps {
            let mut rows = [std::ptr::null::<f32>(); P];
            for r in 0..P {
                rows[r] = (*pointers.add(r)).add(tile.offset);
            }
            pointers = pointers.add(P);
            let mut k = 0;
            while k + C <= tile.depth {
                for c in 0..C {
                    prefetch(next);
                    next = next.wrapping_add(step);
                    multiply_add(simd, &mut sums[c], &rows, k + c, weights.add(c * width));
                }
                weights = weights.add(C * width);
                k += C;
            }
            while C > 1 && k < tile.depth {
                multiply_add(simd, &mut sums[0], &rows, k, weights);
                weights = weights.add(width);
                k += 1;
            }
        }
        for c in 1..C {
            for r in 0..P {
                for v in 0..V {
                    sums[0][r][v] = simd.add_f32s(sums[0][r][v], sums[c][r][v]);
                }
            }
        }
        if !tile.residual.is_null() {
            let residual = tile.residual.add(ahead(|s| s.residual));
            for r in 0..P {
                for v in 0..V {
                    let x = tail.load(simd, residual.add(r * tile.residual_stride + v * S::F32_LANES), v + 1 == V);
                    sums[0][r][v] = simd.add_f32s(sums[0][r][v], x);
                }
            }
        }
        if let Some((low, high)) = tile.clamp {
            let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
            for r in 0..P {
                for v in 0..V {
                    sums[0][r][v] = at_most(simd, high, at_least(simd, low, sums[0][r][v]));
                }
            }
        }
        for r in 0..P {
            for v in 0..V {
                tail.store(simd, out.add(r * tile.out_stride + v * S::F32_LANES), sums[0][r][v], v + 1 == V);
            }
        }
    }
}

/// Adds the products of one `k`.
///
/// # Safety
/// Each of `rows` must be good for `k + 1` floats, `weights` for V registers.
#[inline(always)]
unsafe fn multiply_add<S: Simd, const P: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; P],
    rows: &[*const f32; P],
    k: usize,
    weights: *const f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut w = [simd.splat_f32s(0.0); V];
        for v in 0..V {
            w[v] = load(simd, weights.add(v * S::F32_LANES));
        }
        for r in 0..P {
            let x = simd.splat_f32s(*rows[r].add(k));
            for v in 0..V {
                sums[r][v] = simd.mul_add_e_f32s(x, w[v], sums[r][v]);
            }
        }
    }
}
