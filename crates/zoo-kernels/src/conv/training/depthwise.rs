//! Depthwise convolution: the gradient to the weights, neighbouring channels in a register, summed along lines of pixels.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::rows::Origin;
use super::weights::Job;
use crate::isa::Isa;
use crate::memory::{Aligned, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;

/// Pixels side by side.
const PIXELS: usize = 4;
/// Ranges of lines with sums of their own.
const SPLITS: usize = 32;

/// # Safety
/// As for [`super::weights::run`]; each input channel must give one output channel of its own.
pub(super) unsafe fn run(job: &Job<'_>, weight: &mut [f32], isa: Isa, scratch: &mut Scratch, threads: &Threads) {
    let (taps, channels) = (job.spec.taps(), job.spec.in_channels);
    let lines = job.gradient_shape[0] * job.gradient_shape[1];
    let splits = lines.min(SPLITS);
    let mut partial = scratch.take(splits * taps * channels);
    let to = SharedMut::new(&mut partial[..]);
    let zeros = Aligned::zeros(channels);
    threads.run(splits, |split, _| {
        // SAFETY: splits have sums of their own.
        let out = unsafe { to.at(split * taps * channels) };
        // SAFETY: as above.
        unsafe { out.write_bytes(0, taps * channels) };
        isa.run(Task { job, origin: job.origin(&zeros), lines: lines * split / splits..lines * (split + 1) / splits, out });
    });
    let (sums, rest) = partial.split_at_mut(taps * channels);
    for split in rest.chunks_exact(taps * channels) {
        sums.iter_mut().zip(split).for_each(|(sum, x)| *sum += x);
    }
    for (channel, weight) in weight.chunks_exact_mut(taps).enumerate() {
        weight.iter_mut().enumerate().for_each(|(tap, weight)| *weight = sums[tap * channels + channel]);
    }
    scratch.give(partial);
}

struct Task<'a> {
    job: &'a Job<'a>,
    origin: Origin<'a>,
    lines: Range<usize>,
    /// `[taps][channels]`.
    out: *mut f32,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let spec = self.job.spec;
        let mut rows = Vec::new();
        for line in self.lines.clone() {
            // SAFETY: `run`'s caller promised valid tensors, of which this is a line.
            unsafe {
                match (spec.kernel[1], spec.stride[1], spec.dilation[1]) {
                    (3, 1, 1) => self.line::<S, 3, 1>(simd, line, &mut rows),
                    (3, 2, 1) => self.line::<S, 3, 2>(simd, line, &mut rows),
                    (5, 1, 1) => self.line::<S, 5, 1>(simd, line, &mut rows),
                    (5, 2, 1) => self.line::<S, 5, 2>(simd, line, &mut rows),
                    (7, 1, 1) => self.line::<S, 7, 1>(simd, line, &mut rows),
                    (7, 2, 1) => self.line::<S, 7, 2>(simd, line, &mut rows),
                    _ => self.any_line(simd, line, &mut rows),
                }
            }
        }
    }
}

