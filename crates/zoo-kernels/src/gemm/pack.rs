//! Weights in the order in which the inner kernel reads them.

use pulp::Simd;

use super::source::{Piece, pieces};
use super::tile::{MAX_VECTORS, most_pixels};
use super::{Block, Order};
use crate::isa::Isa;
use crate::memory::{Aligned, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;

/// Rows of a panel that are multiplied before the next tile is taken: some 40 KB of it with AVX2.
const CHUNK_ROWS: usize = 640;

/// Neighbouring output channels, the width of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel {
    /// Its first channel.
    pub first: usize,
    /// Its channels.
    pub channels: usize,
    /// Registers, the last of which may be partly unused.
    pub vectors: usize,
    /// Where its weights begin.
    pub offset: usize,
    /// Where its bias begins.
    pub bias: usize,
}

/// A part of the sum: either some taps whole, or a part of one tap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub tap: usize,
    pub taps: usize,
    pub offset: usize,
    pub depth: usize,
}

/// How a matrix `[taps * depth, columns]` is cut.
#[derive(Clone)]
pub(crate) struct Layout {
    pub isa: Isa,
    pub taps: usize,
    pub depth: usize,
    pub columns: usize,
    /// Most pixels of a tile.
    pub pixels: usize,
    pub panels: Vec<Panel>,
    pub chunks: Vec<Chunk>,
}

/// A matrix cut so, with a bias.
#[derive(Clone)]
pub(crate) struct Packed {
    pub layout: Layout,
    data: Aligned,
    bias: Option<Aligned>,
}

impl Layout {
    pub(crate) fn new(isa: Isa, [taps, depth, columns]: [usize; 3]) -> Self {
        let lanes = isa.lanes();
        let mut panels = panels(columns, lanes, isa.registers());
        let mut width = 0;
        for panel in &mut panels {
            panel.offset = width * taps * depth;
            panel.bias = width;
            width += panel.vectors * lanes;
        }
        let widest = panels.iter().map(|panel| panel.vectors).max().unwrap_or(1);
        let pixels = most_pixels(widest, isa.registers());
        Self { isa, taps, depth, columns, pixels, panels, chunks: chunks(taps, depth) }
    }

    /// Columns with the unused lanes.
    pub(crate) fn width(&self) -> usize {
        self.columns.next_multiple_of(self.isa.lanes())
    }

    /// Floats of the cut matrix.
    pub(crate) fn len(&self) -> usize {
        self.width() * self.taps * self.depth
    }

    /// A bias with zeros in the unused lanes.
    fn padded(&self, bias: &[f32]) -> Aligned {
        let mut padded = Aligned::zeros(self.width());
        padded[..self.columns].copy_from_slice(bias);
        padded
    }

    /// Fills a panel with `weight(tap, k, column)`. Lanes beyond the last column are not written.
    pub(crate) fn fill(&self, panel: &Panel, data: &mut [f32], weight: impl Fn(usize, usize, usize) -> f32) {
        let rows = data.chunks_exact_mut(panel.vectors * self.isa.lanes()).take(self.taps * self.depth);
        for (at, row) in rows.enumerate() {
            for (c, value) in row[..panel.channels].iter_mut().enumerate() {
                *value = weight(at / self.depth, at % self.depth, panel.first + c);
            }
        }
    }

    /// Whether a kernel compiled for `S` fits: a matrix is only good for its own instruction set.
    #[inline(always)]
    pub(crate) fn fits<S: Simd>(&self) -> bool {
        self.isa.lanes() == S::F32_LANES
    }
}

impl Packed {
    /// `weight(tap, k, column)` is asked once for each.
    pub(crate) fn new(isa: Isa, size: [usize; 3], weight: impl Fn(usize, usize, usize) -> f32, bias: Option<&[f32]>) -> Self {
        let layout = Layout::new(isa, size);
        let mut data = Aligned::zeros(layout.len());
        for panel in &layout.panels {
            layout.fill(panel, &mut data[panel.offset..], &weight);
        }
        let bias = bias.map(|bias| layout.padded(bias));
        Self { layout, data, bias }
    }

