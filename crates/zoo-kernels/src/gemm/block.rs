//! Many tiles: a block of pixels times some panels of a packed matrix.

use std::ops::Range;

use pulp::Simd;

use super::pack::{Chunk, Layout, Panel};
use super::tile::{MAX_PIXELS, MAX_VECTORS, Tile, tile_fn};
use crate::activation::{Activation, Rows};

/// Weights up to this size stay in L2 while tile after tile is computed.
const RESIDENT_BYTES: usize = 160 << 10;
/// Most lanes of any instruction set.
const MAX_LANES: usize = 16;
const MAX_WIDTH: usize = MAX_VECTORS * MAX_LANES;

/// Pixels cut into tiles of nearly the same size: a last tile of one pixel would take as long as one of three.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub pixels: usize,
    pub tiles: usize,
}

impl Sizes {
    pub(crate) const fn new(pixels: usize, most: usize) -> Self {
        Self { pixels, tiles: pixels.div_ceil(most) }
    }

    /// First pixel of a tile.
    #[inline(always)]
    pub(crate) const fn first(&self, tile: usize) -> usize {
        // No overflow: both are below 2^32 for any tensor that fits into memory.
        self.pixels * tile / self.tiles
    }

    /// Fills `rows` with `row(pixel, tap)`, in the order in which tiles read them.
    pub(crate) fn rows(&self, taps: usize, rows: &mut Vec<*const f32>, mut row: impl FnMut(usize, usize) -> *const f32) {
        rows.clear();
        for tile in 0..self.tiles {
            for tap in 0..taps {
                rows.extend((self.first(tile)..self.first(tile + 1)).map(|pixel| row(pixel, tap)));
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
        let bytes: usize = panels.iter().map(|p| p.vectors * S::F32_LANES).sum::<usize>() * self.taps * self.depth * 4;
        if self.chunks.len() == 1 && bytes <= RESIDENT_BYTES {
            // Whole rows of the output are written one after the other.
            for tile in 0..block.sizes.tiles {
                for panel in panels {
                    // SAFETY: the caller's promise.
                    unsafe { self.tile(simd, [data, bias], block, panel, 0, tile) };
                }
            }
        } else {
            for panel in panels {
                for chunk in 0..self.chunks.len() {
                    for tile in 0..block.sizes.tiles {
                        // SAFETY: the caller's promise.
                        unsafe { self.tile(simd, [data, bias], block, panel, chunk, tile) };
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd>(
        &self,
        simd: S,
        [data, bias]: [*const f32; 2],
        block: &Block<'_>,
        panel: &Panel,
        chunk: usize,
        tile: usize,
    ) {
        let Chunk { tap, taps, offset, depth } = self.chunks[chunk];
        let (first, end) = (block.sizes.first(tile), block.sizes.first(tile + 1));
        let pixels = end - first;
        let width = panel.vectors * S::F32_LANES;
        let last = chunk + 1 == self.chunks.len();
        let clamp = block.activation.clamp().filter(|_| last && block.activation != Activation::Identity);
        // SAFETY: pixels and channels are within what the caller promised; the panel's weights and bias within ours.
        unsafe {
            let out = block.out.add(first * block.out_stride + panel.first);
            let residual = block.residual.filter(|_| last).map(|r| (r.data.add(first * r.stride + panel.first), r.stride));
            let mut job = Tile {
                rows: block.rows.as_ptr().add(first * self.taps + tap * pixels),
                taps,
                offset: block.offset + offset,
                depth,
                weights: data.add(panel.offset + (tap * self.depth + offset) * width),
                bias: if bias.is_null() { bias } else { bias.add(panel.bias) },
                accumulate: chunk > 0,
                out,
                out_stride: block.out_stride,
                residual: residual.map_or(std::ptr::null(), |r| r.0),
                residual_stride: residual.map_or(0, |r| r.1),
                clamp,
            };
            let run = tile_fn::<S>(pixels, panel.vectors);
            if panel.channels == width {
                run(simd, &job);
            } else {
                partial(&mut job, pixels, panel.channels, width, |job| run(simd, job));
            }
            if let Some(activation) = block.activation.beyond_clamp().filter(|_| last) {
                let rows = Rows { activation, data: out, rows: pixels, stride: block.out_stride, width: panel.channels };
                rows.run(simd);
            }
        }
    }
}

/// Runs a tile that is wider than its output through a buffer, so that the neighbours' channels stay as they are.
#[inline(never)]
unsafe fn partial(job: &mut Tile, pixels: usize, channels: usize, width: usize, run: impl FnOnce(&Tile)) {
    let mut out = [0.0_f32; MAX_PIXELS * MAX_WIDTH];
    let mut residual = [0.0_f32; MAX_PIXELS * MAX_WIDTH];
    let (to, stride) = (job.out, job.out_stride);
    // SAFETY: the caller's `out` and `residual` have `channels` floats for each pixel, the buffers `width`.
    unsafe {
        for pixel in 0..pixels {
            if job.accumulate {
                out.as_mut_ptr().add(pixel * width).copy_from_nonoverlapping(to.add(pixel * stride), channels);
            }
            if !job.residual.is_null() {
                let from = job.residual.add(pixel * job.residual_stride);
                residual.as_mut_ptr().add(pixel * width).copy_from_nonoverlapping(from, channels);
            }
        }
        job.out = out.as_mut_ptr();
        job.out_stride = width;
        if !job.residual.is_null() {
            job.residual = residual.as_ptr();
            job.residual_stride = width;
        }
        run(job);
        for pixel in 0..pixels {
            to.add(pixel * stride).copy_from_nonoverlapping(out.as_ptr().add(pixel * width), channels);
        }
    }
}

/// How the work is cut: `(blocks of pixels, groups of panels)`.
///
/// Small tasks let threads share evenly, and large ones reuse more of what is in the caches; `most` is the largest block.
pub(crate) fn split(pixels: usize, packed: &Layout, most: usize, threads: usize) -> (usize, usize) {
    /// Products of a task that takes some ten microseconds.
    const TASK: usize = 300_000;
    let tiles = pixels.div_ceil(packed.pixels).max(1);
    let least = pixels.div_ceil(most).max(1);
    if threads == 1 {
        return (least, 1);
    }
    let work = pixels * packed.taps * packed.depth * packed.columns;
    let target = (work / TASK).clamp(1, 8 * threads).next_multiple_of(threads);
    if work < TASK {
        return (least, 1);
    }
    // Where the weights are most of what is read, each thread reads its own part of them.
    if packed.columns > pixels && packed.panels.len() >= threads {
        let groups = target.div_ceil(least).next_multiple_of(threads).min(packed.panels.len());
        return (least, groups);
    }
    let blocks = least.max(target).next_multiple_of(threads).min(tiles);
    let groups = if blocks < threads { threads.div_ceil(blocks).min(packed.panels.len()) } else { 1 };
    (blocks, groups)
}
