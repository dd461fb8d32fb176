//! Weights as PyTorch orders them, moved into and out of the order of the inner kernel: at each training step, so on all threads.

use std::ops::Range;

use super::pack::{Layout, Panel};
use crate::memory::{Shared, SharedMut};
use crate::threads::Threads;

/// Columns that are moved together, and rows and taps: what lies in one column's cache lines is moved while they are at hand.
/// Columns are often a multiple of 4 KiB apart, so that those of 16 columns do not stay in L1 together.
const COLUMNS: usize = 16;
const ROWS: usize = 16;
const TAPS: usize = 9;
/// `[tap][row][column]`
type Tile = [[[f32; COLUMNS]; ROWS]; TAPS];
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

    /// With several groups: the places of some columns in row `k`, [`usize::MAX`] for zeros; and how many columns there are.
    #[inline(always)]
    fn places(&self, k: usize, panel: &Panel, first: usize) -> ([usize; COLUMNS], usize) {
        let mut places = [usize::MAX; COLUMNS];
        let count = panel.channels.saturating_sub(first).min(COLUMNS);
        let begin = panel.first + first.min(panel.channels);
        let columns = &self.columns[begin..begin + count];
        let group = k / self.group[0];
        for (i, (place, column)) in places.iter_mut().zip(columns).enumerate() {
            if group == (begin + i) / self.group[1] {
                *place = self.rows[k] + column;
            }
        }
        (places, count)
    }

    /// Whether whole tiles can be moved: there is one group.
    fn is_whole(&self) -> bool {
        self.rows.len() <= self.group[0]
    }

    /// Fills a packed matrix from `weight`; lanes without a column become zeros.
    pub(crate) fn pack(&self, layout: &Layout, weight: &[f32], data: &mut [f32], threads: &Threads) {
        assert!(data.len() >= layout.len() && weight.len() >= self.end());
        let (from, to) = (Shared::new(weight), SharedMut::new(data));
        pieces(layout, threads, |piece| {
            let width = piece.panel.vectors * layout.isa.lanes();
            if self.is_whole() {
                let mut tile: Tile = [[[0.0; COLUMNS]; ROWS]; TAPS];
                tiles(self.taps.len(), &piece, width, |taps, rows, first| {
                    let begin = piece.panel.first + first.min(piece.panel.channels);
                    let columns = &self.columns[begin..begin + piece.panel.channels.saturating_sub(first).min(COLUMNS)];
                    if columns.len() < COLUMNS {
                        tile.as_flattened_mut().fill([0.0; COLUMNS]);
                    }
                    for (i, column) in columns.iter().enumerate() {
                        for (j, row) in self.rows[rows.clone()].iter().enumerate() {
                            for (t, tap) in self.taps[taps.clone()].iter().enumerate() {
                                // SAFETY: a place of the order.
                                tile[t][j][i] = unsafe { *from.at(tap + row + column) };
                            }
                        }
                    }
                    for (tile, tap) in tile.iter().zip(taps) {
                        for (values, k) in tile.iter().zip(rows.clone()) {
                            let at = piece.panel.offset + (tap * layout.depth + k) * width + first;
                            // SAFETY: `data` was found long enough; pieces have rows of their own.
                            unsafe {
                                if width - first >= COLUMNS {
                                    to.at(at).cast::<[f32; COLUMNS]>().write_unaligned(*values);
                                } else {
                                    std::ptr::copy_nonoverlapping(values.as_ptr(), to.at(at), width - first);
                                }
                            }
                        }
                    }
                });
                return;
            }
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
            if self.is_whole() {
                let mut tile: Tile = [[[0.0; COLUMNS]; ROWS]; TAPS];
                tiles(self.taps.len(), &piece, width, |taps, rows, first| {
                    let begin = piece.panel.first + first.min(piece.panel.channels);
                    let columns = &self.columns[begin..begin + piece.panel.channels.saturating_sub(first).min(COLUMNS)];
                    for (tile, tap) in tile.iter_mut().zip(taps.clone()) {
                        for (sums, k) in tile.iter_mut().zip(rows.clone()) {
                            let at = piece.panel.offset + (tap * layout.depth + k) * width + first;
                            *sums = [0.0; COLUMNS];
                            for copy in 0..copies {
                                let from = &data[copy * step + at..][..COLUMNS.min(width - first)];
                                // A length that the compiler knows becomes a few instructions.
                                if let Ok(from) = <&[f32; COLUMNS]>::try_from(from) {
                                    sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
                                } else {
                                    sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
                                }
                            }
                        }
                    }
                    for (i, column) in columns.iter().enumerate() {
                        for (j, row) in self.rows[rows.clone()].iter().enumerate() {
                            for (t, tap) in self.taps[taps.clone()].iter().enumerate() {
                                // SAFETY: the caller's promise; pieces have elements of their own.
                                unsafe { *weight.at(tap + row + column) = tile[t][j][i] };
                            }
                        }
                    }
                });
                return;
            }
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

/// Calls `task` for all tiles of a piece: taps, rows and the first of the columns.
#[inline(always)]
fn tiles(taps: usize, piece: &Piece<'_>, width: usize, mut task: impl FnMut(Range<usize>, Range<usize>, usize)) {
    let [begin, end] = piece.rows;
    for first in (0..width).step_by(COLUMNS) {
        for row in (begin..end).step_by(ROWS) {
            for tap in (0..taps).step_by(TAPS) {
                task(tap..(tap + TAPS).min(taps), row..(row + ROWS).min(end), first);
            }
        }
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
