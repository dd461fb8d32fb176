//! The gradient to the weights of a layer with few input channels: as its forward run, on padded pictures in which a row of the
//! kernel is one long tap.

use pulp::{Simd, WithSimd};

use super::super::places::places;
use super::super::stem::Padded;
use super::weights::{Gradients, Job};
use crate::gemm::{Layout, Order, Outer};
use crate::isa::Isa;
use crate::memory::SharedMut;
use crate::scratch::Scratch;
use crate::threads::Threads;

/// Pixels of a block, and lines of a task.
const PIXELS: usize = 96;
const LINES: usize = 8;
/// Most ranges of lines with sums of their own.
const SPLITS: usize = 32;

/// # Safety
/// As for [`super::weights::run`]; there must be no groups, and no dilation along rows.
pub(super) unsafe fn run(job: &Job<'_>, weight: &mut [f32], isa: Isa, scratch: &mut Scratch, threads: &Threads) {
    let spec = job.spec;
    let ([height, width], inputs, area) = (spec.kernel, spec.in_channels, spec.taps());
    let layout = Layout::new(isa, [height, width * inputs, spec.out_channels]);
    let [batch, out_height, out_width, _] = job.gradient_shape;
    let strips = out_height.div_ceil(LINES);
    let tasks = batch * strips;
    let splits = tasks.min(SPLITS);
    let padded = Padded::new(spec, job.gradient_shape, LINES);
    let mut partial = scratch.take(splits * layout.len());
    let mut buffers = scratch.take(padded.len() * threads.count());
    let (to, buffer) = (SharedMut::new(&mut partial[..]), SharedMut::new(&mut buffers[..]));
    threads.run(splits, |split, worker| {
        // SAFETY: splits have sums of their own, workers buffers.
        let (out, buffer) = unsafe { (to.at(split * layout.len()), buffer.at(worker * padded.len())) };
        for (i, task) in (tasks * split / splits..tasks * (split + 1) / splits).enumerate() {
            let (image, first) = (task / strips, task % strips * LINES);
            let lines = [first, (first + LINES).min(out_height)];
            // SAFETY: `run`'s caller promised valid tensors, and the buffer is long enough for the lines.
            unsafe { padded.copy(spec, job.input, job.input_shape, job.input_stride, image, lines, buffer) };
            let pixels = [(image * out_height + lines[0]) * out_width, (lines[1] - lines[0]) * out_width];
            isa.run(Task { job, layout: &layout, padded: &padded, buffer, pixels, out, accumulate: i > 0 });
        }
    });
    let order = Order {
        taps: (0..height).map(|y| y * width).collect(),
        rows: (0..width * inputs).map(|k| k % inputs * area + k / inputs).collect(),
        columns: (0..spec.out_channels).map(|column| column * inputs * area).collect(),
        group: [layout.depth, layout.columns],
    };
    // SAFETY: these are all weights.
    unsafe { order.unpack(&layout, &partial, splits, SharedMut::new(weight), threads) };
    scratch.give(partial);
    scratch.give(buffers);
}

struct Task<'a> {
    job: &'a Job<'a>,
    layout: &'a Layout,
    padded: &'a Padded,
    buffer: *const f32,
    /// The first, and how many.
    pixels: [usize; 2],
    out: *mut f32,
    accumulate: bool,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { job, layout, padded, buffer, pixels: [begin, pixels], out, accumulate } = self;
        if !layout.fits::<S>() {
            return;
        }
        let (spec, [_, height, width, _]) = (job.spec, job.gradient_shape);
        let mut gradients = Gradients::new();
        let mut rows = Vec::with_capacity(PIXELS);
        let blocks = pixels.div_ceil(PIXELS);
        for block in 0..blocks {
            let (first, end) = (pixels * block / blocks, pixels * (block + 1) / blocks);
            for panel in &layout.panels {
                // SAFETY: pixels, taps and channels are within what `run`'s caller promised, and within the padded lines.
                unsafe {
                    let from = job.gradient.at((begin + first) * job.gradient_stride + panel.first);
                    gradients.copy(simd, from, job.gradient_stride, end - first, panel.channels, panel.vectors);
                    for tap in 0..layout.taps {
                        rows.clear();
                        rows.extend(places(first, [height, width]).take(end - first).map(|[_, y, x]| {
                            let y = y * spec.stride[0] + tap * spec.dilation[0];
                            buffer.wrapping_add(y * padded.row + x * spec.stride[1] * spec.in_channels)
                        }));
                        Outer {
                            rows: rows.as_ptr(),
                            pixels: end - first,
                            depth: layout.depth,
                            gradient: gradients.as_ptr(),
                            gradient_stride: panel.vectors * S::F32_LANES,
                            vectors: panel.vectors,
                            out: out.add(panel.offset + tap * layout.depth * panel.vectors * S::F32_LANES),
                            accumulate: accumulate || block > 0,
                        }
                        .run(simd);
                    }
                }
            }
        }
    }
}
