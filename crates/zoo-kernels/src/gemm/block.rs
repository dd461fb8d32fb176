//! Many tiles: a block of pixels times some panels of a packed matrix.

use std::ops::Range;

use pulp::Simd;

use super::pack::{Chunk, Layout, Panel};
use super::tile::{LINE, Step, Tile, tile_fn};
use crate::activation::{Activation, Rows};

/// Weights up to this size stay in L2 while tile after tile is computed.
const RESIDENT_BYTES: usize = 272 << 10;

/// Pixels cut into tiles of nearly the same size, larger ones first: a last tile of one pixel would take as long as one of
/// three.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub pixels: usize,
    tiles: usize,
}

/// Tiles of the same size.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: usize,
    size: usize,
    tiles: usize,
}

impl Sizes {
    pub(crate) const fn new(pixels: usize, most: usize) -> Self {
        Self { pixels, tiles: pixels.div_ceil(most) }
    }

    #[inline(always)]
    const fn runs(&self) -> [Run; 2] {
        let (size, larger) = (self.pixels / self.tiles, self.pixels % self.tiles);
        let first = larger * (size + 1);
        [Run { first: 0, size: size + 1, tiles: larger }, Run { first, size, tiles: self.tiles - larger }]
    }

    /// Fills `rows` with `row(pixel, tap)`, in the order in which tiles read them.
    pub(crate) fn rows(&self, taps: usize, rows: &mut Vec<*const f32>, mut row: impl FnMut(usize, usize) -> *const f32) {
        rows.clear();
        for Run { first, size, tiles } in self.runs() {
            for tile in 0..tiles {
                let first = first + tile * size;
                for tap in 0..taps {
                    rows.extend((first..first + size).map(|pixel| row(pixel, tap)));
                }
            }
        }
    }
}

/// A tensor added to the output before the activation.
#[derive(Clone, Copy)]
pub(crate) struct Residual {
    pub data: *const f32,
    pub stride: usize,
}

/// One block.
pub(crate) struct Block<'a> {
    pub sizes: Sizes,
    /// As [`Sizes::rows`] makes them.
    pub rows: &'a [*const f32],
    /// Added to each pointer in `rows`.
    pub offset: usize,
    /// The first pixel's first channel.
    pub out: *mut f32,
    pub out_stride: usize,
    pub residual: Option<Residual>,
    pub activation: Activation,
    pub panels: Range<usize>,
    /// Whether weights are read once, and the thread is likely to need those behind these panels' next: they are asked for ahead.
    pub ahead: bool,
}

impl Layout {
    /// Computes a block with packed weights and a bias (null for none).
    ///
    /// # Safety
    /// `data` and `bias` are as long as the layout says. Each pointer in `rows`, moved by `offset`, is good for `depth` floats; `out` and `residual` have `columns` floats for
    /// each pixel; nobody else uses the columns of `panels` of these pixels in `out`.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(&self, simd: S, data: *const f32, bias: *const f32, block: &Block<'_>) {
        if !self.fits::<S>() {
            return;
        }
        debug_assert_eq!(block.rows.len(), block.sizes.pixels * self.taps);
        let panels = &self.panels[block.panels.clone()];
        let job = Job { layout: self, block, data, bias };
        let bytes = self.panels_len(block.panels.clone()) * 4;
        if self.chunks.len() == 1 && bytes <= RESIDENT_BYTES && !block.ahead {
            // Whole rows of the output are written one after the other.
            for run in block.sizes.runs() {
                for alike in panels.chunk_by(|a, b| a.vectors == b.vectors) {
                    // SAFETY: the caller's promise.
                    unsafe { job.tiles(simd, run, alike, &self.chunks[0], None) };
                }
            }
        } else {
            let begin = panels.first().map_or(0, |panel| panel.offset);
            let after = block.ahead.then_some(begin + bytes / 4);
            for (i, panel) in panels.iter().enumerate() {
                let later = panels.get(i + 1).map(|panel| panel.offset).or(after);
                for (j, chunk) in self.chunks.iter().enumerate() {
                    let next = self.chunks.get(j + 1).map(|chunk| self.place::<S>(panel, chunk)).or(later);
                    for run in block.sizes.runs() {
                        // SAFETY: the caller's promise.
                        unsafe { job.tiles(simd, run, std::slice::from_ref(panel), chunk, next) };
                    }
                }
            }
        }
    }

    /// Floats of some panels' weights.
    pub(crate) fn panels_len(&self, panels: Range<usize>) -> usize {
        self.panels[panels].iter().map(|panel| panel.vectors * self.isa.lanes() * self.taps * self.depth).sum()
    }

    /// Where a part of a panel begins.
    const fn place<S: Simd>(&self, panel: &Panel, chunk: &Chunk) -> usize {
        panel.offset + (chunk.tap * self.depth + chunk.offset) * panel.vectors * S::F32_LANES
    }
}

