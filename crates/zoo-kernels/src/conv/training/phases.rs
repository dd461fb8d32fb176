//! The gradient to the input where the stride is larger than one: pixels of the input whose row and column leave the same
//! remainders see the same taps, and form one convolution of stride 1 each, without the zeros between gradients that a
//! convolution of the whole would multiply with.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::direct::{order, together};
use super::super::places::places;
use super::super::{CUT_FOR, ConvSpec};
use super::rows::Origin;
use crate::activation::Activation;
use crate::error::Result;
use crate::gemm::{Block, Packed, Sizes, split};
use crate::isa::Isa;
use crate::memory::{Aligned, Shared, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;
use crate::view::{Shape, View, ViewMut};

/// Bytes of gradient that a block of pixels reads.
const BLOCK_BYTES: usize = 128 << 10;

/// Rows or columns of one remainder.
#[derive(Clone)]
pub(super) struct Axis {
    first: usize,
    count: usize,
    /// Taps, and where each reads: so many after the own index, which wraps around before the beginning.
    pub taps: Vec<(usize, usize)>,
}

/// The remainders of rows and of columns.
pub(super) fn axes(spec: &ConvSpec, input: Shape) -> [Vec<Axis>; 2] {
    let axis = |axis: usize| {
        let (stride, before) = (spec.stride[axis] as isize, spec.padding[axis][0] as isize);
        let phase = |first: usize| {
            let place = |tap: usize| first as isize + before - (tap * spec.dilation[axis]) as isize;
            let taps = (0..spec.kernel[axis]).filter(|&tap| place(tap).rem_euclid(stride) == 0);
            Axis {
                first,
                count: (input[axis + 1] - first).div_ceil(spec.stride[axis]),
                taps: taps.map(|tap| (tap, place(tap).div_euclid(stride) as usize)).collect(),
            }
        };
        (0..spec.stride[axis].min(input[axis + 1])).map(phase).collect()
    };
    [axis(0), axis(1)]
}

/// All phases of a convolution.
pub(super) struct Phases<'a> {
    spec: &'a ConvSpec,
    input: Shape,
    output: Shape,
    axes: [Vec<Axis>; 2],
}

/// A phase with its weights.
struct Phase<'a> {
    axes: [&'a Axis; 2],
    parts: Vec<Packed>,
    taps: Vec<[usize; 2]>,
}

impl<'a> Phases<'a> {
    pub(super) fn new(spec: &'a ConvSpec, input: Shape, output: Shape) -> Self {
        Self { spec, input, output, axes: axes(spec, input) }
    }

    pub(super) fn run(
        &self,
        gradient: View<'_>,
        weight: &[f32],
        mut into: ViewMut<'_>,
        isa: Isa,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        let mut turned = *self.spec;
        (turned.in_channels, turned.out_channels) = (self.spec.out_channels, self.spec.in_channels);
        let outputs = turned.out_channels / turned.groups;
        let together = together(turned.groups, outputs, isa.lanes());
        let step = together * (turned.in_channels / turned.groups) * outputs * turned.taps();
        let mut phases = Vec::new();
        for rows in &self.axes[0] {
            for columns in &self.axes[1] {
                let pairs = rows.taps.iter().flat_map(|row| columns.taps.iter().map(move |column| (row, column)));
                // `order` turns the kernel, which these places already are.
                let places = pairs.clone().map(|(row, column)| turned.taps() - 1 - (row.0 * turned.kernel[1] + column.0)).collect();
                let taps: Vec<_> = pairs.map(|(row, column)| [row.1, column.1]).collect();
                let order = order(&turned, together, true, places);
                let part = |i: usize| Packed::new_in(isa, &order, &weight[i * step..][..step], None, scratch, threads);
                let parts = if taps.is_empty() { vec![] } else { (0..turned.groups / together).map(part).collect() };
                phases.push(Phase { axes: [rows, columns], parts, taps });
            }
        }
        let most = (BLOCK_BYTES / (4 * turned.in_channels)).clamp(24, 240);
        let tasks: Vec<_> = phases.iter().flat_map(|phase| self.tasks(phase, most)).collect();
        let channels = turned.out_channels;
        let largest = tasks.iter().map(|task| task.1.len() * channels).max().unwrap_or(0).next_multiple_of(16);
        let mut buffers = scratch.take(largest * threads.count());
        let zeros = Aligned::zeros(turned.in_channels);
        let origin = Origin { data: Shared::new(gradient.data()), shape: self.output, stride: gradient.pixel_stride(), zeros: &zeros };
        let stride = into.pixel_stride();
        let (to, buffer) = (SharedMut::new(into.data()), SharedMut::new(&mut buffers[..]));
        threads.run(tasks.len(), |i, worker| {
            let (phase, pixels, panels) = &tasks[i];
            // SAFETY: workers have buffers of their own.
            let buffer = unsafe { buffer.at(worker * largest) };
            let panels = panels.clone();
            isa.run(Task { phases: self, phase, origin, pixels: pixels.clone(), panels, buffer, to, stride });
        });
        scratch.give(buffers);
        phases.into_iter().flat_map(|phase| phase.parts).for_each(|part| part.give(scratch));
        Ok(())
    }

