//! Gradients through pooling: each output's gradient goes back into its window, all of it to the maximum or shared evenly.

use pulp::{Simd, WithSimd};

use super::{PoolKind, PoolSpec, TASK, Window, adaptive_windows};
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// The gradient to the input of [`super::pool`]. The maxima are looked up in `input` again: the first of equal ones, NaN before
/// all others, as PyTorch's indices have it. Averages do not read `input`'s values.
///
/// # Errors
/// As [`PoolSpec::output_shape`], or gradients of other shapes than input and output.
pub fn pool_backward(spec: &PoolSpec, input: View<'_>, gradient: View<'_>, into: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    let shape = input.shape();
    let windows = [spec.windows(0, shape[1])?, spec.windows(1, shape[2])?];
    run(spec.kind == PoolKind::Max, &windows, spec.dilation, input, gradient, into, isa, threads)
}

/// The gradient to the input of [`super::adaptive_pool`].
///
/// # Errors
/// Gradients of other shapes than the input, or of another batch or other channels.
pub fn adaptive_pool_backward(
    kind: PoolKind,
    input: View<'_>,
    gradient: View<'_>,
    into: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    let windows = adaptive_windows(input.shape(), gradient.shape());
    run(kind == PoolKind::Max, &windows, [1, 1], input, gradient, into, isa, threads)
}

#[allow(clippy::too_many_arguments)]
fn run(
    max: bool,
    windows: &[Vec<Window>; 2],
    step: [usize; 2],
    input: View<'_>,
    gradient: View<'_>,
    mut into: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    let [batch, height, width, channels] = input.shape();
    same("the gradient", &[batch, windows[0].len(), windows[1].len(), channels], &gradient.shape())?;
    same("the input's gradient", &input.shape(), &into.shape())?;
    if input.shape().contains(&0) {
        return Ok(());
    }
    let wanted = if threads.count() == 1 { 1 } else { (8 * threads.count()).min(batch * height * width * channels / TASK) };
    let parts = wanted.div_ceil(batch).clamp(1, channels.div_ceil(32));
    let strides = [input.pixel_stride(), gradient.pixel_stride(), into.pixel_stride()];
    let (from, gradient, to) = (Shared::new(input.data()), Shared::new(gradient.data()), SharedMut::new(into.data()));
    threads.run(batch * parts, |task, _| {
        let (image, part) = (task / parts, task % parts);
        let edge = |i: usize| (channels * i / parts).next_multiple_of(32).min(channels);
        let (first, pixels) = (edge(part), height * width);
        // SAFETY: the picture is in all tensors; tasks have pictures and channels of their own.
        unsafe {
            isa.run(Picture {
                max,
                windows,
                step,
                height,
                width,
                input: from.at(image * pixels * strides[0] + first),
                gradient: gradient.at(image * windows[0].len() * windows[1].len() * strides[1] + first),
                to: to.at(image * pixels * strides[2] + first),
                strides,
                channels: edge(part + 1) - first,
            });
        }
    });
    Ok(())
}

/// Some channels of a picture.
struct Picture<'a> {
    max: bool,
    windows: &'a [Vec<Window>; 2],
    step: [usize; 2],
    height: usize,
    width: usize,
    input: *const f32,
    gradient: *const f32,
    to: *mut f32,
    /// From pixel to pixel: the input's, the gradient's, its gradient's.
    strides: [usize; 3],
    channels: usize,
}

impl WithSimd for Picture<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [rows, columns] = self.windows;
        // Where each pixel is in one window, its gradient is written, and else added to what windows before it wrote.
        let tiled = self.step == [1, 1] && tiles(rows, self.height) && tiles(columns, self.width);
        let mut zeroed = 0;
        for (y, row) in rows.iter().enumerate() {
            // SAFETY: `run` made this of tensors with these windows.
            unsafe {
                if !tiled {
                    self.zero(zeroed, row.end);
                    zeroed = zeroed.max(row.end);
                }
                for (x, column) in columns.iter().enumerate() {
                    let gradient = self.gradient.add((y * columns.len() + x) * self.strides[1]);
                    let side = if self.step == [1, 1] { row.end - row.first } else { 0 };
                    match (self.max, side, column.end - column.first) {
                        (true, 2, 2) => self.square::<S, 2>(simd, [row.first, column.first], gradient, tiled),
                        (true, 3, 3) => self.square::<S, 3>(simd, [row.first, column.first], gradient, tiled),
                        (true, ..) => self.maximum(simd, [row, column], gradient, tiled),
                        _ => self.average(simd, [row, column], gradient, tiled),
                    }
                }
            }
        }
        if !tiled {
            // SAFETY: as above.
            unsafe { self.zero(zeroed, self.height) };
        }
    }
}

