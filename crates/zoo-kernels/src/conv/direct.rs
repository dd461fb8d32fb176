//! Indirection GEMM: the rows of the left matrix are pixels of the input, found through pointers; padding is a pointer to
//! zeros. No copy of the input is made. The scheme is that of XNNPACK (Dukhan 2019, "The indirect convolution algorithm").

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::places::places;
use super::{ConvSpec, Job};
use crate::cache;
use crate::gemm::{Block, Order, Packed, Sizes, split};
use crate::isa::Isa;
use crate::memory::{Aligned, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;

/// One packed matrix for each group, or for a few groups side by side.
#[derive(Clone)]
pub(super) struct Direct {
    parts: Vec<Packed>,
    /// Where padding points to: `in_channels` floats.
    zeros: Aligned,
}

impl Direct {
    /// In buffers of `scratch` and on all threads; `reversed` for the gradient to the input of the convolution that the weights belong
    /// to, of which `spec` has channels and kernel the other way round.
    pub(super) fn pack_in(
        spec: &ConvSpec,
        (weight, reversed): (&[f32], bool),
        bias: Option<&[f32]>,
        isa: Isa,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Self {
        let outputs = spec.out_channels / spec.groups;
        let together = together(spec.groups, outputs, isa.lanes());
        let order = order(spec, together, reversed, (0..spec.taps()).collect());
        let step = together * (spec.in_channels / spec.groups) * outputs * spec.taps();
        let part = |i: usize| {
            let bias = bias.map(|bias| &bias[i * together * outputs..][..together * outputs]);
            Packed::new_in(isa, &order, &weight[i * step..][..step], bias, scratch, threads)
        };
        let parts = (0..spec.groups / together).map(part).collect();
        Self { parts, zeros: Aligned::zeros(spec.in_channels) }
    }

    /// Gives the buffers back.
    pub(super) fn give(self, scratch: &mut Scratch) {
        self.parts.into_iter().for_each(|part| part.give(scratch));
    }

    /// Weights `[in, out]` of a 1x1 kernel without groups.
    pub(super) fn pack_by_input(spec: &ConvSpec, weight: &[f32], bias: Option<&[f32]>, isa: Isa, threads: &Threads) -> Self {
        let part = Packed::of_rows(isa, [spec.in_channels, spec.out_channels], weight, bias, threads);
        Self { parts: vec![part], zeros: Aligned::zeros(spec.in_channels) }
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(Packed::bytes).sum()
    }

    /// Most pixels of a block: what they read stays in L2 beside the weights.
    fn most(&self, spec: &ConvSpec) -> usize {
        let step = spec.stride[0] * spec.stride[1];
        let tile = self.parts.first().map_or(1, |part| part.layout.pixels);
        (cache::second() / (16 * spec.in_channels * step)).clamp(4 * tile, 240)
    }

    /// Floats of a worker's changed input.
    pub(super) fn prologue_len(&self, spec: &ConvSpec) -> usize {
        (self.most(spec) * spec.in_channels).next_multiple_of(16)
    }

    /// All of it on this thread.
    ///
    /// # Safety
    /// `job` must describe valid tensors of the shapes that `spec` asks for, without a prologue.
    pub(super) unsafe fn run_here(&self, spec: &ConvSpec, job: &Job, isa: Isa) {
        let pixels: usize = job.output_shape[..3].iter().product();
        let panels = 0..self.parts.first().map_or(0, |part| part.layout.panels.len());
        let blocks = pixels.div_ceil(self.most(spec));
        for block in 0..blocks {
            let bounds = [pixels * block / blocks, pixels * (block + 1) / blocks];
            let (changed, parts, panels) = (std::ptr::null_mut(), 0..self.parts.len(), panels.clone());
            // SAFETY: the caller's promise; nothing else runs.
            isa.run(Task { changed, direct: self, spec, job, bounds, parts, panels, ahead: false });
        }
    }

    /// # Safety
    /// `job` must describe valid tensors of the shapes that `spec` asks for; with a prologue the workspace must have
    /// `prologue_len` floats for each worker, and the convolution must be 1x1 without padding.
    pub(super) unsafe fn run(&self, spec: &ConvSpec, job: &Job, isa: Isa, workspace: &mut [f32], threads: &Threads) {
        let Some(part) = self.parts.first() else { return };
        let pixels: usize = job.output_shape[..3].iter().product();
        let (most, workspace) = (self.most(spec), SharedMut::new(workspace));
        let (blocks, groups) = split(pixels, &part.layout, most, job.cut_for);
        // All parts share a block's pointers; only where blocks are few are parts shared among threads.
        let shares = if blocks < job.cut_for { job.cut_for.min(self.parts.len()) } else { 1 };
        threads.run(blocks * groups * shares, |task, worker| {
            let (task, group) = (task / groups, task % groups);
            let (block, share) = (task / shares, task % shares);
            let range = |i: usize, of: usize, n: usize| n * i / of..n * (i + 1) / of;
            let panels = range(group, groups, part.layout.panels.len());
            // SAFETY: without a prologue it is the beginning of the workspace, and not used.
            let changed = unsafe { workspace.at(if job.prologue.is_some() { worker * self.prologue_len(spec) } else { 0 }) };
            // SAFETY: tasks have blocks of pixels and ranges of channels of their own.
            isa.run(Task {
                changed,
                direct: self,
                spec,
                job,
                bounds: [pixels * block / blocks, pixels * (block + 1) / blocks],
                parts: range(share, shares, self.parts.len()),
                panels,
                ahead: groups > 1,
            });
        });
    }
}

/// The order of some groups' weights, with the places of `taps` in the kernel.
pub(super) fn order(spec: &ConvSpec, together: usize, reversed: bool, taps: Vec<usize>) -> Order {
    let (inputs, outputs, area) = (spec.in_channels / spec.groups, spec.out_channels / spec.groups, spec.taps());
    let (rows, columns) = (0..together * inputs, 0..together * outputs);
    let (rows, columns) = if reversed {
        (rows.map(|k| k * outputs * area).collect(), columns.map(|c| c % outputs * area).collect())
    } else {
        (rows.map(|k| k % inputs * area).collect(), columns.map(|c| c * inputs * area).collect())
    };
    let taps = if reversed { taps.into_iter().map(|tap| area - 1 - tap).collect() } else { taps };
    Order { taps, rows, columns, group: [inputs, outputs] }
}

/// How many narrow groups share a register.
pub(super) fn together(groups: usize, outputs: usize, lanes: usize) -> usize {
    (1..=groups).rev().find(|n| groups.is_multiple_of(*n) && n * outputs <= lanes).unwrap_or(1)
}

struct Task<'a> {
    direct: &'a Direct,
    spec: &'a ConvSpec,
    job: &'a Job,
    /// Where the changed input goes.
    changed: *mut f32,
    /// First pixel, and the one after the last.
    bounds: [usize; 2],
    parts: Range<usize>,
    panels: Range<usize>,
    /// As [`Block::ahead`].
    ahead: bool,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { direct, spec, job, changed, bounds: [first, end], parts, panels, ahead } = self;
        let Some(part) = direct.parts.first() else { return };
        let sizes = Sizes::new(end - first, part.layout.pixels);
        let mut rows = Vec::with_capacity(sizes.pixels * part.layout.taps);
        // SAFETY: `Direct::run`'s caller promised valid tensors; pixels are below the output's, channels within its width.
        unsafe {
            pointers(spec, job, first, sizes, &direct.zeros, &mut rows);
            if let Some(prologue) = job.prologue {
                let area = job.output_shape[1] * job.output_shape[2];
                prologue.apply(simd, &mut rows, 0..spec.in_channels, (changed, spec.in_channels), |pixel| (first + pixel) / area);
            }
            for index in parts {
                let part = &direct.parts[index];
                let channel = index * part.layout.columns;
                let block = Block {
                    sizes,
                    rows: &rows,
                    offset: index * part.layout.depth,
                    out: job.output.at(first * job.output_stride + channel),
                    out_stride: job.output_stride,
                    residual: job.residual_at(first, channel),
                    activation: job.activation,
                    panels: panels.clone(),
                    ahead,
                };
                part.run(simd, &block);
            }
        }
    }
}

