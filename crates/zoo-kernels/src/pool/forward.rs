//! The kernels: all channels of a pixel's window, four registers of them at a time, so that no sum waits for itself.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::Window;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, max_or_nan, store};
use crate::view::Shape;

/// Registers that are folded side by side.
const BESIDE: usize = 4;

/// A tensor, with the floats from a pixel to the next.
#[derive(Clone, Copy)]
pub(super) struct Map<D> {
    pub data: D,
    pub stride: usize,
    pub shape: Shape,
}

/// Some lines of the output and some channels. Whoever makes one promises that the windows lie within the input, lines, windows and channels
/// within the output, and that nobody else uses these channels of these lines.
pub(super) struct Task<'a> {
    pub max: bool,
    pub windows: &'a [Vec<Window>; 2],
    pub step: [usize; 2],
    pub input: Map<Shared>,
    pub output: Map<SharedMut>,
    pub lines: Range<usize>,
    pub channels: [usize; 2],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.max { self.all::<S, true>(simd) } else { self.all::<S, false>(simd) }
    }
}

/// A window's place, from its picture's first pixel and the task's first channel.
#[derive(Clone, Copy)]
struct Place {
    picture: *const f32,
    rows: Window,
    columns: Window,
}

impl Task<'_> {
    #[inline(always)]
    fn all<S: Simd, const MAX: bool>(&self, simd: S) {
        let [_, height, width, _] = self.input.shape;
        let [_, lines, columns, _] = self.output.shape;
        let [begin, end] = self.channels;
        for line in self.lines.clone() {
            let (image, y) = (line / lines, line % lines);
            for (x, &window) in self.windows[1].iter().enumerate() {
                // SAFETY: what the task's maker promised.
                unsafe {
                    let picture = self.input.data.at(image * height * width * self.input.stride + begin);
                    let place = Place { picture, rows: self.windows[0][y], columns: window };
                    let to = self.output.data.at((line * columns + x) * self.output.stride + begin);
                    let mut first = 0;
                    while first + BESIDE * S::F32_LANES <= end - begin {
                        self.fold::<S, MAX, BESIDE>(simd, place, first, to);
                        first += BESIDE * S::F32_LANES;
                    }
                    for_lanes!(simd, end - begin - first, |s: S, at| {
                        self.fold::<S, MAX, 1>(s, place, first + at, to);
                    });
                }
            }
        }
    }

    /// Folds V registers of channels of a window.
    ///
    /// # Safety
    /// The window must lie within the input, the channels within the task's.
    #[inline(always)]
    unsafe fn fold<S: Simd, const MAX: bool, const V: usize>(&self, simd: S, place: Place, channel: usize, to: *mut f32) {
        let (mut sums, mut most) = ([simd.splat_f32s(0.0); V], [simd.splat_f32s(f32::NEG_INFINITY); V]);
        // SAFETY: the caller's promise.
        unsafe {
            self.each(place, channel, |from| {
                for v in 0..V {
                    let value = load(simd, from.add(v * S::F32_LANES));
                    sums[v] = simd.add_f32s(sums[v], value);
                    if MAX {
                        most[v] = simd.max_f32s(most[v], value);
                    }
                }
            });
            for v in 0..V {
                let channel = channel + v * S::F32_LANES;
                let result = if !MAX {
                    simd.div_f32s(sums[v], simd.splat_f32s((place.rows.count * place.columns.count) as f32))
                } else if simd.first_true_m32s(simd.not_m32s(simd.less_than_or_equal_f32s(sums[v], sums[v]))) < S::F32_LANES {
                    // A maximum of NaN and a number may be the number; sums show that there is a NaN, or two infinities.
                    let mut exact = simd.splat_f32s(f32::NEG_INFINITY);
                    self.each(place, channel, |from| exact = max_or_nan(simd, exact, load(simd, from)));
                    exact
                } else {
                    most[v]
                };
                store(simd, to.add(channel), result);
            }
        }
    }

    /// Calls `visit` with the channel's place in each pixel of a window.
    ///
    /// # Safety
    /// The window must lie within the input.
    #[inline(always)]
    unsafe fn each(&self, place: Place, channel: usize, mut visit: impl FnMut(*const f32)) {
        let Place { picture, rows, columns } = place;
        // Ranges with a step would divide each time.
        let mut y = rows.first;
        while y < rows.end {
            // SAFETY: the caller's promise.
            let line = unsafe { picture.add(y * self.input.shape[2] * self.input.stride + channel) };
            let mut x = columns.first;
            while x < columns.end {
                // SAFETY: as above.
                visit(unsafe { line.add(x * self.input.stride) });
                x += self.step[1];
            }
            y += self.step[0];
        }
    }
}
