//! Convolutions in training: the forward run with weights that change at each step, and the gradients to the input and to the
//! weights.
//!
//! With stride 1 the gradient to the input is a convolution of the output's gradient with the kernel turned by half a turn;
//! with larger strides it is one such convolution for each phase of the input's pixels ([`phases`]). The gradient to the
//! weights is a product over pixels ([`weights`]).

mod cost;
mod depthwise;
mod depthwise_phases;
mod phases;
mod rows;
mod stem;
mod weights;

use super::winograd::weight_gradient;
use super::{Algorithm, ConvSpec, PackedConv, Prologue};
use crate::activation::Activation;
use crate::channels::channel_sums;
use crate::error::{KernelError, Result, same};
use crate::isa::Isa;
use crate::scratch::Scratch;
use crate::threads::Threads;
use crate::view::{Shape, View, ViewMut};
use phases::Phases;

pub(super) use rows::Origin;
pub(super) use weights::Job;

/// What a convolution reads.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// A map.
    pub map: View<'a>,
    /// What is done to it on its way in; [`ConvTraining::takes_prologue`] tells where that can be.
    pub prologue: Option<&'a Prologue<'a>>,
}

impl<'a> From<View<'a>> for Input<'a> {
    fn from(map: View<'a>) -> Self {
        Self { map, prologue: None }
    }
}

/// A convolution in training, for one shape of the input.
///
/// Results do not depend on the number of threads.
#[derive(Clone, Debug)]
pub struct ConvTraining {
    spec: ConvSpec,
    isa: Isa,
    input: Shape,
    output: Shape,
    forward: Algorithm,
    /// The convolution that is the gradient to the input, where there is one.
    backward: Option<(ConvSpec, Algorithm)>,
    weight: Algorithm,
}

impl ConvTraining {
    /// Chooses how to compute.
    ///
    /// # Errors
    /// Settings that make no sense, or an input that does not fit them.
    pub fn new(spec: &ConvSpec, input: Shape, isa: Isa) -> Result<Self> {
        spec.check_settings()?;
        let output = spec.output_shape(input)?;
        let forward = cost::forward(spec, input, isa, true)?;
        let turned = turned(spec);
        let backward = turned.map(|spec| cost::forward(&spec, output, isa, false).map(|algorithm| (spec, algorithm))).transpose()?;
        let weight = cost::weight_gradient(spec, input, isa)?;
        Ok(Self { spec: *spec, isa, input, output, forward, backward, weight })
    }

    /// How forward run, gradient to the input (nothing for its phases one by one) and gradient to the weights are computed.
    pub fn algorithms(&self) -> (Algorithm, Option<Algorithm>, Algorithm) {
        (self.forward, self.backward.map(|(_, algorithm)| algorithm), self.weight)
    }

    /// With these algorithms, where they can compute it, to find out which is the fastest.
    #[must_use]
    pub fn with(mut self, forward: Algorithm, backward: Algorithm, weight: Algorithm) -> Self {
        if forward.refuses(&self.spec).is_none() {
            self.forward = forward;
        }
        if let Some((spec, chosen)) = &mut self.backward
            && backward.refuses(spec).is_none()
            && backward != Algorithm::Stem
        {
            *chosen = backward;
        }
        if weight.refuses(&self.spec).is_none() {
            self.weight = weight;
        }
        self
    }

    /// Whether forward run and gradient to the weights can change the input on its way in, so that what a normalisation and an
    /// activation give is never written.
    pub fn takes_prologue(&self) -> bool {
        self.forward == Algorithm::Pointwise && matches!(self.weight, Algorithm::Pointwise | Algorithm::Direct)
    }

    /// What it computes.
    pub const fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// `[batch, height, width, channels]` of the input.
    pub const fn input_shape(&self) -> Shape {
        self.input
    }

    /// `[batch, height, width, channels]` of the output.
    pub const fn output_shape(&self) -> Shape {
        self.output
    }

