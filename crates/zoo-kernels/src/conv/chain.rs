//! A depthwise convolution and the pointwise ones around it, some rows at a time: an inverted residual block without a map of its
//! expanded channels.
//!
//! The expanded map is several times as large as what goes in and comes out, and does not fit into a core's cache where a few of its
//! rows do. Each thread makes the rows that the next rows of the output see, keeps those that the rows after them see as well, and
//! is done with them before they leave the cache.

use std::ops::Range;

use super::{Algorithm, ConvSpec, Job, Kind, PackedConv};
use crate::activation::Activation;
use crate::error::{Result, need, same, setting};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::threads::Threads;
use crate::view::{Shape, View, ViewMut};

/// Floats of the rows that a thread keeps: together with weights and the rows that go in and out they fit into 512 KiB. Miri's maps
/// are small, and must be cut as well.
const ROWS: usize = if cfg!(miri) { 64 } else { 80 << 10 };
/// Tasks for each thread. Neighbouring tasks make the same rows twice, where they meet.
const TASKS: usize = 2;

/// A convolution and what is applied to its result.
type Stage<'a> = (&'a PackedConv, Activation);

/// Convolutions that are run as one.
#[derive(Clone, Copy)]
pub struct Chain<'a> {
    expand: Option<Stage<'a>>,
    depthwise: Stage<'a>,
    project: Option<Stage<'a>>,
}

/// The shapes of a run, and how many rows of the output are made at a time.
struct Sizes {
    /// Of the input, of what the depthwise convolution sees, of what it makes, and of the output.
    input: Shape,
    expanded: Shape,
    filtered: Shape,
    output: Shape,
    rows: usize,
    /// Floats of the rows that a thread keeps before and after the depthwise convolution.
    lens: [usize; 2],
}

