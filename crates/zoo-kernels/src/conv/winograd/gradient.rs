//! The gradient to the weights through Winograd's transforms, the other way round: with `Y = A^T ((G g G^T) . (B^T d B)) A`, the
//! gradient to `g` is `G^T (sum over tiles of (A dY A^T) . (B^T d B)) G`; `.` is element by element, and a product of matrices
//! over the channels for each element.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::direct::order;
use super::super::training::{Job, Origin};
use super::tiles::Grid;
use super::{PASS_BYTES, PASS_TILES, transform};
use crate::gemm::{Layout, Order, Outer, Panel, pieces};
use crate::isa::Isa;
use crate::memory::{Aligned, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;

/// Tiles that are multiplied at once.
const TILES: usize = 128;
/// Most lanes of any instruction set.
const LANES: usize = 16;

/// The gradient to the weights of a 3x3 convolution of stride 1 without groups and dilation; `outputs` is 2 or 4.
///
/// # Safety
/// `job` must describe valid tensors of the shapes that its convolution asks for; `weight` must be as long as that says.
pub(in super::super) unsafe fn weight_gradient(
    job: &Job<'_>,
    weight: &mut [f32],
    outputs: usize,
    isa: Isa,
    scratch: &mut Scratch,
    threads: &Threads,
) {
    let spec = job.spec;
    let layout = Layout::new(isa, [1, spec.in_channels, spec.out_channels]);
    let (grid, elements) = (Grid::new(job.gradient_shape, outputs), (outputs + 2) * (outputs + 2));
    let (tiles, width) = (grid.tiles(), layout.width());
    let tile_len = elements * (layout.depth + width);
    let passes = tiles.div_ceil((PASS_BYTES / (4 * tile_len)).max(PASS_TILES)).max(1);
    let most = tiles.div_ceil(passes);
    let mut sums = scratch.take(elements * layout.len());
    let mut buffer = scratch.take(most * tile_len);
    let zeros = Aligned::zeros(spec.in_channels.max(width));
    let (to, buffers) = (SharedMut::new(&mut sums[..]), SharedMut::new(&mut buffer[..]));
    for first in (0..tiles).step_by(most) {
        let count = most.min(tiles - first);
        // SAFETY: the buffer is as long as `most` tiles take.
        let product = unsafe { SharedMut::new(buffers.at(count * elements * layout.depth)) };
        let pass = Pass { job, layout: &layout, grid, outputs, first, count, zeros: &zeros, input: buffers, gradient: product, sums: to };
        let strips = count.div_ceil(4);
        threads.run(strips, |strip, _| {
            isa.run(Task { pass: &pass, step: Step::Transform(count * strip / strips..count * (strip + 1) / strips) });
        });
        threads.run(elements * layout.panels.len(), |task, _| {
            let (element, panel) = (task / layout.panels.len(), &layout.panels[task % layout.panels.len()]);
            isa.run(Task { pass: &pass, step: Step::Multiply { element, panel } });
        });
    }
    let order = order(spec, 1, false, (0..9).collect());
    let to = SharedMut::new(weight);
    pieces(&layout, threads, |piece| {
        isa.run(Back { layout: &layout, order: &order, sums: &sums, to, panel: piece.panel, rows: piece.rows, outputs });
    });
    scratch.give(sums);
    scratch.give(buffer);
}

/// Tiles in work: `input` is `[element][tile][in_channels]`, `gradient` is `[element][tile][padded out_channels]`, `sums` is a
/// packed matrix for each element.
struct Pass<'a> {
    job: &'a Job<'a>,
    layout: &'a Layout,
    grid: Grid,
    outputs: usize,
    /// The first tile, and how many.
    first: usize,
    count: usize,
    zeros: &'a [f32],
    input: SharedMut,
    gradient: SharedMut,
    sums: SharedMut,
}

enum Step<'a> {
    Transform(Range<usize>),
    Multiply { element: usize, panel: &'a Panel },
}

struct Task<'a> {
    pass: &'a Pass<'a>,
    step: Step<'a>,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !self.pass.layout.fits::<S>() {
            return;
        }
        // SAFETY: `weight_gradient`'s caller promised valid tensors; tasks have tiles, or elements and panels, of their own.
        unsafe {
            match self.step {
                Step::Transform(tiles) => {
                    for tile in tiles {
                        if self.pass.outputs == 2 {
                            self.pass.transform::<S, 4, 2>(simd, tile)
                        } else {
                            self.pass.transform::<S, 6, 4>(simd, tile)
                        }
                    }
                }
                Step::Multiply { element, panel } => self.pass.multiply(simd, element, panel),
            }
        }
    }
}