/// Whether windows follow each other without gaps and overlaps, from the first element to the last.
fn tiles(windows: &[Window], length: usize) -> bool {
    let mut end = 0;
    windows.iter().all(|window| std::mem::replace(&mut end, window.end) == window.first) && end == length
}

impl Picture<'_> {
    /// Rows that no window has reached so far.
    unsafe fn zero(&self, from: usize, to: usize) {
        let pixels = from * self.width..to * self.width;
        // SAFETY: the rows are the picture's.
        unsafe {
            if self.strides[2] == self.channels {
                self.to.add(pixels.start * self.channels).write_bytes(0, pixels.len() * self.channels);
                return;
            }
            for pixel in pixels {
                self.to.add(pixel * self.strides[2]).write_bytes(0, self.channels);
            }
        }
    }

    /// Calls `pixel` for all pixels of a window.
    #[inline(always)]
    fn each(&self, [rows, columns]: [&Window; 2], mut pixel: impl FnMut(usize)) {
        let mut y = rows.first;
        while y < rows.end {
            let mut x = columns.first;
            while x < columns.end {
                pixel(y * self.width + x);
                x += self.step[1];
            }
            y += self.step[0];
        }
    }

    #[inline(always)]
    unsafe fn average<S: Simd>(&self, simd: S, window: [&Window; 2], gradient: *const f32, tiled: bool) {
        let count = (window[0].count * window[1].count) as f32;
        let stride = self.strides[2];
        for_lanes!(simd, self.channels, |s: S, c| {
            // SAFETY: the window is within the picture, and the gradient good for the channels.
            unsafe {
                let share = s.div_f32s(load(s, gradient.add(c)), s.splat_f32s(count));
                self.each(window, |pixel| {
                    let to = self.to.add(pixel * stride + c);
                    store(s, to, if tiled { share } else { s.add_f32s(load(s, to), share) });
                });
            }
        });
    }

    #[inline(always)]
    unsafe fn maximum<S: Simd>(&self, simd: S, window: [&Window; 2], gradient: *const f32, tiled: bool) {
        for_lanes!(simd, self.channels, |s: S, c| {
            let (mut best, mut place, mut count) = (s.splat_f32s(f32::NEG_INFINITY), s.splat_f32s(0.0), 0.0);
            // SAFETY: as for `average`.
            unsafe {
                self.each(window, |pixel| {
                    let value = load(s, self.input.add(pixel * self.strides[0] + c));
                    let larger = s.less_than_f32s(best, value);
                    let number = s.less_than_or_equal_f32s(value, value);
                    let here = s.splat_f32s(count);
                    best = s.select_f32s(number, s.select_f32s(larger, value, best), value);
                    place = s.select_f32s(number, s.select_f32s(larger, here, place), here);
                    count += 1.0;
                });
                let (gradient, zero) = (load(s, gradient.add(c)), s.splat_f32s(0.0));
                count = 0.0;
                self.each(window, |pixel| {
                    let to = self.to.add(pixel * self.strides[2] + c);
                    let own = s.select_f32s(s.equal_f32s(place, s.splat_f32s(count)), gradient, zero);
                    store(s, to, if tiled { own } else { s.add_f32s(load(s, to), own) });
                    count += 1.0;
                });
            }
        });
    }

    /// The gradient of a whole window of K x K pixels next to each other, all of them in registers.
    #[inline(always)]
    unsafe fn square<S: Simd, const K: usize>(&self, simd: S, [y, x]: [usize; 2], gradient: *const f32, tiled: bool) {
        let first = y * self.width + x;
        for_lanes!(simd, self.channels, |s: S, c| {
            let (mut best, mut place) = (s.splat_f32s(f32::NEG_INFINITY), s.splat_f32s(0.0));
            // SAFETY: as for `average`.
            unsafe {
                let from = self.input.add(first * self.strides[0] + c);
                for i in 0..K * K {
                    let value = load(s, from.add((i / K * self.width + i % K) * self.strides[0]));
                    let (larger, number) = (s.less_than_f32s(best, value), s.less_than_or_equal_f32s(value, value));
                    let here = s.splat_f32s(i as f32);
                    best = s.select_f32s(number, s.select_f32s(larger, value, best), value);
                    place = s.select_f32s(number, s.select_f32s(larger, here, place), here);
                }
                let (gradient, zero) = (load(s, gradient.add(c)), s.splat_f32s(0.0));
                let to = self.to.add(first * self.strides[2] + c);
                for i in 0..K * K {
                    let to = to.add((i / K * self.width + i % K) * self.strides[2]);
                    let own = s.select_f32s(s.equal_f32s(place, s.splat_f32s(i as f32)), gradient, zero);
                    store(s, to, if tiled { own } else { s.add_f32s(load(s, to), own) });
                }
            }
        });
    }
}
