//! Convolutions: packed once, run many times.

mod chain;
mod cost;
mod depthwise;
mod direct;
mod places;
mod prologue;
mod spec;
mod stem;
mod training;
mod winograd;

use depthwise::Depthwise;
use direct::Direct;
use prologue::Affine;
use stem::Stem;
use winograd::Winograd;

pub use chain::Chain;
pub use cost::{candidates, modelled_cycles};
pub use prologue::Prologue;
pub use spec::ConvSpec;
pub use training::{ConvTraining, Input};

use crate::activation::Activation;
use crate::error::{KernelError, Result, need, same};
use crate::gemm::Residual;
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;
use crate::view::{Shape, View, ViewMut};

/// Training cuts its work for so many threads, however many there are.
const CUT_FOR: usize = 8;

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Rows of the input found through pointers, times packed weights. Any convolution without groups.
    Direct,
    /// The same for 1x1 kernels without padding.
    Pointwise,
    /// The same for few input channels: the input is padded once, and a row of the kernel is one long tap.
    Stem,
    /// The same for each group; groups narrower than a register are computed together, with zeros between them.
    Grouped,
    /// One channel at a time, many side by side.
    Depthwise,
    /// Winograd's F(2x2, 3x3): 2.25 times fewer products, and no less exact than [`Algorithm::Direct`].
    Winograd2,
    /// Winograd's F(4x4, 3x3): 4 times fewer products, with about twice the rounding error of [`Algorithm::Direct`].
    Winograd4,
    /// Winograd's F(2x2, 5x5): 2.8 times fewer products, with the tiles of [`Algorithm::Winograd4`] and about its rounding error.
    Winograd5,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Direct, Self::Pointwise, Self::Stem, Self::Grouped, Self::Depthwise, Self::Winograd2, Self::Winograd4, Self::Winograd5];

    /// Its name, as in a profile.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Pointwise => "pointwise",
            Self::Stem => "stem",
            Self::Grouped => "grouped",
            Self::Depthwise => "depthwise",
            Self::Winograd2 => "winograd2",
            Self::Winograd4 => "winograd4",
            Self::Winograd5 => "winograd5",
        }
    }

    /// Whether it can compute this convolution, or why not.
    pub(crate) fn refuses(self, spec: &ConvSpec) -> Option<&'static str> {
        let plain = |kernel: usize| spec.groups == 1 && spec.kernel == [kernel; 2] && spec.stride == [1, 1] && spec.dilation == [1, 1];
        match self {
            Self::Direct if spec.groups > 1 => Some("it has groups"),
            Self::Pointwise if !spec.is_pointwise() => Some("it is not 1x1 without padding and groups"),
            Self::Stem if spec.groups > 1 || spec.dilation[1] != 1 => Some("it has groups or dilation"),
            Self::Depthwise if !spec.is_depthwise() => Some("it has not one group for each channel"),
            Self::Winograd2 | Self::Winograd4 if !plain(3) => Some("it is not 3x3 of stride 1 without groups and dilation"),
            Self::Winograd5 if !plain(5) => Some("it is not 5x5 of stride 1 without groups and dilation"),
            _ => None,
        }
    }
}

/// A convolution whose weights lie in the order of its algorithm.
#[derive(Clone)]
pub struct PackedConv {
    spec: ConvSpec,
    algorithm: Algorithm,
    isa: Isa,
    /// The number of threads that the work is cut for; nothing for as many as there are.
    cut_for: Option<usize>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Direct(Direct),
    Stem(Stem),
    Depthwise(Depthwise),
    Winograd(Winograd),
}

impl Kind {
    /// As [`PackedConv::pack_in`].
    fn pack(
        spec: &ConvSpec,
        (weight, reversed): (&[f32], bool),
        bias: Option<&[f32]>,
        (algorithm, isa): (Algorithm, Isa),
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Self {
        let winograd = |scratch, outputs| Winograd::pack_in(spec, (weight, reversed), bias, isa, outputs, scratch, threads);
        match algorithm {
            Algorithm::Stem => Self::Stem(Stem::pack(spec, weight, bias, isa)),
            Algorithm::Depthwise => Self::Depthwise(Depthwise::pack(spec, (weight, reversed), bias, isa)),
            Algorithm::Winograd2 | Algorithm::Winograd5 => Self::Winograd(winograd(scratch, 2)),
            Algorithm::Winograd4 => Self::Winograd(winograd(scratch, 4)),
            _ => Self::Direct(Direct::pack_in(spec, (weight, reversed), bias, isa, scratch, threads)),
        }
    }
}

/// The tensors of one run, checked, as addresses.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub input: Shared,
    pub input_shape: Shape,
    pub input_stride: usize,
    pub prologue: Option<Affine>,
    pub residual: Option<(Shared, usize)>,
    pub activation: Activation,
    pub output: SharedMut,
    pub output_shape: Shape,
    pub output_stride: usize,
    /// The number of threads that the work is cut for.
    pub cut_for: usize,
}

