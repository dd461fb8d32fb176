//! Few input channels: a row of the kernel, all its pixels and channels, is contiguous in a padded picture without gaps,
//! and so is one tap as long as that. Each task pads the rows that it needs.

use pulp::{Simd, WithSimd};

use super::places::places;
use super::{ConvSpec, Job};
use crate::gemm::{Block, Packed, Sizes};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::threads::Threads;
use crate::view::Shape;

/// Output pixels of a task, about.
const TASK_PIXELS: usize = 448;

#[derive(Clone)]
pub(super) struct Stem {
    packed: Packed,
    spec: ConvSpec,
}

impl Stem {
    pub(super) fn pack(spec: &ConvSpec, weight: &[f32], bias: Option<&[f32]>, isa: Isa) -> Self {
        let ([height, width], inputs) = (spec.kernel, spec.in_channels);
        let value = |row: usize, k: usize, column: usize| {
            let (x, channel) = (k / inputs, k % inputs);
            weight[((column * inputs + channel) * height + row) * width + x]
        };
        let packed = Packed::new(isa, [height, width * inputs, spec.out_channels], value, bias);
        Self { packed, spec: *spec }
    }

    pub(super) fn bytes(&self) -> usize {
        self.packed.bytes()
    }

    /// Output rows of a task.
    fn rows([_, height, width, _]: Shape, threads: usize) -> usize {
        TASK_PIXELS.div_ceil(width).min(height.div_ceil(threads)).max(1)
    }

    fn padded(&self, output: Shape, cut_for: usize) -> Padded {
        Padded::new(&self.spec, output, Self::rows(output, cut_for))
    }

    pub(super) fn workspace_len(&self, output: Shape, cut_for: usize, threads: usize) -> usize {
        if output.contains(&0) {
            return 0;
        }
        self.padded(output, cut_for).len() * threads
    }

    /// # Safety
    /// `job` must describe valid tensors of the shapes that `spec` asks for; the workspace must be long enough.
    pub(super) unsafe fn run(&self, spec: &ConvSpec, job: &Job, isa: Isa, workspace: &mut [f32], threads: &Threads) {
        let padded = self.padded(job.output_shape, job.cut_for);
        let workspace = SharedMut::new(workspace);
        let [batch, height, ..] = job.output_shape;
        let step = Self::rows(job.output_shape, job.cut_for);
        let strips = height.div_ceil(step);
        threads.run(batch * strips, |task, worker| {
            let (image, first) = (task / strips, task % strips * step);
            // SAFETY: the workspace has a part for each worker, and a worker does one task at a time.
            let buffer = unsafe { workspace.at(worker * padded.len()) };
            let bounds = [first, (first + step).min(height)];
            // SAFETY: tasks have rows of the output of their own.
            isa.run(Task { packed: &self.packed, spec, job, buffer, padded: &padded, image, bounds });
        });
    }
}

struct Task<'a> {
    packed: &'a Packed,
    spec: &'a ConvSpec,
    job: &'a Job,
    buffer: *mut f32,
    padded: &'a Padded,
    image: usize,
    /// First row of the output, and the one after the last.
    bounds: [usize; 2],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [first, end] = self.bounds;
        let (spec, job) = (self.spec, self.job);
        let [_, out_height, out_width, _] = job.output_shape;
        let sizes = Sizes::new((end - first) * out_width, self.packed.layout.pixels);
        let mut rows = Vec::with_capacity(sizes.pixels * self.packed.layout.taps);
        // SAFETY: `Stem::run`'s caller promised valid tensors; the buffer has the rows that this task's pixels see.
        unsafe {
            self.padded.copy(spec, job.input, job.input_shape, job.input_stride, self.image, self.bounds, self.buffer);
            let place = |[_, y, x]: [usize; 3]| {
                self.buffer.add(y * spec.stride[0] * self.padded.row + x * spec.stride[1] * spec.in_channels).cast_const()
            };
            let found: Vec<_> = places(0, [out_height, out_width]).take(sizes.pixels).map(place).collect();
            sizes.rows(self.packed.layout.taps, &mut rows, |pixel, tap| found[pixel].add(tap * spec.dilation[0] * self.padded.row));
            let pixel = (self.image * out_height + first) * out_width;
            let block = Block {
                sizes,
                rows: &rows,
                offset: 0,
                out: job.output.at(pixel * job.output_stride),
                out_stride: job.output_stride,
                residual: job.residual_at(pixel, 0),
                activation: job.activation,
                panels: 0..self.packed.layout.panels.len(),
                ahead: false,
            };
            self.packed.run(simd, &block);
        }
    }
}

/// Lines of a picture with zeros around, as some lines of the output see them.
pub(super) struct Padded {
    /// Floats of a line.
    pub row: usize,
    lines: usize,
}

impl Padded {
    /// For at most `lines` of the output.
    pub(super) const fn new(spec: &ConvSpec, output: Shape, lines: usize) -> Self {
        let row = ((output[2] - 1) * spec.stride[1] + spec.kernel[1]) * spec.in_channels;
        Self { row, lines: Self::seen(spec, lines) }
    }

    /// Lines of the input that `lines` of the output see.
    const fn seen(spec: &ConvSpec, lines: usize) -> usize {
        (lines - 1) * spec.stride[0] + (spec.kernel[0] - 1) * spec.dilation[0] + 1
    }

    /// Floats of a buffer.
    pub(super) const fn len(&self) -> usize {
        (self.row * self.lines).next_multiple_of(16)
    }

    /// Copies what the output's lines `first..end` of a picture see, with zeros around.
    ///
    /// # Safety
    /// The input must be valid, and `buffer` as long as [`Padded::len`] says, for as many lines as it was made for.
    #[allow(clippy::too_many_arguments)]
    pub(super) unsafe fn copy(
        &self,
        spec: &ConvSpec,
        input: Shared,
        [_, height, width, channels]: Shape,
        stride: usize,
        image: usize,
        [first, end]: [usize; 2],
        buffer: *mut f32,
    ) {
        let left = spec.padding[1][0].min(self.row / channels);
        let pixels = width.min(self.row / channels - left);
        for line in 0..Self::seen(spec, end - first) {
            // SAFETY: the buffer has these lines of `row` floats, and the copied pixels are within the input.
            unsafe {
                let to = buffer.add(line * self.row);
                let y = (first * spec.stride[0] + line).wrapping_sub(spec.padding[0][0]);
                if y >= height {
                    to.write_bytes(0, self.row);
                    continue;
                }
                to.write_bytes(0, left * channels);
                let from = input.at((image * height + y) * width * stride);
                let inside = to.add(left * channels);
                if stride == channels {
                    inside.copy_from_nonoverlapping(from, pixels * channels);
                } else {
                    for x in 0..pixels {
                        inside.add(x * channels).copy_from_nonoverlapping(from.add(x * stride), channels);
                    }
                }
                inside.add(pixels * channels).write_bytes(0, self.row - (left + pixels) * channels);
            }
        }
    }
}
