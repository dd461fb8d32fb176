//! Weights as PyTorch orders them, moved into and out of the order of the inner kernel: at each training step, so on all threads.

use super::pack::{Layout, Panel};
use crate::memory::{Shared, SharedMut};
use crate::threads::Threads;

/// Columns that are moved together: their cache lines stay in L1 while neighbouring rows use the rest of them.
const COLUMNS: usize = 16;
/// Floats of a task that takes some microseconds.
const TASK: usize = 32_768;

/// Where the elements of a packed matrix lie among the weights: `[tap][k][column]` at `taps[tap] + rows[k] + columns[column]`.
///
/// With several groups side by side, an element whose row is of another group than its column is zero.
#[derive(Clone)]
pub(crate) struct Order {
    pub taps: Vec<usize>,
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
    /// Rows and columns of a group.
    pub group: [usize; 2],
}

/// The part of a panel that a task moves.
pub(crate) struct Piece<'a> {
    pub panel: &'a Panel,
    pub rows: [usize; 2],
}

impl Order {
    /// One behind the last place.
    pub(crate) fn end(&self) -> usize {
        let last = |all: &[usize]| all.iter().max().copied().unwrap_or(0);
        last(&self.taps) + last(&self.rows) + last(&self.columns) + 1
    }

    /// The places of some columns in row `k`, [`usize::MAX`] for zeros; and how many columns there are.
    #[inline(always)]
    fn places(&self, k: usize, panel: &Panel, first: usize) -> ([usize; COLUMNS], usize) {
        let mut places = [usize::MAX; COLUMNS];
        let count = panel.channels.saturating_sub(first).min(COLUMNS);
        let begin = panel.first + first.min(panel.channels);
        let columns = &self.columns[begin..begin + count];
        if self.rows.len() <= self.group[0] {
            places.iter_mut().zip(columns).for_each(|(place, column)| *place = self.rows[k] + column);
            return (places, count);
        }
        let group = k / self.group[0];
        for (i, (place, column)) in places.iter_mut().zip(columns).enumerate() {
            if group == (begin + i) / self.group[1] {
                *place = self.rows[k] + column;
            }
        }
        (places, count)
    }

    /// Fills a packed matrix from `weight`; lanes without a column become zeros.
    pub(crate) fn pack(&self, layout: &Layout, weight: &[f32], data: &mut [f32], threads: &Threads) {
        assert!(data.len() >= layout.len() && weight.len() >= self.end());
        let (from, to) = (Shared::new(weight), SharedMut::new(data));
        pieces(layout, threads, |piece| {
            let width = piece.panel.vectors * layout.isa.lanes();
            for first in (0..width).step_by(COLUMNS) {
                for k in piece.rows[0]..piece.rows[1] {
                    let (places, count) = self.places(k, piece.panel, first);
                    let whole = count == COLUMNS && !places.contains(&usize::MAX);
                    for (tap, &at) in self.taps.iter().enumerate() {
                        // SAFETY: data and weights were found long enough; pieces have rows of their own.
                        unsafe {
                            let row = to.at(piece.panel.offset + (tap * layout.depth + k) * width + first);
                            if whole {
                                let from = from.at(at);
                                let values = places.map(|place| *from.add(place));
                                row.cast::<[f32; COLUMNS]>().write_unaligned(values);
                            } else {
                                for (i, &place) in places[..COLUMNS.min(width - first)].iter().enumerate() {
                                    *row.add(i) = if place == usize::MAX { 0.0 } else { *from.at(at + place) };
                                }
                            }
                        }
                    }
                }
            }
        });
    }

    /// The reverse: writes the sums of `copies` packed matrices that follow each other in `data` to their places in `weight`.
    ///
    /// # Safety
    /// `weight` must be good for [`Order::end`] floats, and nobody else may use those named by this order.
    pub(crate) unsafe fn unpack(&self, layout: &Layout, data: &[f32], copies: usize, weight: SharedMut, threads: &Threads) {
        let step = layout.len();
        assert!(data.len() >= copies * step);
        pieces(layout, threads, |piece| {
            let width = piece.panel.vectors * layout.isa.lanes();
            for first in (0..width).step_by(COLUMNS) {
                for k in piece.rows[0]..piece.rows[1] {
                    let (places, count) = self.places(k, piece.panel, first);
                    for (tap, &at) in self.taps.iter().enumerate() {
                        let row = piece.panel.offset + (tap * layout.depth + k) * width + first;
                        let mut sums = [0.0_f32; COLUMNS];
                        for copy in 0..copies {
                            let from = &data[copy * step + row..][..count];
                            if let Ok(from) = <&[f32; COLUMNS]>::try_from(from) {
                                sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
                            } else {
                                sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
                            }
                        }
                        for (sum, &place) in sums.iter().zip(&places[..count]) {
                            if place != usize::MAX {
                                // SAFETY: the caller's promise; pieces have elements of their own.
                                unsafe { *weight.at(at + place) = *sum };
                            }
                        }
                    }
                }
            }
        });
    }
}

/// Calls `task` for all parts of a packed matrix.
pub(crate) fn pieces(layout: &Layout, threads: &Threads, task: impl Fn(Piece<'_>) + Sync) {
    let each = layout.panels.first().map_or(1, |panel| panel.vectors * layout.isa.lanes() * layout.taps);
    let step = (TASK / each).clamp(1, layout.depth.max(1));
    let parts = layout.depth.div_ceil(step);
    threads.run(layout.panels.len() * parts, |i, _| {
        let first = i % parts * step;
        task(Piece { panel: &layout.panels[i / parts], rows: [first, (first + step).min(layout.depth)] });
    });
}