    /// Ranges of a phase's pixels and panels.
    fn tasks<'b>(&self, phase: &'b Phase<'b>, most: usize) -> Vec<(&'b Phase<'b>, Range<usize>, Range<usize>)> {
        let pixels = self.input[0] * phase.axes[0].count * phase.axes[1].count;
        let panels = phase.parts.first().map_or(0, |part| part.layout.panels.len());
        let (blocks, groups) =
            phase.parts.first().map_or((pixels.div_ceil(most).max(1), 1), |part| split(pixels, &part.layout, most, CUT_FOR));
        let range = |i: usize, of: usize, n: usize| n * i / of..n * (i + 1) / of;
        let task = |i: usize| (phase, range(i / groups, blocks, pixels), range(i % groups, groups, panels));
        (0..blocks * groups).map(task).collect()
    }
}

struct Task<'a> {
    phases: &'a Phases<'a>,
    phase: &'a Phase<'a>,
    origin: Origin<'a>,
    pixels: Range<usize>,
    panels: Range<usize>,
    /// Room for the task's pixels, all channels.
    buffer: *mut f32,
    to: SharedMut,
    stride: usize,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { phases, phase, origin, pixels, panels, buffer, to, stride } = self;
        let [rows, columns] = phase.axes;
        let [_, height, width, channels] = phases.input;
        let found: Vec<_> = places(pixels.start, [rows.count, columns.count]).take(pixels.len()).collect();
        let target = |[image, y, x]: [usize; 3]| {
            let (y, x) = (rows.first + y * phases.spec.stride[0], columns.first + x * phases.spec.stride[1]);
            ((image * height + y) * width + x) * stride
        };
        let Some(part) = phase.parts.first() else {
            for place in found {
                // SAFETY: a pixel of the input's gradient, which is this task's.
                unsafe { to.at(target(place)).write_bytes(0, channels) };
            }
            return;
        };
        let sizes = Sizes::new(pixels.len(), part.layout.pixels);
        let mut pointers = Vec::with_capacity(sizes.pixels * phase.taps.len());
        sizes.rows(phase.taps.len(), &mut pointers, |pixel, tap| {
            let ([image, y, x], [down, right]) = (found[pixel], phase.taps[tap]);
            origin.pixel(image, y.wrapping_add(down), x.wrapping_add(right))
        });
        for (i, part) in phase.parts.iter().enumerate() {
            let first = i * part.layout.columns;
            // SAFETY: the pointers are good for the gradient's channels, the buffer for the input's; pixels and channels of the
            // target are this task's.
            unsafe {
                let block = Block {
                    sizes,
                    rows: &pointers,
                    offset: i * part.layout.depth,
                    out: buffer.add(first),
                    out_stride: channels,
                    residual: None,
                    activation: Activation::Identity,
                    panels: panels.clone(),
                    ahead: false,
                };
                part.run(simd, &block);
                let (Some(begin), Some(end)) = (part.layout.panels.get(panels.start), part.layout.panels[panels.clone()].last()) else {
                    continue;
                };
                let (first, count) = (first + begin.first, end.first + end.channels - begin.first);
                for (i, place) in found.iter().enumerate() {
                    let from = buffer.add(i * channels + first).cast_const();
                    to.at(target(*place) + first).copy_from_nonoverlapping(from, count);
                }
            }
        }
    }
}
