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

    /// Calls `visit` with each place in a tile and where its element lies among the weights, nowhere if it is zero.
    #[inline(always)]
    fn visit(&self, area: &Area, mut visit: impl FnMut([usize; 3], Option<usize>)) {
        let one_group = self.rows.len() <= self.group[0];
        for (i, column) in area.columns.clone().enumerate() {
            for (j, row) in area.rows.clone().enumerate() {
                let there = one_group || row / self.group[0] == column / self.group[1];
                let at = self.rows[row] + self.columns[column];
                for (t, tap) in self.taps[area.taps.clone()].iter().enumerate() {
                    visit([t, j, i], there.then_some(tap + at));
                }
            }
        }
    }

    /// Fills a packed matrix from `weight`; lanes without a column become zeros.
    pub(crate) fn pack(&self, layout: &Layout, weight: &[f32], data: &mut [f32], threads: &Threads) {
        assert!(data.len() >= layout.len() && weight.len() >= self.end());
        let (from, to) = (Shared::new(weight), SharedMut::new(data));
        pieces(layout, threads, |piece| {
            let mut tile: Tile = [[[0.0; COLUMNS]; ROWS]; TAPS];
            piece.areas(layout, |area| {
                if area.columns.len() < COLUMNS {
                    tile.as_flattened_mut().fill([0.0; COLUMNS]);
                }
                // SAFETY: a place of the order.
                self.visit(area, |[t, j, i], place| tile[t][j][i] = place.map_or(0.0, |place| unsafe { *from.at(place) }));
                area.lines(|[t, j], at| {
                    // SAFETY: `data` was found long enough; pieces have rows of their own.
                    unsafe {
                        if area.width == COLUMNS {
                            to.at(at).cast::<[f32; COLUMNS]>().write_unaligned(tile[t][j]);
                        } else {
                            std::ptr::copy_nonoverlapping(tile[t][j].as_ptr(), to.at(at), area.width);
                        }
                    }
                });
            });
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
            let mut tile: Tile = [[[0.0; COLUMNS]; ROWS]; TAPS];
            piece.areas(layout, |area| {
                area.lines(|[t, j], at| {
                    let sums = &mut tile[t][j];
                    *sums = [0.0; COLUMNS];
                    for copy in 0..copies {
                        let from = &data[copy * step + at..][..area.width];
                        // A length that the compiler knows becomes a few instructions.
                        if let Ok(from) = <&[f32; COLUMNS]>::try_from(from) {
                            sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
                        } else {
                            sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
                        }
                    }
                });
                self.visit(area, |[t, j, i], place| {
                    if let Some(place) = place {
                        // SAFETY: the caller's promise; pieces have elements of their own.
                        unsafe { *weight.at(place) = tile[t][j][i] };
                    }
                });
            });
        });
    }
}

/// What a tile holds: taps, rows and columns of the matrix.
struct Area {
    taps: Range<usize>,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Columns with unused lanes.
    width: usize,
    /// Where the first of all taps and rows is packed, and what the next row and the next tap are ahead.
    start: usize,
    step: [usize; 2],
}

impl Area {
    /// Calls `line` with the tap and the row within the tile, and where that row is packed.
    #[inline(always)]
    fn lines(&self, mut line: impl FnMut([usize; 2], usize)) {
        for (t, tap) in self.taps.clone().enumerate() {
            for (j, row) in self.rows.clone().enumerate() {
                line([t, j], self.start + tap * self.step[1] + row * self.step[0]);
            }
        }
    }
}

impl Piece<'_> {
    /// Calls `task` for all tiles.
    #[inline(always)]
    fn areas(&self, layout: &Layout, mut task: impl FnMut(&Area)) {
        let (panel, [begin, end]) = (self.panel, self.rows);
        let width = panel.vectors * layout.isa.lanes();
        for first in (0..width).step_by(COLUMNS) {
            let columns = panel.first + first.min(panel.channels)..panel.first + (first + COLUMNS).min(panel.channels);
            for row in (begin..end).step_by(ROWS) {
                for tap in (0..layout.taps).step_by(TAPS) {
                    task(&Area {
                        taps: tap..(tap + TAPS).min(layout.taps),
                        rows: row..(row + ROWS).min(end),
                        columns: columns.clone(),
                        width: COLUMNS.min(width - first),
                        start: panel.offset + first,
                        step: [width, layout.depth * width],
                    });
                }
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
