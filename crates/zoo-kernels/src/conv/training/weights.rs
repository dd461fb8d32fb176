//! The gradient to the weights: for each tap a product of input and gradient over all pixels.
//!
//! Where the weights are few, ranges of pixels give sums of their own, which are added in the end: their number follows from the
//! shape alone, so that the result does not depend on the number of threads.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::ConvSpec;
use super::super::direct::{order, together};
use super::super::prologue::Affine;
use super::rows::Origin;
use crate::gemm::{Layout, Outer};
use crate::isa::Isa;
use crate::memory::{Aligned, Shared, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{load, store};
use crate::threads::Threads;
use crate::view::{Shape, View};

/// Most pixels whose gradients stay in L1 while all rows of a panel are computed.
const PIXELS: usize = 96;
/// Floats of the input that stay in L2 with them, where each is read for one tap only.
const INPUTS: usize = 40 << 10;
/// Floats of a panel's part that stay in L2.
const RESIDENT: usize = 48 << 10;
/// Tasks that threads share evenly.
const TASKS: usize = 32;
/// Most floats of all partial sums.
const PARTIAL: usize = 1 << 20;

/// Input and gradient, checked, as addresses.
pub(in super::super) struct Job<'a> {
    pub spec: &'a ConvSpec,
    pub input: Shared,
    pub input_shape: Shape,
    pub input_stride: usize,
    /// Only where the kernel is 1x1 without padding and groups.
    pub prologue: Option<Affine>,
    pub gradient: Shared,
    pub gradient_shape: Shape,
    pub gradient_stride: usize,
}

impl<'a> Job<'a> {
    pub(in super::super) fn new(spec: &'a ConvSpec, input: &View<'_>, prologue: Option<Affine>, gradient: &View<'_>) -> Self {
        Self {
            spec,
            input: Shared::new(input.data()),
            input_shape: input.shape(),
            input_stride: input.pixel_stride(),
            prologue,
            gradient: Shared::new(gradient.data()),
            gradient_shape: gradient.shape(),
            gradient_stride: gradient.pixel_stride(),
        }
    }

    pub(in super::super) fn origin<'b>(&self, zeros: &'b [f32]) -> Origin<'b> {
        Origin { data: self.input, shape: self.input_shape, stride: self.input_stride, zeros }
    }
}

/// What a task computes of a part's matrix: some panels, and all of their rows or one chunk.
#[derive(Clone)]
pub(super) struct Unit {
    pub part: usize,
    pub panels: Range<usize>,
    pub chunk: Option<usize>,
}

/// How the matrix is cut.
pub(super) fn units(layout: &Layout, parts: usize) -> Vec<Unit> {
    let (panels, chunks) = (layout.panels.len(), layout.chunks.len());
    if layout.len() <= RESIDENT {
        return (0..parts).map(|part| Unit { part, panels: 0..panels, chunk: None }).collect();
    }
    let unit = |i: usize| {
        let (part, panel) = (i / (panels * chunks), i / chunks % panels);
        Unit { part, panels: panel..panel + 1, chunk: Some(i % chunks) }
    };
    (0..parts * panels * chunks).map(unit).collect()
}

/// Ranges of pixels with sums of their own.
pub(super) fn splits(pixels: usize, units: usize, floats: usize) -> usize {
    TASKS.div_ceil(units).min(PARTIAL.div_ceil(floats)).min(pixels.div_ceil(2 * PIXELS)).max(1)
}

/// # Safety
/// `job` must describe valid tensors of the shapes that its convolution asks for; `weight` must be as long as that says.
pub(super) unsafe fn run(job: &Job<'_>, weight: &mut [f32], isa: Isa, scratch: &mut Scratch, threads: &Threads) {
    let spec = job.spec;
    let (inputs, outputs) = (spec.in_channels / spec.groups, spec.out_channels / spec.groups);
    let together = together(spec.groups, outputs, isa.lanes());
    let parts = spec.groups / together;
    let layout = Layout::new(isa, [spec.taps(), together * inputs, together * outputs]);
    let pixels = job.gradient_shape[..3].iter().product();
    let units = units(&layout, parts);
    let splits = splits(pixels, units.len(), parts * layout.len());
    let mut partial = scratch.take(parts * splits * layout.len());
    let zeros = Aligned::zeros(spec.in_channels);
    let to = SharedMut::new(&mut partial[..]);
    threads.run(splits * units.len(), |task, _| {
        let (split, unit) = (task / units.len(), &units[task % units.len()]);
        let range = pixels * split / splits..pixels * (split + 1) / splits;
        // SAFETY: the buffer has a matrix for each part and split, of which tasks write panels and chunks of their own.
        let out = unsafe { to.at((unit.part * splits + split) * layout.len()) };
        isa.run(Task { job, layout: &layout, unit, pixels: range, zeros: &zeros, out });
    });
    let order = order(spec, together, false, (0..spec.taps()).collect());
    let step = together * outputs * inputs * spec.taps();
    let weight = SharedMut::new(weight);
    for (part, partial) in partial.chunks_exact(splits * layout.len()).enumerate() {
        // SAFETY: the weights of each part follow those of the part before.
        unsafe { order.unpack(&layout, partial, splits, SharedMut::new(weight.at(part * step)), threads) };
    }
    scratch.give(partial);
}