impl<'a> Chain<'a> {
    /// A chain of two or three: pointwise and depthwise, depthwise and pointwise, or depthwise between two pointwise ones. The pointwise ones
    /// have stride 1, the depthwise one has no dilation, and each has the channels that the one before makes.
    ///
    /// # Errors
    /// Other convolutions.
    pub fn new(stages: &[Stage<'a>]) -> Result<Self> {
        let is = |algorithm: Algorithm| move |stage: &Stage<'a>| stage.0.algorithm == algorithm;
        let [pointwise, depthwise] = [Algorithm::Pointwise, Algorithm::Depthwise];
        let chain = match *stages {
            [a, b] if is(pointwise)(&a) && is(depthwise)(&b) => Self { expand: Some(a), depthwise: b, project: None },
            [a, b] if is(depthwise)(&a) && is(pointwise)(&b) => Self { expand: None, depthwise: a, project: Some(b) },
            [a, b, c] if is(pointwise)(&a) && is(depthwise)(&b) && is(pointwise)(&c) => {
                Self { expand: Some(a), depthwise: b, project: Some(c) }
            }
            _ => return setting("chain", "it must be a depthwise convolution with a pointwise one before or after it, or both"),
        };
        let specs: Vec<&ConvSpec> = stages.iter().map(|stage| stage.0.spec()).collect();
        if specs.iter().any(|spec| spec.is_pointwise() && spec.stride != [1, 1] || spec.dilation != [1, 1]) {
            return setting("chain", "its pointwise convolutions must have stride 1, and the depthwise one no dilation");
        }
        for pair in specs.windows(2) {
            same("the channels", &[pair[0].out_channels], &[pair[1].in_channels])?;
        }
        Ok(chain)
    }

    /// The shape of the output.
    ///
    /// # Errors
    /// As [`ConvSpec::output_shape`].
    pub fn output_shape(&self, input: Shape) -> Result<Shape> {
        Ok(self.sizes(input)?.output)
    }

    /// Floats of workspace that [`Chain::run`] needs for this input.
    ///
    /// # Errors
    /// As [`ConvSpec::output_shape`].
    pub fn workspace_len(&self, input: Shape, threads: &Threads) -> Result<usize> {
        Ok(self.sizes(input)?.lens.iter().sum::<usize>() * threads.count())
    }

    fn sizes(&self, input: Shape) -> Result<Sizes> {
        let after = |stage: Option<Stage<'_>>, shape: Shape| stage.map_or(Ok(shape), |(conv, _)| conv.spec.output_shape(shape));
        let expanded = after(self.expand, input)?;
        let filtered = after(Some(self.depthwise), expanded)?;
        let output = after(self.project, filtered)?;
        let (stride, kernel) = (self.depthwise.0.spec.stride[0], self.depthwise.0.spec.kernel[0]);
        let row = |shape: Shape, kept: bool| if kept { shape[2] * shape[3] } else { 0 };
        let [wide, narrow] = [row(expanded, self.expand.is_some()), row(filtered, self.project.is_some())];
        let fit = ROWS.saturating_sub(kernel.saturating_sub(stride) * wide) / (stride * wide + narrow).max(1);
        let rows = fit.clamp(1, filtered[1].max(1));
        let seen = ((rows - 1) * stride + kernel).min(expanded[1]);
        let lens = [seen * wide, rows * narrow].map(|len| len.next_multiple_of(16));
        Ok(Sizes { input, expanded, filtered, output, rows, lens })
    }

    /// `output = project(depthwise(expand(input))) + residual`, each with its bias and its activation; the residual is added before the last
    /// activation.
    ///
    /// # Errors
    /// Shapes that do not fit, or a short workspace.
    pub fn run(
        &self,
        input: View<'_>,
        residual: Option<View<'_>>,
        mut output: ViewMut<'_>,
        workspace: &mut [f32],
        threads: &Threads,
    ) -> Result<()> {
        let sizes = self.sizes(input.shape())?;
        same("the output", &sizes.output, &output.shape())?;
        if let Some(residual) = residual {
            same("the residual", &sizes.output, &residual.shape())?;
        }
        let each = sizes.lens.iter().sum::<usize>();
        need("the workspace", each * threads.count(), workspace.len())?;
        if sizes.output.contains(&0) {
            return Ok(());
        }
        let run = Run {
            chain: self,
            isa: self.depthwise.0.isa,
            input: (Shared::new(input.data()), input.pixel_stride()),
            residual: residual.map(|r| (Shared::new(r.data()), r.pixel_stride())),
            output_stride: output.pixel_stride(),
            output: SharedMut::new(output.data()),
            sizes: &sizes,
        };
        let workspace = SharedMut::new(workspace);
        let [batch, height, ..] = sizes.output;
        let strips = if threads.count() == 1 { 1 } else { (TASKS * threads.count()).div_ceil(batch).min(height) };
        threads.run(batch * strips, |task, worker| {
            let (image, strip) = (task / strips, task % strips);
            let rows = height * strip / strips..height * (strip + 1) / strips;
            // SAFETY: shapes and the workspace were checked above; tasks have rows of the output of their own, and workers a part of
            // the workspace.
            unsafe { run.strip(image, rows, [workspace.at(worker * each), workspace.at(worker * each + sizes.lens[0])]) };
        });
        Ok(())
    }
}

/// The tensors of a run, checked, as addresses with the floats from a pixel to the next.
struct Run<'a> {
    chain: &'a Chain<'a>,
    isa: Isa,
    input: (Shared, usize),
    residual: Option<(Shared, usize)>,
    output: SharedMut,
    output_stride: usize,
    sizes: &'a Sizes,
}