impl Pass<'_> {
    #[inline(always)]
    unsafe fn transform<S: Simd, const A: usize, const M: usize>(&self, simd: S, tile: usize) {
        let (job, depth, width) = (self.job, self.layout.depth, self.layout.width());
        let [image, y, x] = self.grid.place(self.first + tile);
        let [[top, _], [left, _]] = job.spec.padding;
        let input = job.origin(self.zeros);
        let gradient = Origin { data: job.gradient, shape: job.gradient_shape, stride: job.gradient_stride, zeros: self.zeros };
        let mut from = [[std::ptr::null::<f32>(); A]; A];
        for dy in 0..A {
            for dx in 0..A {
                from[dy][dx] = input.pixel(image, (y + dy).wrapping_sub(top), (x + dx).wrapping_sub(left));
            }
        }
        let step = self.count * depth;
        for_lanes!(simd, depth, |s: S, c| {
            // SAFETY: each pointer is good for all channels; the buffer has all elements of this tile.
            let read = |y: usize, x: usize| unsafe { load(s, from[y][x].add(c)) };
            // SAFETY: as above.
            let write = |y: usize, x: usize, value| unsafe { store(s, self.input.at((y * A + x) * step + tile * depth + c), value) };
            transform::input::<S, A>(s, read, write);
        });
        for dy in 0..M {
            for dx in 0..M {
                from[dy][dx] = gradient.pixel(image, y + dy, x + dx);
            }
        }
        let step = self.count * width;
        for_lanes!(simd, self.layout.columns, |s: S, c| {
            // SAFETY: as above.
            let read = |y: usize, x: usize| unsafe { load(s, from[y][x].add(c)) };
            // SAFETY: as above.
            let write = |y: usize, x: usize, value| unsafe { store(s, self.gradient.at((y * A + x) * step + tile * width + c), value) };
            transform::gradient::<S, A, M>(s, read, write);
        });
        for element in 0..A * A {
            // SAFETY: the row has `width` floats.
            unsafe {
                let row = self.gradient.at(element * step + tile * width);
                row.add(self.layout.columns).write_bytes(0, width - self.layout.columns);
            }
        }
    }

    #[inline(always)]
    unsafe fn multiply<S: Simd>(&self, simd: S, element: usize, panel: &Panel) {
        let (depth, width) = (self.layout.depth, self.layout.width());
        let blocks = self.count.div_ceil(TILES);
        let mut rows = Vec::with_capacity(TILES);
        for block in 0..blocks {
            let (first, end) = (self.count * block / blocks, self.count * (block + 1) / blocks);
            // SAFETY: tiles, channels and the element are within the buffers.
            unsafe {
                rows.clear();
                rows.extend((first..end).map(|tile| self.input.at((element * self.count + tile) * depth).cast_const()));
                Outer {
                    rows: rows.as_ptr(),
                    pixels: end - first,
                    depth,
                    gradient: self.gradient.at((element * self.count + first) * width + panel.first),
                    gradient_stride: width,
                    vectors: panel.vectors,
                    out: self.sums.at(element * self.layout.len() + panel.offset),
                    accumulate: self.first + first > 0,
                }
                .run(simd);
            }
        }
    }
}

/// Transforms the sums of some rows back.
struct Back<'a> {
    layout: &'a Layout,
    order: &'a Order,
    sums: &'a [f32],
    to: SharedMut,
    panel: &'a Panel,
    rows: [usize; 2],
    outputs: usize,
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !self.layout.fits::<S>() {
            return;
        }
        for vector in 0..self.panel.vectors {
            for k in self.rows[0]..self.rows[1] {
                // SAFETY: the sums are a packed matrix for each element; pieces have weights of their own.
                unsafe { if self.outputs == 2 { self.one::<S, 4>(simd, vector, k) } else { self.one::<S, 6>(simd, vector, k) } }
            }
        }
    }
}

impl Back<'_> {
    #[inline(always)]
    unsafe fn one<S: Simd, const A: usize>(&self, simd: S, vector: usize, k: usize) {
        let (panel, lanes) = (self.panel, S::F32_LANES);
        let at = panel.offset + (k * panel.vectors + vector) * lanes;
        // SAFETY: within the matrix of this element.
        let read = |y: usize, x: usize| unsafe { load(simd, self.sums.as_ptr().add((y * A + x) * self.layout.len() + at)) };
        let kernel = transform::kernel::<S, A>(simd, read);
        let mut values = [[0.0_f32; LANES]; 9];
        for (i, values) in values.iter_mut().enumerate() {
            // SAFETY: a register is no longer than `LANES`.
            unsafe { store(simd, values.as_mut_ptr(), kernel[i / 3][i % 3]) };
        }
        let count = panel.channels.saturating_sub(vector * lanes).min(lanes);
        let columns = &self.order.columns[panel.first + vector * lanes..][..count];
        for (lane, column) in columns.iter().enumerate() {
            for (values, tap) in values.iter().zip(&self.order.taps) {
                // SAFETY: a place of the order.
                unsafe { *self.to.at(tap + self.order.rows[k] + column) = values[lane] };
            }
        }
    }
}
