//! From the input to transformed tiles, and from their products to the output.

use pulp::Simd;

use super::{Pass, transform};
use crate::activation::{Activation, Rows};
use crate::simd::{at_least, at_most, for_lanes, load, store};
use crate::view::Shape;

/// The output cut into tiles.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    images: usize,
    rows: usize,
    columns: usize,
    outputs: usize,
}

impl Grid {
    pub(super) const fn new([images, height, width, _]: Shape, outputs: usize) -> Self {
        Self { images, rows: height.div_ceil(outputs), columns: width.div_ceil(outputs), outputs }
    }

    pub(super) const fn tiles(&self) -> usize {
        self.images * self.rows * self.columns
    }

    /// Image, row and column of a tile's first output.
    #[inline(always)]
    pub(super) const fn place(&self, tile: usize) -> [usize; 3] {
        let line = tile / self.columns;
        [line / self.rows, line % self.rows * self.outputs, tile % self.columns * self.outputs]
    }
}

/// A step for some tiles of a pass and some channels.
pub(super) struct Transform<'a> {
    pub pass: &'a Pass<'a>,
    pub tiles: [usize; 2],
    pub channels: [usize; 2],
}

impl Transform<'_> {
    /// # Safety
    /// The pass's tensors and buffers must be valid, and nobody else may use what these tiles and channels write.
    #[inline(always)]
    pub(super) unsafe fn input<S: Simd, const A: usize>(&self, simd: S) {
        let pass = self.pass;
        let (job, depth) = (pass.job, pass.winograd.layout.depth);
        let [_, height, width, _] = job.input_shape;
        let [begin, end] = self.channels;
        for tile in self.tiles[0]..self.tiles[1] {
            let [image, y, x] = pass.grid.place(pass.first + tile);
            let mut from = [[pass.winograd.zeros.as_ptr(); A]; A];
            for (dy, row) in from.iter_mut().enumerate() {
                for (dx, from) in row.iter_mut().enumerate() {
                    // Before the input the difference wraps around and is larger than any height or width.
                    let y = (y + dy).wrapping_sub(pass.spec.padding[0][0]);
                    let x = (x + dx).wrapping_sub(pass.spec.padding[1][0]);
                    if y < height && x < width {
                        // SAFETY: within the input.
                        *from = unsafe { job.input.at(((image * height + y) * width + x) * job.input_stride) };
                    }
                }
            }
            let step = pass.count * depth;
            for_lanes!(simd, end - begin, |s: S, at| {
                let c = begin + at;
                // SAFETY: each pointer is good for all channels; the buffer has all elements of this tile.
                let read = |y: usize, x: usize| unsafe { load(s, from[y][x].add(c)) };
                // SAFETY: as above.
                let write = |y: usize, x: usize, value| unsafe {
                    store(s, pass.input.add((y * A + x) * step + tile * depth + c), value);
                };
                transform::input::<S, A>(s, read, write);
            });
        }
    }

    /// # Safety
    /// As for [`Transform::input`].
    #[inline(always)]
    pub(super) unsafe fn output<S: Simd, const A: usize, const M: usize>(&self, simd: S) {
        let pass = self.pass;
        let (job, columns) = (pass.job, pass.winograd.layout.columns);
        let [_, height, width, _] = job.output_shape;
        let [begin, end] = self.channels;
        let clamp = job.activation.clamp().filter(|_| job.activation != Activation::Identity);
        let (low, high) = clamp.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        for tile in self.tiles[0]..self.tiles[1] {
            let [image, y, x] = pass.grid.place(pass.first + tile);
            let (rows, width_left) = (M.min(height - y), M.min(width - x));
            let first = (image * height + y) * width + x;
            let step = pass.count * columns;
            for_lanes!(simd, end - begin, |s: S, at| {
                let c = begin + at;
                // SAFETY: the buffer has all elements of this tile; the pixels written are within the output.
                unsafe {
                    let bias = load(s, pass.winograd.bias.as_ptr().add(c));
                    let read = |y: usize, x: usize| load(s, pass.product.add((y * A + x) * step + tile * columns + c));
                    let write = |y: usize, x: usize, value| {
                        if y < rows && x < width_left {
                            let pixel = first + y * width + x;
                            let mut value = s.add_f32s(value, bias);
                            if let Some(residual) = job.residual_at(pixel, c) {
                                value = s.add_f32s(value, load(s, residual.data));
                            }
                            value = at_most(s, s.splat_f32s(high), at_least(s, s.splat_f32s(low), value));
                            store(s, job.output.at(pixel * job.output_stride + c), value);
                        }
                    };
                    transform::output::<S, A, M>(s, read, write);
                }
            });
            if let Some(activation) = job.activation.beyond_clamp() {
                for row in 0..rows {
                    let stride = job.output_stride;
                    // SAFETY: as above.
                    unsafe {
                        let data = job.output.at((first + row * width) * stride + begin);
                        Rows { activation, data, rows: width_left, stride, width: end - begin }.run(simd);
                    }
                }
            }
        }
    }
}
