//! Few input channels: a row of the kernel, all its pixels and channels, is contiguous in a padded picture without gaps,
//! and so is one tap as long as that. Each task pads the rows that it needs.

use pulp::{Simd, WithSimd};

use super::{ConvSpec, Job};
use crate::gemm::{Block, Packed, Sizes};
use crate::isa::Isa;
use crate::memory::SharedMut;
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

    /// Floats of a padded row, and rows of a task.
    fn padded(&self, output: Shape, threads: usize) -> (usize, usize) {
        let spec = &self.spec;
        let row = ((output[2] - 1) * spec.stride[1] + spec.kernel[1]) * spec.in_channels;
        let rows = (Self::rows(output, threads) - 1) * spec.stride[0] + (spec.kernel[0] - 1) * spec.dilation[0] + 1;
        (row, rows)
    }

    pub(super) fn workspace_len(&self, output: Shape, threads: usize) -> usize {
        if output.contains(&0) {
            return 0;
        }
        let (row, rows) = self.padded(output, threads);
        (row * rows).next_multiple_of(16) * threads
    }

    /// # Safety
    /// `job` must describe valid tensors of the shapes that `spec` asks for; the workspace must be long enough.
    pub(super) unsafe fn run(&self, spec: &ConvSpec, job: &Job, isa: Isa, workspace: &mut [f32], threads: &Threads) {
        let (row, rows) = self.padded(job.output_shape, threads.count());
        let workspace = SharedMut::new(workspace);
        let [batch, height, ..] = job.output_shape;
        let step = Self::rows(job.output_shape, threads.count());
        let strips = height.div_ceil(step);
        threads.run(batch * strips, |task, worker| {
            let (image, first) = (task / strips, task % strips * step);
            // SAFETY: the workspace has a part for each worker, and a worker does one task at a time.
            let buffer = unsafe { workspace.at(worker * (row * rows).next_multiple_of(16)) };
            let bounds = [first, (first + step).min(height)];
            // SAFETY: tasks have rows of the output of their own.
            isa.run(Task { packed: &self.packed, spec, job, buffer, row, image, bounds });
        });
    }
}

struct Task<'a> {
    packed: &'a Packed,
    spec: &'a ConvSpec,
    job: &'a Job,
    buffer: *mut f32,
    /// Floats of a padded row.
    row: usize,
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
            self.pad();
            let place = |pixel: usize| {
                let (y, x) = (pixel / out_width, pixel % out_width);
                self.buffer.add(y * spec.stride[0] * self.row + x * spec.stride[1] * spec.in_channels).cast_const()
            };
            let places: Vec<_> = (0..sizes.pixels).map(place).collect();
            sizes.rows(self.packed.layout.taps, &mut rows, |pixel, tap| places[pixel].add(tap * spec.dilation[0] * self.row));
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
            };
            self.packed.run(simd, &block);
        }
    }
}

impl Task<'_> {
    /// Copies the rows that the task sees, with zeros around.
    ///
    /// # Safety
    /// As for the task itself.
    unsafe fn pad(&self) {
        let (spec, job) = (self.spec, self.job);
        let [_, height, width, channels] = job.input_shape;
        let [first, end] = self.bounds;
        let lines = (end - first - 1) * spec.stride[0] + (spec.kernel[0] - 1) * spec.dilation[0] + 1;
        let left = spec.padding[1][0].min(self.row / channels);
        let pixels = width.min(self.row / channels - left);
        for line in 0..lines {
            // SAFETY: the buffer has `lines` rows of `row` floats, and the copied pixels are within the input.
            unsafe {
                let to = self.buffer.add(line * self.row);
                let y = (first * spec.stride[0] + line).wrapping_sub(spec.padding[0][0]);
                if y >= height {
                    to.write_bytes(0, self.row);
                    continue;
                }
                to.write_bytes(0, left * channels);
                let from = job.input.at((self.image * height + y) * width * job.input_stride);
                let inside = to.add(left * channels);
                if job.input_stride == channels {
                    inside.copy_from_nonoverlapping(from, pixels * channels);
                } else {
                    for x in 0..pixels {
                        inside.add(x * channels).copy_from_nonoverlapping(from.add(x * job.input_stride), channels);
                    }
                }
                inside.add(pixels * channels).write_bytes(0, self.row - (left + pixels) * channels);
            }
        }
    }
}