/// Where each tap of each pixel of a block reads.
///
/// # Safety
/// `job` must describe valid tensors of the shapes that `spec` asks for, with `first + sizes.pixels` pixels or more.
pub(super) unsafe fn pointers(spec: &ConvSpec, job: &Job, first: usize, sizes: Sizes, zeros: &[f32], rows: &mut Vec<*const f32>) {
    let [_, height, width, _] = job.input_shape;
    let [_, out_height, out_width, _] = job.output_shape;
    let pointwise = spec.taps() == 1 && spec.padding == [[0; 2]; 2];
    if pointwise && spec.stride == [1, 1] {
        // SAFETY: each pixel of the output has one of the input.
        sizes.rows(1, rows, |pixel, _| unsafe { job.input.at((first + pixel) * job.input_stride) });
        return;
    }
    // Row, column and offset of a pixel's first tap. Above or left of the input they wrap around, and are then larger than any
    // height or width.
    let locate = |[image, y, x]: [usize; 3]| {
        let y = (y * spec.stride[0]).wrapping_sub(spec.padding[0][0]);
        let x = (x * spec.stride[1]).wrapping_sub(spec.padding[1][0]);
        (y, x, (image * height).wrapping_add(y).wrapping_mul(width).wrapping_add(x).wrapping_mul(job.input_stride))
    };
    let found: Vec<_> = places(first, [out_height, out_width]).take(sizes.pixels).map(locate).collect();
    // SAFETY: it is only called for pixels of the input: without padding each output pixel of a 1x1 kernel has one, and the
    // other call looks first.
    let at = |offset: usize| unsafe { job.input.at(offset) };
    if pointwise {
        sizes.rows(1, rows, |pixel, _| at(found[pixel].2));
        return;
    }
    let step = |tap: usize| {
        let (down, right) = (tap / spec.kernel[1] * spec.dilation[0], tap % spec.kernel[1] * spec.dilation[1]);
        (down, right, (down * width + right) * job.input_stride)
    };
    let steps: Vec<_> = (0..spec.taps()).map(step).collect();
    sizes.rows(spec.taps(), rows, |pixel, tap| {
        let ((y, x, offset), (down, right, further)) = (found[pixel], steps[tap]);
        if y.wrapping_add(down) < height && x.wrapping_add(right) < width { at(offset.wrapping_add(further)) } else { zeros.as_ptr() }
    });
}
