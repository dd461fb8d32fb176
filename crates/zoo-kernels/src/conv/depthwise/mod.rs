//! Depthwise convolution: neighbouring channels in a register, neighbouring pixels of a row side by side, so that each value
//! of the input is read once for all pixels that see it.

mod kernel;

use kernel::{Pixels, Target};
use pulp::{Simd, WithSimd};

use super::{ConvSpec, Job};
use crate::activation::{Activation, Rows};
use crate::isa::Isa;
use crate::memory::Aligned;
use crate::simd::{for_lanes, load, register, store};
use crate::threads::Threads;

/// Pixels side by side: maps of 224 halved again and again are a multiple of seven wide. Four are for what is left, and for narrow maps.
const MANY: usize = 7;
const FEW: usize = 4;
/// Products of a task that takes some microseconds.
const TASK: usize = 60_000;

#[derive(Clone)]
pub(super) struct Depthwise {
    /// Register after register of channels, each with all its taps; then the channels left over one by one.
    weights: Aligned,
    bias: Aligned,
    zeros: Aligned,
}

impl Depthwise {
    /// With `reversed` the kernel is turned by half a turn, as for the gradient to the input.
    pub(super) fn pack(spec: &ConvSpec, (weight, reversed): (&[f32], bool), bias: Option<&[f32]>, isa: Isa) -> Self {
        let (channels, taps, lanes) = (spec.in_channels, spec.taps(), isa.lanes());
        let mut weights = Aligned::zeros(channels * taps);
        for channel in 0..channels {
            let (first, step) = register(channel, channels, lanes);
            let at = first * taps + channel - first;
            for tap in 0..taps {
                let from = if reversed { taps - 1 - tap } else { tap };
                weights[at + tap * step] = weight[channel * taps + from];
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

    /// All of it on this thread.
    ///
    /// # Safety
    /// `job` must describe valid tensors; below the input there may be as many rows of zeros as the output sees.
    pub(super) unsafe fn run_here(&self, spec: &ConvSpec, job: &Job, isa: Isa) {
        let [batch, height, _, channels] = job.output_shape;
        // SAFETY: the caller's promise.
        isa.run(Task { depthwise: self, spec, job, lines: [0, batch * height], channels: [0, channels] });
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
        let wide = self.job.output_shape[2] >= FEW && spec.dilation == [1, 1];
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
            unsafe { job.input.at(((image * height + y) * width + x) * job.input_stride + self.channels[0]) }
        } else {
            self.depthwise.zeros.as_ptr()
        }
    }

    /// Some pixels at a time; the last may overlap those before.
    #[inline(always)]
    unsafe fn line<S: Simd, const K: usize, const STRIDE: usize>(&self, simd: S, line: usize) {
        let (spec, job) = (self.spec, self.job);
        let [_, height, width, _] = job.input_shape;
        let [_, out_height, out_width, _] = job.output_shape;
        let (image, above) = (line / out_height, spec.padding[0][0]);
        let y = line % out_height * STRIDE;
        // The kernel's rows within the map.
        let first_row = above.saturating_sub(y).min(K);
        let end_row = (height + above).saturating_sub(y).clamp(first_row, K);
        let mut rows = [std::ptr::null(); K];
        for (i, row) in (first_row..end_row).enumerate() {
            // SAFETY: within the input.
            rows[i] = unsafe { job.input.at((image * height + y + row - above) * width * job.input_stride + self.channels[0]) };
        }
        let rows = &rows[..end_row - first_row];
        let group = |first: usize, pixels: usize| {
            let (left, column) = (spec.padding[1][0], first * STRIDE);
            let columns = (pixels - 1) * STRIDE + K;
            let begin = left.saturating_sub(column).min(columns);
            let end = (width + left).saturating_sub(column).clamp(begin, columns);
            let offset = (column as isize - left as isize) * job.input_stride as isize;
            let pixel = line * out_width + first;
            // SAFETY: the pixels are this task's; rows and columns were cut to the map.
            let to = unsafe { self.target(pixel) };
            Pixels { rows, offset, step: job.input_stride, inside: [begin, end], first_row, to }
        };
        let mut x = 0;
        while x < out_width {
            let many = STRIDE == 1 && out_width >= MANY && out_width - x > FEW;
            let count = if many { MANY } else { FEW };
            let first = x.min(out_width - count);
            let pixels = group(first, count);
            // SAFETY: as above.
            unsafe {
                if many {
                    kernel::square::<S, K, STRIDE, MANY>(simd, &pixels);
                } else {
                    kernel::square::<S, K, STRIDE, FEW>(simd, &pixels);
                }
                self.finish(simd, line * out_width + first, count);
            }
            x += count;
        }
    }

    /// Any size, one pixel at a time.
    #[inline(always)]
    unsafe fn any_line<S: Simd>(&self, simd: S, line: usize) {
        let spec = self.spec;
        let width = self.job.output_shape[2];
        let mut from = Vec::with_capacity(spec.taps());
        for x in 0..width {
            from.clear();
            // SAFETY: the pointers are for this kernel and this pixel.
            unsafe {
                from.extend((0..spec.taps()).map(|t| self.source(line, x, [t / spec.kernel[1], t % spec.kernel[1]])));
                kernel::any(simd, &from, &self.target(line * width + x));
                self.finish(simd, line * width + x, 1);
            }
        }
    }

    /// Where a pixel and those beside it go.
    #[inline(always)]
    unsafe fn target(&self, pixel: usize) -> Target {
        let [begin, end] = self.channels;
        let (job, depthwise) = (self.job, self.depthwise);
        // With a residual the clamp must wait.
        let clamp = job.activation.clamp().filter(|_| job.residual.is_none());
        let (low, high) = clamp.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        // SAFETY: the task's pixels and channels are within all of these.
        unsafe {
            Target {
                weights: depthwise.weights.as_ptr().add(begin * self.spec.taps()),
                bias: depthwise.bias.as_ptr().add(begin),
                out: job.output.at(pixel * job.output_stride + begin),
                out_stride: job.output_stride,
                channels: end - begin,
                low,
                high,
            }
        }
    }

    /// A residual, and activations that the kernel has not done.
    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, simd: S, pixel: usize, rows: usize) {
        let [begin, end] = self.channels;
        let job = self.job;
        let (stride, width) = (job.output_stride, end - begin);
        // SAFETY: these pixels and channels are this task's.
        unsafe {
            let data = job.output.at(pixel * stride + begin);
            if let Some(residual) = job.residual_at(pixel, begin) {
                for row in 0..rows {
                    let (to, from) = (data.add(row * stride), residual.data.add(row * residual.stride));
                    for_lanes!(simd, width, |s: S, c| {
                        store(s, to.add(c), s.add_f32s(load(s, to.add(c)), load(s, from.add(c))));
                    });
                }
            }
            if job.residual.is_some() && job.activation != Activation::Identity || job.activation.beyond_clamp().is_some() {
                Rows { activation: job.activation, data, rows, stride, width }.run(simd);
            }
        }
    }
}
