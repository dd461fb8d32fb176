//! Depthwise convolution: neighbouring channels in a register, neighbouring pixels of a row side by side, so that each value
//! of the input is read once for all pixels that see it. Padding is a pointer to zeros.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use pulp::{Simd, WithSimd};

use super::{ConvSpec, Job};
use crate::activation::{Activation, Rows};
use crate::isa::Isa;
use crate::memory::Aligned;
use crate::simd::{at_least, at_most, for_lanes, load, store};
use crate::threads::Threads;

/// Pixels side by side.
const PIXELS: usize = 4;
/// Pointers for a 7x7 kernel of stride 2.
const MAX_POINTERS: usize = 7 * (7 + 2 * (PIXELS - 1));
/// Products of a task that takes some ten microseconds.
const TASK: usize = 60_000;

#[derive(Clone)]
pub(super) struct Depthwise {
    /// Register after register of channels, each with all its taps; then the channels left over one by one.
    weights: Aligned,
    bias: Aligned,
    zeros: Aligned,
}

impl Depthwise {
    pub(super) fn pack(spec: &ConvSpec, weight: &[f32], bias: Option<&[f32]>, isa: Isa) -> Self {
        let (channels, taps, lanes) = (spec.in_channels, spec.taps(), isa.lanes());
        let mut weights = Aligned::zeros(channels * taps);
        for channel in 0..channels {
            let first = channel / lanes * lanes;
            let (step, at) = if first + lanes <= channels { (lanes, first * taps + channel % lanes) } else { (1, channel * taps) };
            for tap in 0..taps {
                weights[at + tap * step] = weight[channel * taps + tap];
            }
        }
        let mut padded = Aligned::zeros(channels);
        if let Some(bias) = bias {
            padded.copy_from_slice(bias);
        }
        Self { weights, bias: padded, zeros: Aligned::zeros(channels) }
    }

    pub(super) fn bytes(&self) -> usize {
        (self.weights.len() + self.bias.len()) * 4
    }

    /// # Safety
    /// `job` must describe valid tensors of the shapes that `spec` asks for.
    pub(super) unsafe fn run(&self, spec: &ConvSpec, job: &Job, isa: Isa, threads: &Threads) {
        let [batch, height, width, channels] = job.output_shape;
        let lines = batch * height;
        let work = lines * width * channels * spec.taps();
        let target = if threads.count() == 1 { 1 } else { (work / TASK).clamp(1, 8 * threads.count()) };
        let strips = target.min(lines);
        // Parts of at least two cache lines of channels.
        let parts = (target / strips).clamp(1, channels.div_ceil(32));
        threads.run(strips * parts, |task, _| {
            let (strip, part) = (task / parts, task % parts);
            let bounds = [lines * strip / strips, lines * (strip + 1) / strips];
            let edge = |i: usize| (channels * i / parts).next_multiple_of(32).min(channels);
            // SAFETY: tasks have lines and channels of the output of their own.
            isa.run(Task { depthwise: self, spec, job, lines: bounds, channels: [edge(part), edge(part + 1)] });
        });
    }
}

struct Task<'a> {
    depthwise: &'a Depthwise,
    spec: &'a ConvSpec,
    job: &'a Job,
    lines: [usize; 2],
    channels: [usize; 2],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let spec = self.spec;
        let wide = self.job.output_shape[2] >= PIXELS && spec.dilation == [1, 1];
        for line in self.lines[0]..self.lines[1] {
            // SAFETY: `Depthwise::run`'s caller promised valid tensors; lines and channels are within them.
            unsafe {
                match (spec.kernel, spec.stride) {
                    ([3, 3], [1, 1]) if wide => self.line::<S, 3, 1>(simd, line),
                    ([3, 3], [2, 2]) if wide => self.line::<S, 3, 2>(simd, line),
                    ([5, 5], [1, 1]) if wide => self.line::<S, 5, 1>(simd, line),
                    ([5, 5], [2, 2]) if wide => self.line::<S, 5, 2>(simd, line),
                    ([7, 7], [1, 1]) if wide => self.line::<S, 7, 1>(simd, line),
                    ([7, 7], [2, 2]) if wide => self.line::<S, 7, 2>(simd, line),
                    _ => self.any_line(simd, line),
                }
            }
        }
    }
}