impl Task<'_> {
    /// The gradient of a line's first pixel.
    unsafe fn gradient(&self, line: usize) -> *const f32 {
        // SAFETY: a line of the gradient.
        unsafe { self.job.gradient.at(line * self.job.gradient_shape[2] * self.job.gradient_stride) }
    }

    /// The input's row that a row of the kernel sees, if there is one.
    fn row(&self, line: usize, ky: usize) -> Option<(usize, usize)> {
        let spec = self.job.spec;
        let (image, y) = (line / self.job.gradient_shape[1], line % self.job.gradient_shape[1]);
        let y = (y * spec.stride[0] + ky * spec.dilation[0]).wrapping_sub(spec.padding[0][0]);
        (y < self.job.input_shape[1]).then_some((image, y))
    }

    /// A kernel's row of K taps next to each other.
    ///
    /// # Safety
    /// `line` must be one of the gradient's.
    #[inline(always)]
    unsafe fn line<S: Simd, const K: usize, const STRIDE: usize>(&self, simd: S, line: usize, rows: &mut Vec<*const f32>) {
        struct Op<'a, const K: usize, const STRIDE: usize> {
            rows: &'a [*const f32],
            gradient: *const f32,
            stride: usize,
            pixels: usize,
            channels: usize,
            out: *mut f32,
        }
        impl<const K: usize, const STRIDE: usize> WithSimd for Op<'_, K, STRIDE> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                for_lanes!(simd, self.channels, |s: S, c| {
                    // SAFETY: `line`'s caller promised it.
                    unsafe { self.lanes(s, c) };
                });
            }
        }
        impl<const K: usize, const STRIDE: usize> Op<'_, K, STRIDE> {
            #[inline(always)]
            unsafe fn lanes<S: Simd>(&self, simd: S, c: usize) {
                // Two chains of sums for each tap.
                let mut sums = [[simd.splat_f32s(0.0); K]; 2];
                // SAFETY: rows are as many as the pixels see, each good for all channels, and so is the gradient.
                unsafe {
                    for kx in 0..K {
                        sums[0][kx] = load(simd, self.out.add(kx * self.channels + c));
                    }
                    let mut x = 0;
                    while x + PIXELS <= self.pixels {
                        let mut g = [simd.splat_f32s(0.0); PIXELS];
                        for i in 0..PIXELS {
                            g[i] = load(simd, self.gradient.add((x + i) * self.stride + c));
                        }
                        for column in 0..(PIXELS - 1) * STRIDE + K {
                            let value = load(simd, self.rows.get_unchecked(x * STRIDE + column).add(c));
                            for i in 0..PIXELS {
                                if column >= i * STRIDE && column - i * STRIDE < K {
                                    let kx = column - i * STRIDE;
                                    sums[i % 2][kx] = simd.mul_add_e_f32s(value, g[i], sums[i % 2][kx]);
                                }
                            }
                        }
                        x += PIXELS;
                    }
                    while x < self.pixels {
                        let g = load(simd, self.gradient.add(x * self.stride + c));
                        for kx in 0..K {
                            let value = load(simd, self.rows.get_unchecked(x * STRIDE + kx).add(c));
                            sums[0][kx] = simd.mul_add_e_f32s(value, g, sums[0][kx]);
                        }
                        x += 1;
                    }
                    for kx in 0..K {
                        store(simd, self.out.add(kx * self.channels + c), simd.add_f32s(sums[0][kx], sums[1][kx]));
                    }
                }
            }
        }
        let (spec, job) = (self.job.spec, self.job);
        let (pixels, channels) = (job.gradient_shape[2], spec.in_channels);
        for ky in 0..spec.kernel[0] {
            let Some((image, y)) = self.row(line, ky) else { continue };
            rows.clear();
            rows.extend((0..(pixels - 1) * STRIDE + K).map(|x| self.origin.pixel(image, y, x.wrapping_sub(spec.padding[1][0]))));
            // SAFETY: the caller's promise; the sums are this task's.
            unsafe {
                let (gradient, out) = (self.gradient(line), self.out.add(ky * K * channels));
                simd.vectorize(Op::<K, STRIDE> { rows, gradient, stride: job.gradient_stride, pixels, channels, out });
            }
        }
    }

    /// Any kernel, tap by tap.
    ///
    /// # Safety
    /// As for [`Task::line`].
    #[inline(always)]
    unsafe fn any_line<S: Simd>(&self, simd: S, line: usize, rows: &mut Vec<*const f32>) {
        let (spec, job) = (self.job.spec, self.job);
        let channels = spec.in_channels;
        for tap in 0..spec.taps() {
            let Some((image, y)) = self.row(line, tap / spec.kernel[1]) else { continue };
            let kx = tap % spec.kernel[1] * spec.dilation[1];
            rows.clear();
            rows.extend((0..job.gradient_shape[2]).map(|x| {
                let x = (x * spec.stride[1] + kx).wrapping_sub(spec.padding[1][0]);
                self.origin.pixel(image, y, x)
            }));
            // SAFETY: rows and gradients are good for all channels; the sums are this task's.
            unsafe {
                let (gradient, out) = (self.gradient(line), self.out.add(tap * channels));
                for_lanes!(simd, channels, |s: S, c| {
                    let mut sum = load(s, out.add(c));
                    for (x, row) in rows.iter().enumerate() {
                        sum = s.mul_add_e_f32s(load(s, row.add(c)), load(s, gradient.add(x * job.gradient_stride + c)), sum);
                    }
                    store(s, out.add(c), sum);
                });
            }
        }
    }
}