    /// `output = activation(convolution(input) + bias + residual)`, with weights `[out_channels, in_channels / groups, height, width]`.
    ///
    /// # Errors
    /// Shapes or lengths that do not fit, or a prologue that cannot be.
    #[allow(clippy::too_many_arguments)]
    pub fn forward<'a>(
        &self,
        input: impl Into<Input<'a>>,
        weight: &[f32],
        bias: Option<&[f32]>,
        residual: Option<View<'_>>,
        activation: Activation,
        output: ViewMut<'_>,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        self.spec.check(weight, bias)?;
        let input = self.check(input.into())?;
        let packed = PackedConv::pack_in(&self.spec, (weight, false), bias, (self.forward, self.isa), scratch, threads);
        let result = run(&packed, input, residual, activation, output, scratch, threads);
        packed.give(scratch);
        result
    }

    /// The gradient to the input, of the input's shape, from the gradient to the output, of the output's.
    ///
    /// # Errors
    /// Shapes or lengths that do not fit.
    pub fn input_gradient(
        &self,
        gradient: View<'_>,
        weight: &[f32],
        into: ViewMut<'_>,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        self.spec.check(weight, None)?;
        same("the output's gradient", &self.output, &gradient.shape())?;
        same("the input's gradient", &self.input, &into.shape())?;
        if self.input.contains(&0) {
            return Ok(());
        }
        let Some((spec, algorithm)) = self.backward else {
            if self.spec.is_depthwise() {
                depthwise_phases::run(&self.spec, gradient, weight, into, self.isa, scratch, threads);
                return Ok(());
            }
            return Phases::new(&self.spec, self.input, self.output).run(gradient, weight, into, self.isa, scratch, threads);
        };
        let packed = PackedConv::pack_in(&spec, (weight, true), None, (algorithm, self.isa), scratch, threads);
        let result = run(&packed, gradient.into(), None, Activation::Identity, into, scratch, threads);
        packed.give(scratch);
        result
    }

    /// The gradients to the weights, in PyTorch's order, and to the bias where asked for.
    ///
    /// # Errors
    /// As [`ConvTraining::forward`].
    pub fn weight_gradient<'a>(
        &self,
        input: impl Into<Input<'a>>,
        gradient: View<'_>,
        weight: &mut [f32],
        bias: Option<&mut [f32]>,
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Result<()> {
        self.spec.check(weight, bias.as_deref())?;
        let Input { map, prologue } = self.check(input.into())?;
        let prologue = prologue.map(|prologue| prologue.check(map.shape())).transpose()?;
        same("the output's gradient", &self.output, &gradient.shape())?;
        if let Some(bias) = bias {
            channel_sums(gradient, bias, self.isa, scratch, threads);
        }
        if self.output.contains(&0) {
            weight.fill(0.0);
            return Ok(());
        }
        let job = weights::Job::new(&self.spec, &map, prologue, &gradient);
        // SAFETY: the shapes were checked above, against views whose lengths were checked when they were made.
        unsafe {
            match self.weight {
                Algorithm::Depthwise => depthwise::run(&job, weight, self.isa, scratch, threads),
                Algorithm::Stem => stem::run(&job, weight, self.isa, scratch, threads),
                Algorithm::Winograd2 => weight_gradient(&job, weight, 2, self.isa, scratch, threads),
                Algorithm::Winograd4 => weight_gradient(&job, weight, 4, self.isa, scratch, threads),
                Algorithm::Direct | Algorithm::Pointwise | Algorithm::Grouped | Algorithm::Winograd5 => {
                    weights::run(&job, weight, self.isa, scratch, threads)
                }
            }
        }
        Ok(())
    }

    fn check<'a>(&self, input: Input<'a>) -> Result<Input<'a>> {
        same("the input", &self.input, &input.map.shape())?;
        if input.prologue.is_some() && !self.takes_prologue() {
            return Err(KernelError::Algorithm { algorithm: self.forward.name(), why: "it has a prologue" });
        }
        Ok(input)
    }
}

/// The convolution that is the gradient to the input; none with larger strides, or with more padding than the kernel reaches.
fn turned(spec: &ConvSpec) -> Option<ConvSpec> {
    let mut turned = *spec;
    (turned.in_channels, turned.out_channels) = (spec.out_channels, spec.in_channels);
    for axis in 0..2 {
        let reach = spec.dilation[axis] * (spec.kernel[axis] - 1);
        let [before, after] = spec.padding[axis];
        turned.padding[axis] = [reach.checked_sub(before)?, reach.checked_sub(after)?];
    }
    (spec.stride == [1, 1]).then_some(turned)
}

/// Runs with a workspace of `scratch`.
fn run(
    packed: &PackedConv,
    Input { map, prologue }: Input<'_>,
    residual: Option<View<'_>>,
    activation: Activation,
    output: ViewMut<'_>,
    scratch: &mut Scratch,
    threads: &Threads,
) -> Result<()> {
    let len = if prologue.is_some() { packed.prologue_workspace_len(threads) } else { packed.workspace_len(map.shape(), threads)? };
    let mut workspace = scratch.take(len);
    let result = match prologue {
        Some(prologue) => packed.run_after(prologue, map, residual, activation, output, &mut workspace, threads),
        None => packed.run(map, residual, activation, output, &mut workspace, threads),
    };
    scratch.give(workspace);
    result
}