impl Task<'_> {
    /// Where the row `ky` of the kernel reads in column `kx`, for the output pixel `x` of a line.
    #[inline(always)]
    unsafe fn source(&self, line: usize, x: usize, [ky, kx]: [usize; 2]) -> *const f32 {
        let (spec, job) = (self.spec, self.job);
        let [_, height, width, _] = job.input_shape;
        let (image, row) = (line / job.output_shape[1], line % job.output_shape[1]);
        let y = (row * spec.stride[0] + ky * spec.dilation[0]).wrapping_sub(spec.padding[0][0]);
        let x = (x * spec.stride[1] + kx * spec.dilation[1]).wrapping_sub(spec.padding[1][0]);
        if y < height && x < width {
            // SAFETY: within the input.
            unsafe { job.input.at(((image * height + y) * width + x) * job.input_stride) }
        } else {
            self.depthwise.zeros.as_ptr()
        }
    }

    /// Four pixels at a time; the last four may overlap those before.
    #[inline(always)]
    unsafe fn line<S: Simd, const K: usize, const STRIDE: usize>(&self, simd: S, line: usize) {
        let width = self.job.output_shape[2];
        let columns = (PIXELS - 1) * STRIDE + K;
        let mut x = 0;
        while x < width {
            let first = x.min(width - PIXELS);
            let mut from = [std::ptr::null::<f32>(); MAX_POINTERS];
            for ky in 0..K {
                for column in 0..columns {
                    // SAFETY: the caller's promise.
                    from[ky * columns + column] = unsafe { self.source(line, first, [ky, column]) };
                }
            }
            // SAFETY: the pointers are for this kernel and these pixels.
            unsafe { self.pixels::<S, K, STRIDE>(simd, &from, line * width + first) };
            x += PIXELS;
        }
    }

    #[inline(always)]
    unsafe fn pixels<S: Simd, const K: usize, const STRIDE: usize>(&self, simd: S, from: &[*const f32; MAX_POINTERS], pixel: usize) {
        let columns = (PIXELS - 1) * STRIDE + K;
        let [begin, end] = self.channels;
        for_lanes!(simd, end - begin, |s: S, at| {
            let c = begin + at;
            // SAFETY: each pointer is good for all channels, weights have K x K values for each channel.
            unsafe {
                let weights = self.depthwise.weights.as_ptr().add(c * K * K);
                let mut sums = [load(s, self.depthwise.bias.as_ptr().add(c)); PIXELS];
                for ky in 0..K {
                    let mut w = [s.splat_f32s(0.0); K];
                    for kx in 0..K {
                        w[kx] = load(s, weights.add((ky * K + kx) * S::F32_LANES));
                    }
                    for column in 0..columns {
                        let value = load(s, from[ky * columns + column].add(c));
                        for p in 0..PIXELS {
                            if column >= p * STRIDE && column - p * STRIDE < K {
                                sums[p] = s.mul_add_e_f32s(value, w[column - p * STRIDE], sums[p]);
                            }
                        }
                    }
                }
                self.finish(s, &sums, pixel, c);
            }
        });
        // SAFETY: these pixels and channels are this task's.
        unsafe { self.activate(simd, pixel, PIXELS) };
    }

    /// Any size, one pixel at a time.
    #[inline(always)]
    unsafe fn any_line<S: Simd>(&self, simd: S, line: usize) {
        let spec = self.spec;
        let [begin, end] = self.channels;
        let width = self.job.output_shape[2];
        let mut from = Vec::with_capacity(spec.taps());
        for x in 0..width {
            from.clear();
            // SAFETY: the caller's promise.
            from.extend((0..spec.taps()).map(|t| unsafe { self.source(line, x, [t / spec.kernel[1], t % spec.kernel[1]]) }));
            for_lanes!(simd, end - begin, |s: S, at| {
                let c = begin + at;
                // SAFETY: as in `pixels`.
                unsafe {
                    let weights = self.depthwise.weights.as_ptr().add(c * spec.taps());
                    let mut sum = load(s, self.depthwise.bias.as_ptr().add(c));
                    for (tap, from) in from.iter().enumerate() {
                        let w = load(s, weights.add(tap * S::F32_LANES));
                        sum = s.mul_add_e_f32s(load(s, from.add(c)), w, sum);
                    }
                    self.finish(s, &[sum], line * width + x, c);
                }
            });
            // SAFETY: this pixel and these channels are this task's.
            unsafe { self.activate(simd, line * width + x, 1) };
        }
    }

    /// Residual, clamp, store.
    #[inline(always)]
    unsafe fn finish<S: Simd, const P: usize>(&self, simd: S, sums: &[S::f32s; P], pixel: usize, channel: usize) {
        let clamp = self.job.activation.clamp().filter(|_| self.job.activation != Activation::Identity);
        for p in 0..P {
            // SAFETY: the pixel and the channels of this register are within the output and the residual.
            unsafe {
                let mut sum = sums[p];
                if let Some(residual) = self.job.residual_at(pixel + p, channel) {
                    sum = simd.add_f32s(sum, load(simd, residual.data));
                }
                if let Some((low, high)) = clamp {
                    sum = at_most(simd, simd.splat_f32s(high), at_least(simd, simd.splat_f32s(low), sum));
                }
                store(simd, self.job.output.at((pixel + p) * self.job.output_stride + channel), sum);
            }
        }
    }

    /// Activations that are more than a clamp.
    #[inline(always)]
    unsafe fn activate<S: Simd>(&self, simd: S, pixel: usize, rows: usize) {
        let [begin, end] = self.channels;
        let stride = self.job.output_stride;
        if let Some(activation) = self.job.activation.beyond_clamp() {
            // SAFETY: the caller's promise.
            unsafe {
                let data = self.job.output.at(pixel * stride + begin);
                Rows { activation, data, rows, stride, width: end - begin }.run(simd);
            }
        }
    }
}