impl Run<'_> {
    /// Rows of a picture's output.
    ///
    /// # Safety
    /// There must be these rows, which nobody else may write; the buffers must have the lengths that the sizes say.
    unsafe fn strip(&self, image: usize, rows: Range<usize>, [expanded, filtered]: [*mut f32; 2]) {
        let Sizes { input, expanded: wide, filtered: narrow, output, rows: step, .. } = *self.sizes;
        let spec = &self.chain.depthwise.0.spec;
        let (stride, kernel, padding) = (spec.stride[0], spec.kernel[0], spec.padding[0][0]);
        let (from, from_stride) = self.input;
        let mut held = 0..0;
        for first in rows.clone().step_by(step) {
            let last = (first + step).min(rows.end);
            // The rows that these see, within the map.
            let end = ((last - 1) * stride + kernel).saturating_sub(padding).min(wide[1]);
            let begin = (first * stride).saturating_sub(padding).min(end);
            // SAFETY: all rows are within their tensors or buffers.
            unsafe {
                let (source, source_stride) = match self.chain.expand {
                    Some(stage) => {
                        let row = wide[2] * wide[3];
                        let kept = begin..held.end.max(begin);
                        if begin > held.start && !kept.is_empty() {
                            std::ptr::copy(expanded.add((begin - held.start) * row), expanded, kept.len() * row);
                        }
                        let new = end.saturating_sub(kept.end);
                        let shape = |of: Shape| [1, new, of[2], of[3]];
                        if new > 0 {
                            let at = Shared::new(from.at((image * input[1] + kept.end) * input[2] * from_stride));
                            let to = (expanded.add(kept.len() * row), wide[3], shape(wide));
                            self.stage(stage, (at, from_stride, shape(input)), to, None);
                        }
                        held = begin..kept.end + new;
                        (Shared::new(expanded.cast_const()), wide[3])
                    }
                    // Below the map there is nothing to point at, and nothing is read.
                    None => {
                        let row = begin.min(input[1].saturating_sub(1));
                        (Shared::new(from.at((image * input[1] + row) * input[2] * from_stride)), from_stride)
                    }
                };
                let shape = |of: Shape| [1, last - first, of[2], of[3]];
                let pixel = (image * output[1] + first) * output[2];
                let out = (self.output.at(pixel * self.output_stride), self.output_stride, shape(output));
                let residual = self.residual.map(|(data, stride)| (Shared::new(data.at(pixel * stride)), stride));
                let source = (source, source_stride, [1, end - begin, wide[2], wide[3]]);
                let above = begin + padding - first * stride;
                match self.chain.project {
                    Some(stage) => {
                        self.depthwise(above, source, (filtered, narrow[3], shape(narrow)), None);
                        self.stage(stage, (Shared::new(filtered.cast_const()), narrow[3], shape(narrow)), out, residual);
                    }
                    None => self.depthwise(above, source, out, residual),
                }
            }
        }
    }

    /// The depthwise convolution of rows above which there are so many of zeros.
    ///
    /// # Safety
    /// As [`Run::stage`].
    unsafe fn depthwise(
        &self,
        above: usize,
        from: (Shared, usize, Shape),
        to: (*mut f32, usize, Shape),
        residual: Option<(Shared, usize)>,
    ) {
        let (conv, activation) = self.chain.depthwise;
        if let Kind::Depthwise(depthwise) = &conv.kind {
            let spec = ConvSpec { padding: [[above, 0], conv.spec.padding[1]], ..conv.spec };
            // SAFETY: the caller's promise. What is below the rows is zero to the kernel as well.
            unsafe { depthwise.run_here(&spec, &job(from, to, residual, activation), self.isa) };
        }
    }

    /// A pointwise convolution of some rows.
    ///
    /// # Safety
    /// Both must be tensors of these shapes and strides, and the residual have the shape of the output; nobody else may use the output.
    unsafe fn stage(
        &self,
        (conv, activation): Stage<'_>,
        from: (Shared, usize, Shape),
        to: (*mut f32, usize, Shape),
        residual: Option<(Shared, usize)>,
    ) {
        if let Kind::Direct(direct) = &conv.kind {
            // SAFETY: the caller's promise.
            unsafe { direct.run_here(&conv.spec, &job(from, to, residual, activation), self.isa) };
        }
    }
}

fn job(
    (input, input_stride, input_shape): (Shared, usize, Shape),
    (output, output_stride, output_shape): (*mut f32, usize, Shape),
    residual: Option<(Shared, usize)>,
    activation: Activation,
) -> Job {
    Job {
        input,
        input_shape,
        input_stride,
        prologue: None,
        residual,
        activation,
        output: SharedMut::new(output),
        output_shape,
        output_stride,
        cut_for: 1,
    }
}