    /// Of a matrix `[depth, columns]` that lies row by row, on all threads.
    pub(crate) fn of_rows(isa: Isa, [depth, columns]: [usize; 2], weight: &[f32], bias: Option<&[f32]>, threads: &Threads) -> Self {
        assert_eq!(weight.len(), depth * columns);
        let layout = Layout::new(isa, [1, depth, columns]);
        let mut data = Aligned::zeros(layout.len());
        let to = SharedMut::new(&mut *data);
        pieces(&layout, threads, |Piece { panel, rows: [begin, end] }| {
            for row in begin..end {
                let from = &weight[row * columns + panel.first..][..panel.channels];
                // SAFETY: the panel has room for its channels in each row; pieces have rows of their own.
                unsafe {
                    std::ptr::copy_nonoverlapping(from.as_ptr(), to.at(panel.offset + row * panel.vectors * isa.lanes()), from.len())
                };
            }
        });
        let bias = bias.map(|bias| layout.padded(bias));
        Self { layout, data, bias }
    }

    /// As [`Packed::new`], in buffers of `scratch` and on all threads.
    pub(crate) fn new_in(isa: Isa, order: &Order, weight: &[f32], bias: Option<&[f32]>, scratch: &mut Scratch, threads: &Threads) -> Self {
        let layout = Layout::new(isa, [order.taps.len(), order.rows.len(), order.columns.len()]);
        let mut data = scratch.take(layout.len());
        order.pack(&layout, weight, &mut data, threads);
        let bias = bias.map(|bias| {
            let mut padded = scratch.take(layout.width());
            padded[..layout.columns].copy_from_slice(bias);
            padded[layout.columns..].fill(0.0);
            padded
        });
        Self { layout, data, bias }
    }

    /// Gives the buffers back.
    pub(crate) fn give(self, scratch: &mut Scratch) {
        scratch.give(self.data);
        self.bias.into_iter().for_each(|bias| scratch.give(bias));
    }

    /// Bytes of the weights.
    pub(crate) fn bytes(&self) -> usize {
        self.data.len() * 4
    }

    /// Computes a block; see [`Layout::run`].
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(&self, simd: S, block: &Block<'_>) {
        let bias = self.bias.as_ref().map_or(std::ptr::null(), |bias| bias.as_ptr());
        // SAFETY: the caller's promise; weights and bias are as long as the layout says.
        unsafe { self.layout.run(simd, self.data.as_ptr(), bias, block) };
    }
}

/// The widths: no more registers than keep a tile within the register file, in panels that are nearly the same, larger ones first.
/// Three registers with more pixels are as good as four: few panels are made an even number, which two threads share better.
fn panels(columns: usize, lanes: usize, registers: usize) -> Vec<Panel> {
    let total = columns.div_ceil(lanes);
    let count = total.div_ceil(if registers >= 32 { MAX_VECTORS } else { 2 });
    let count = if registers >= 32 && matches!(count, 3 | 5 | 7) { count + 1 } else { count };
    let begin = |i: usize| i * (total / count) + i.min(total % count);
    let panel = |i: usize| {
        let (first, end) = (begin(i) * lanes, begin(i + 1) * lanes);
        Panel { first, channels: end.min(columns) - first, vectors: begin(i + 1) - begin(i), offset: 0, bias: 0 }
    };
    (0..count).map(panel).collect()
}

fn chunks(taps: usize, depth: usize) -> Vec<Chunk> {
    let mut all = Vec::new();
    if depth > CHUNK_ROWS * 3 / 2 {
        let parts = depth.div_ceil(CHUNK_ROWS);
        for tap in 0..taps {
            for part in 0..parts {
                let (from, to) = (depth * part / parts, depth * (part + 1) / parts);
                all.push(Chunk { tap, taps: 1, offset: from, depth: to - from });
            }
        }
    } else {
        let parts = (taps * depth).div_ceil(CHUNK_ROWS).clamp(1, taps.max(1));
        for part in 0..parts {
            let (from, to) = (taps * part / parts, taps * (part + 1) / parts);
            all.push(Chunk { tap: from, taps: to - from, offset: 0, depth });
        }
    }
    all
}
