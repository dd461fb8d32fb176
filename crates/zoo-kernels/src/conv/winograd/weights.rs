//! The weights' transform at each training step: many columns at a time, on all threads.

use pulp::{Simd, WithSimd};

use super::transform;
use crate::gemm::{Layout, Order, Panel, pieces};
use crate::memory::{Shared, SharedMut};
use crate::simd::{load, store};
use crate::threads::Threads;

/// Most lanes of any instruction set.
const LANES: usize = 16;

/// Fills a packed matrix for each element of a tile.
pub(super) fn transform(layout: &Layout, order: &Order, weight: &[f32], tile: usize, to: &mut [f32], threads: &Threads) {
    assert!(weight.len() >= order.end() && to.len() >= tile * tile * layout.len());
    let (from, to) = (Shared::new(weight), SharedMut::new(to));
    pieces(layout, threads, |piece| {
        layout.isa.run(Task { layout, order, from, to, panel: piece.panel, rows: piece.rows, tile });
    });
}

struct Task<'a> {
    layout: &'a Layout,
    order: &'a Order,
    from: Shared,
    to: SharedMut,
    panel: &'a Panel,
    rows: [usize; 2],
    /// Its side.
    tile: usize,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !self.layout.fits::<S>() {
            return;
        }
        for vector in 0..self.panel.vectors {
            for k in self.rows[0]..self.rows[1] {
                // SAFETY: `transform` checked the lengths; pieces have rows of their own.
                unsafe {
                    match (self.tile, self.order.taps.len()) {
                        (4, _) => self.one::<S, 4, 3>(simd, vector, k),
                        (_, 9) => self.one::<S, 6, 3>(simd, vector, k),
                        _ => self.one::<S, 6, 5>(simd, vector, k),
                    }
                }
            }
        }
    }
}

impl Task<'_> {
    /// One row's register of columns.
    #[inline(always)]
    unsafe fn one<S: Simd, const A: usize, const K: usize>(&self, simd: S, vector: usize, k: usize) {
        let (panel, lanes) = (self.panel, S::F32_LANES);
        let mut values = [[[0.0_f32; LANES]; K]; K];
        let count = panel.channels.saturating_sub(vector * lanes).min(lanes);
        let columns = &self.order.columns[panel.first + vector * lanes..][..count];
        for (lane, column) in columns.iter().enumerate() {
            for (value, tap) in values.as_flattened_mut().iter_mut().zip(&self.order.taps) {
                // SAFETY: a place of the order.
                value[lane] = unsafe { *self.from.at(tap + self.order.rows[k] + column) };
            }
        }
        let width = panel.vectors * lanes;
        let at = panel.offset + k * width + vector * lanes;
        // SAFETY: a register is no longer than `LANES`.
        let g = values.map(|row| row.map(|values| unsafe { load(simd, values.as_ptr()) }));
        transform::weights::<S, A, K>(simd, g, |y, x, value| {
            // SAFETY: within the matrix of this element.
            unsafe { store(simd, self.to.at((y * A + x) * self.layout.len() + at), value) };
        });
    }
}