struct Task<'a> {
    job: &'a Job<'a>,
    layout: &'a Layout,
    unit: &'a Unit,
    pixels: Range<usize>,
    zeros: &'a [f32],
    out: *mut f32,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { job, layout, unit, pixels, zeros, out } = self;
        if !layout.fits::<S>() {
            return;
        }
        let chunk = unit.chunk.map(|i| layout.chunks[i]);
        let taps = chunk.map_or(0..layout.taps, |chunk| chunk.tap..chunk.tap + chunk.taps);
        let (offset, depth) = chunk.map_or((0, layout.depth), |chunk| (chunk.offset, chunk.depth));
        let origin = job.origin(zeros);
        let mut rows = Vec::with_capacity(PIXELS * taps.len());
        // Where there is one tap, the input is copied in the order in which it lies in memory. A column of it is read at a
        // time, and rows a power of two apart would push each other out of L1.
        let padded = (depth | 15) + 17;
        let most = if taps.len() == 1 { (INPUTS / depth).clamp(PIXELS / 3, PIXELS) } else { PIXELS };
        let blocks = pixels.len().div_ceil(most);
        let mut buffer = Gradients::new();
        let mut inputs = Aligned::zeros(if taps.len() == 1 { most * padded } else { 0 });
        // Borrowed once: a second borrow would end the pointers into it that rows hold.
        let inputs = inputs.as_mut_ptr();
        for block in 0..blocks {
            let edge = |i: usize| pixels.start + pixels.len() * i / blocks;
            let (first, count) = (edge(block), edge(block + 1) - edge(block));
            origin.taps(job.spec, job.gradient_shape, first..first + count, taps.clone(), &mut rows);
            rows.iter_mut().for_each(|row| *row = row.wrapping_add(unit.part * layout.depth + offset));
            if let Some(prologue) = job.prologue {
                let area = job.gradient_shape[1] * job.gradient_shape[2];
                // SAFETY: rows of the input, and a buffer of as many.
                unsafe { prologue.apply(simd, &mut rows, offset..offset + depth, (inputs, padded), |pixel| (first + pixel) / area) };
            } else if taps.len() == 1 {
                for (i, row) in rows.iter_mut().enumerate() {
                    // SAFETY: a row of the input, or zeros, and a row of the buffer.
                    unsafe {
                        let to = inputs.add(i * padded);
                        to.copy_from_nonoverlapping(*row, depth);
                        *row = to.cast_const();
                    }
                }
            }
            for panel in &layout.panels[unit.panels.clone()] {
                // SAFETY: pixels, taps and channels are within what `run`'s caller promised.
                unsafe {
                    let from = job.gradient.at(first * job.gradient_stride + unit.part * layout.columns + panel.first);
                    buffer.copy(simd, from, job.gradient_stride, count, panel.channels, panel.vectors);
                    for (i, tap) in taps.clone().enumerate() {
                        Outer {
                            rows: rows.as_ptr().add(i * count),
                            pixels: count,
                            depth,
                            gradient: buffer.as_ptr(),
                            gradient_stride: panel.vectors * S::F32_LANES,
                            vectors: panel.vectors,
                            out: out.add(panel.offset + (tap * layout.depth + offset) * panel.vectors * S::F32_LANES),
                            accumulate: block > 0,
                        }
                        .run(simd);
                    }
                }
            }
        }
    }
}

/// The gradients of a block and a panel, side by side.
pub(super) struct Gradients(Aligned);

impl Gradients {
    pub(super) fn new() -> Self {
        Self(Aligned::zeros(PIXELS * 64))
    }

    pub(super) fn as_ptr(&self) -> *const f32 {
        self.0.as_ptr()
    }

    /// # Safety
    /// Of `pixels`, at most [`PIXELS`], each must be good for `channels` floats, at most as many as `vectors` registers hold.
    #[inline(always)]
    pub(super) unsafe fn copy<S: Simd>(
        &mut self,
        simd: S,
        from: *const f32,
        stride: usize,
        pixels: usize,
        channels: usize,
        vectors: usize,
    ) {
        let width = vectors * S::F32_LANES;
        debug_assert!(pixels * width <= self.0.len());
        for pixel in 0..pixels {
            // SAFETY: the caller's promise; the buffer is long enough.
            unsafe {
                let (from, to) = (from.add(pixel * stride), self.0.as_mut_ptr().add(pixel * width));
                if channels == width {
                    for v in 0..vectors {
                        store(simd, to.add(v * S::F32_LANES), load(simd, from.add(v * S::F32_LANES)));
                    }
                } else {
                    to.copy_from_nonoverlapping(from, channels);
                    to.add(channels).write_bytes(0, width - channels);
                }
            }
        }
    }
}