impl Job {
    /// The residual of a pixel.
    ///
    /// # Safety
    /// There must be such a pixel, and such a channel.
    #[inline(always)]
    pub(crate) unsafe fn residual_at(&self, pixel: usize, channel: usize) -> Option<Residual> {
        // SAFETY: the residual has the output's shape.
        self.residual.map(|(data, stride)| Residual { data: unsafe { data.at(pixel * stride + channel) }, stride })
    }
}

impl PackedConv {
    /// Packs weights `[out_channels, in_channels / groups, height, width]` and a bias for an algorithm.
    ///
    /// # Errors
    /// Settings or lengths that do not fit, or an algorithm that cannot compute this convolution.
    pub fn pack(spec: &ConvSpec, weight: &[f32], bias: Option<&[f32]>, algorithm: Algorithm, isa: Isa) -> Result<Self> {
        Self::pack_on(spec, weight, bias, algorithm, isa, &Threads::new(1))
    }

    /// As [`PackedConv::pack`], on all threads.
    ///
    /// # Errors
    /// As there.
    pub fn pack_on(
        spec: &ConvSpec,
        weight: &[f32],
        bias: Option<&[f32]>,
        algorithm: Algorithm,
        isa: Isa,
        threads: &Threads,
    ) -> Result<Self> {
        Self::check(spec, weight, bias, algorithm)?;
        let kind = Kind::pack(spec, (weight, false), bias, (algorithm, isa), &mut Scratch::default(), threads);
        Ok(Self { spec: *spec, algorithm, isa, cut_for: None, kind })
    }

    fn check(spec: &ConvSpec, weight: &[f32], bias: Option<&[f32]>, algorithm: Algorithm) -> Result<()> {
        spec.check(weight, bias)?;
        match algorithm.refuses(spec) {
            Some(why) => Err(KernelError::Algorithm { algorithm: algorithm.name(), why }),
            None => Ok(()),
        }
    }

    /// As [`PackedConv::pack_on`], in buffers of `scratch`. `spec` and algorithm must fit; with `reversed` the weights are those of the
    /// convolution whose gradient to the input this is: its channels the other way round, its kernel turned by half a turn.
    fn pack_in(
        spec: &ConvSpec,
        weight: (&[f32], bool),
        bias: Option<&[f32]>,
        (algorithm, isa): (Algorithm, Isa),
        scratch: &mut Scratch,
        threads: &Threads,
    ) -> Self {
        let kind = Kind::pack(spec, weight, bias, (algorithm, isa), scratch, threads);
        // Tiles of other sizes round differently, and a training run must not depend on the number of threads.
        Self { spec: *spec, algorithm, isa, cut_for: Some(CUT_FOR), kind }
    }

    /// Gives the buffers back.
    fn give(self, scratch: &mut Scratch) {
        match self.kind {
            Kind::Direct(direct) => direct.give(scratch),
            Kind::Winograd(winograd) => winograd.give(scratch),
            Kind::Stem(_) | Kind::Depthwise(_) => {}
        }
    }

    /// Packs weights that lie `[in_channels, out_channels]`, as Burn has those of linear layers, for [`Algorithm::Pointwise`], on all
    /// threads.
    ///
    /// # Errors
    /// As [`PackedConv::pack`].
    pub fn pack_by_input(spec: &ConvSpec, weight: &[f32], bias: Option<&[f32]>, isa: Isa, threads: &Threads) -> Result<Self> {
        let algorithm = Algorithm::Pointwise;
        Self::check(spec, weight, bias, algorithm)?;
        let kind = Kind::Direct(Direct::pack_by_input(spec, weight, bias, isa, threads));
        Ok(Self { spec: *spec, algorithm, isa, cut_for: None, kind })
    }

    /// What it computes.
    pub const fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// How it computes.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The instruction set that it is packed for.
    pub const fn isa(&self) -> Isa {
        self.isa
    }