/// A block with its weights.
struct Job<'a> {
    layout: &'a Layout,
    block: &'a Block<'a>,
    data: *const f32,
    bias: *const f32,
}

impl Job<'_> {
    /// A run of tiles times neighbouring panels of as many registers; `next` is where the weights are that are needed afterwards.
    ///
    /// # Safety
    /// As for [`Layout::run`].
    #[inline(always)]
    unsafe fn tiles<S: Simd>(&self, simd: S, run: Run, panels: &[Panel], chunk: &Chunk, next: Option<usize>) {
        let (layout, block) = (self.layout, self.block);
        let Run { first, size, tiles } = run;
        let ([panel, ..], [.., last]) = (panels, panels) else { return };
        if tiles == 0 {
            return;
        }
        let width = panel.vectors * S::F32_LANES;
        let end = chunk.tap + chunk.taps == layout.taps && chunk.offset + chunk.depth == layout.depth;
        let begin = chunk.tap == 0 && chunk.offset == 0;
        let residual = block.residual.filter(|_| end);
        let residual_stride = residual.map_or(0, |r| r.stride);
        // All tiles together ask for all of it, each for as much: more at once would keep their own weights waiting.
        let rows = chunk.taps * chunk.depth;
        let ahead = next.map_or((self.data, 0), |next| {
            let step = width.div_ceil(block.sizes.tiles).min(LINE);
            (self.data.wrapping_add(next + first.div_ceil(size + 1) * rows * step), step)
        });
        let next = Step { rows: size * layout.taps, weights: 0, bias: 0, out: size * block.out_stride, residual: size * residual_stride };
        let beside = Step { rows: 0, weights: layout.taps * layout.depth * width, bias: width, out: width, residual: width };
        // SAFETY: pixels and channels are within what the caller promised, and so are the panel's weights and bias.
        unsafe {
            let job = Tile {
                rows: block.rows.as_ptr().add(first * layout.taps + chunk.tap * size),
                taps: chunk.taps,
                offset: block.offset + chunk.offset,
                depth: chunk.depth,
                weights: self.data.add(layout.place::<S>(panel, chunk)),
                ahead,
                bias: if self.bias.is_null() { self.bias } else { self.bias.add(panel.bias) },
                accumulate: !begin,
                out: block.out.add(first * block.out_stride + panel.first),
                out_stride: block.out_stride,
                residual: residual.map_or(std::ptr::null(), |r| r.data.add(first * r.stride + panel.first)),
                residual_stride,
                clamp: block.activation.clamp().filter(|_| end && block.activation != Activation::Identity),
                tail: last.channels - (last.vectors - 1) * S::F32_LANES,
                repeat: [tiles, panels.len()],
                step: [next, beside],
            };
            tile_fn::<S>(size, panel.vectors)(simd, &job);
            if let Some(activation) = block.activation.beyond_clamp().filter(|_| end) {
                let width = last.first + last.channels - panel.first;
                Rows { activation, data: job.out, rows: size * tiles, stride: job.out_stride, width }.run(simd);
            }
        }
    }
}

/// How the work is cut: `(blocks of pixels, groups of panels)`.
///
/// Small tasks let threads share evenly, and large ones reuse more of what is in the caches; `most` is the largest block.
pub(crate) fn split(pixels: usize, packed: &Layout, most: usize, threads: usize) -> (usize, usize) {
    /// Products of a task that takes some microseconds.
    const TASK: usize = 300_000;
    let tiles = pixels.div_ceil(packed.pixels).max(1);
    let least = pixels.div_ceil(most).max(1);
    if threads == 1 {
        return (least, 1);
    }
    // A weight is read in the time of some products.
    let work = pixels.max(16) * packed.taps * packed.depth * packed.columns;
    let target = (work / TASK).clamp(1, 8 * threads).next_multiple_of(threads);
    if work < TASK {
        return (least, 1);
    }
    // Where the weights are most of what is read, each thread reads its own part of them.
    let resident = packed.len() * 4 <= RESIDENT_BYTES && tiles >= target;
    if packed.columns > pixels && packed.panels.len() >= threads && !resident {
        let groups = target.div_ceil(least).next_multiple_of(threads);
        // Rather a panel each than two for some and one for others.
        let groups = if 2 * groups > packed.panels.len() { packed.panels.len() } else { groups };
        return (least, groups);
    }
    let blocks = least.max(target).next_multiple_of(threads).min(tiles);
    let groups = if blocks < threads { threads.div_ceil(blocks).min(packed.panels.len()) } else { 1 };
    (blocks, groups)
}