    /// Bytes that the packed weights take.
    pub fn weight_bytes(&self) -> usize {
        match &self.kind {
            Kind::Direct(direct) => direct.bytes(),
            Kind::Stem(stem) => stem.bytes(),
            Kind::Depthwise(depthwise) => depthwise.bytes(),
            Kind::Winograd(winograd) => winograd.bytes(),
        }
    }

    /// Floats of workspace that [`PackedConv::run`] needs for this input.
    ///
    /// # Errors
    /// As [`ConvSpec::output_shape`].
    pub fn workspace_len(&self, input: Shape, threads: &Threads) -> Result<usize> {
        let output = self.spec.output_shape(input)?;
        Ok(match &self.kind {
            Kind::Direct(_) | Kind::Depthwise(_) => 0,
            Kind::Stem(stem) => stem.workspace_len(output, self.cut_for.unwrap_or(threads.count()), threads.count()),
            Kind::Winograd(winograd) => winograd.workspace_len(output, self.cut_for.unwrap_or(threads.count()), threads.count()),
        })
    }

    /// Floats of workspace that [`PackedConv::run_after`] needs.
    pub fn prologue_workspace_len(&self, threads: &Threads) -> usize {
        match &self.kind {
            Kind::Direct(direct) => direct.prologue_len(&self.spec) * threads.count(),
            _ => 0,
        }
    }

    /// `output = activation(convolution(input) + bias + residual)`.
    ///
    /// # Errors
    /// Shapes that do not fit, or a short workspace.
    pub fn run(
        &self,
        input: View<'_>,
        residual: Option<View<'_>>,
        activation: Activation,
        output: ViewMut<'_>,
        workspace: &mut [f32],
        threads: &Threads,
    ) -> Result<()> {
        need("the workspace", self.workspace_len(input.shape(), threads)?, workspace.len())?;
        self.dispatch(None, input, residual, activation, output, workspace, threads)
    }

    /// As [`PackedConv::run`], on an input that `prologue` changes on its way in; [`Algorithm::Pointwise`] alone can.
    ///
    /// # Errors
    /// Another algorithm, shapes that do not fit, or a workspace shorter than [`PackedConv::prologue_workspace_len`].
    #[allow(clippy::too_many_arguments)]
    pub fn run_after(
        &self,
        prologue: &Prologue<'_>,
        input: View<'_>,
        residual: Option<View<'_>>,
        activation: Activation,
        output: ViewMut<'_>,
        workspace: &mut [f32],
        threads: &Threads,
    ) -> Result<()> {
        if self.algorithm != Algorithm::Pointwise {
            return Err(KernelError::Algorithm { algorithm: self.algorithm.name(), why: "it has a prologue" });
        }
        need("the workspace", self.prologue_workspace_len(threads), workspace.len())?;
        let prologue = prologue.check(input.shape())?;
        self.dispatch(Some(prologue), input, residual, activation, output, workspace, threads)
    }

    /// Runs with a workspace that is long enough.
    #[allow(clippy::too_many_arguments)]
    fn dispatch(
        &self,
        prologue: Option<Affine>,
        input: View<'_>,
        residual: Option<View<'_>>,
        activation: Activation,
        mut output: ViewMut<'_>,
        workspace: &mut [f32],
        threads: &Threads,
    ) -> Result<()> {
        let output_shape = self.spec.output_shape(input.shape())?;
        same("the output", &output_shape, &output.shape())?;
        if let Some(residual) = residual {
            same("the residual", &output_shape, &residual.shape())?;
        }
        if output_shape.contains(&0) {
            return Ok(());
        }
        let job = Job {
            input: Shared::new(input.data()),
            input_shape: input.shape(),
            input_stride: input.pixel_stride(),
            prologue,
            residual: residual.map(|r| (Shared::new(r.data()), r.pixel_stride())),
            activation,
            output_shape,
            output_stride: output.pixel_stride(),
            output: SharedMut::new(output.data()),
            cut_for: self.cut_for.unwrap_or(threads.count()),
        };
        // SAFETY: the shapes were checked above against the views, whose lengths were checked when they were made; the
        // callers checked the workspace and the prologue.
        unsafe {
            match &self.kind {
                Kind::Direct(direct) => direct.run(&self.spec, &job, self.isa, workspace, threads),
                Kind::Stem(stem) => stem.run(&self.spec, &job, self.isa, workspace, threads),
                Kind::Depthwise(depthwise) => depthwise.run(&self.spec, &job, self.isa, threads),
                Kind::Winograd(winograd) => winograd.run(&self.spec, &job, self.isa, workspace, threads),
            }
        }
        Ok(())
    }
}
