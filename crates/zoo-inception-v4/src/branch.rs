//! Branches side by side, from data.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, NamedChildren, maps};

/// A step of a branch, as data.
#[derive(Debug, Clone, Copy)]
pub enum StepSpec {
    /// Convolution to so many channels, with windows along height and width.
    Conv(usize, [Window; 2]),
    /// 3x3 average pooling of stride 1 that keeps the size; what lies outside does not count.
    AvgPool,
    /// 3x3 max pooling of stride 2 without padding.
    MaxPool,
}

/// A branch, as data.
#[derive(Debug, Clone, Copy)]
pub enum BranchSpec {
    /// One step, whose parameters have the branch's name before them.
    One(&'static str, StepSpec),
    /// Steps in a row, numbered under the branch's name.
    Row(&'static str, &'static [StepSpec]),
}

/// A step of a branch.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the steps of a model are few
pub enum Step {
    /// Convolution, batch normalisation, ReLU.
    Conv(BasicConv2d),
    /// Average pooling.
    AvgPool(AvgPool2d),
    /// Max pooling.
    MaxPool(MaxPool2d),
}

/// A branch.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Branch {
    /// One step.
    One(Step),
    /// Steps in a row.
    Row(Vec<Step>),
}

/// `height x width` windows that keep the size, to so many channels.
pub(crate) const fn same(channels: usize, height: usize, width: usize) -> StepSpec {
    StepSpec::Conv(channels, [Window::new(height).padding(height / 2), Window::new(width).padding(width / 2)])
}

/// 3x3 windows without padding, of this stride, to so many channels.
pub(crate) const fn valid(channels: usize, stride: usize) -> StepSpec {
    StepSpec::Conv(channels, [Window::new(3).stride(stride); 2])
}

impl StepSpec {
    /// Channels that come of so many.
    pub(crate) const fn channels(self, in_channels: usize) -> usize {
        match self {
            Self::Conv(channels, _) => channels,
            Self::AvgPool | Self::MaxPool => in_channels,
        }
    }
}

impl BranchSpec {
    /// Channels that come of so many.
    pub(crate) fn channels(&self, in_channels: usize) -> usize {
        match self {
            Self::One(_, step) => step.channels(in_channels),
            Self::Row(_, steps) => steps.iter().fold(in_channels, |channels, step| step.channels(channels)),
        }
    }
}

impl Step {
    pub(crate) fn new(spec: StepSpec, in_channels: usize, device: &Device) -> Self {
        match spec {
            StepSpec::Conv(channels, windows) => Self::Conv(BasicConv2d::new(in_channels, channels, windows, true, device)),
            StepSpec::AvgPool => {
                let pool = AvgPool2dConfig::new([3, 3]).with_strides([1, 1]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
                Self::AvgPool(pool.with_count_include_pad(false).init())
            }
            StepSpec::MaxPool => Self::MaxPool(MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init()),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: the same with the step's channels and size
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(conv) => conv.forward(x),
            Self::AvgPool(pool) => maps::avg_pool2d(pool, x),
            Self::MaxPool(pool) => maps::max_pool2d(pool, x),
        }
    }
}

impl Branch {
    fn new(spec: BranchSpec, in_channels: usize, device: &Device) -> (String, Self) {
        match spec {
            BranchSpec::One(name, step) => (name.to_owned(), Self::One(Step::new(step, in_channels, device))),
            BranchSpec::Row(name, steps) => {
                let mut inputs = in_channels;
                let step = |spec: &StepSpec| {
                    let step = Step::new(*spec, inputs, device);
                    inputs = spec.channels(inputs);
                    step
                };
                (name.to_owned(), Self::Row(steps.iter().map(step).collect()))
            }
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::One(step) => step.forward(x),
            Self::Row(steps) => steps.iter().fold(x, |x, step| step.forward(x)),
        }
    }
}

/// The branches by name, for so many input channels.
pub(crate) fn branches(specs: &[BranchSpec], in_channels: usize, device: &Device) -> NamedChildren<Branch> {
    specs.iter().map(|spec| Branch::new(*spec, in_channels, device)).collect()
}

/// What the branches make of the same map, joined along the channels.
pub(crate) fn forward_joined(branches: &[Branch], x: Tensor<4>) -> Tensor<4> {
    maps::cat(branches.iter().zip(maps::fork_for(branches, x)).map(|(branch, x)| branch.forward(x)).collect())
}

/// The same as data, under this type name.
pub(crate) fn describe_joined(branches: &NamedChildren<Branch>, kind: &'static str) -> Node {
    branches.describe().named(kind).with_flow(Flow::Concat((0..branches.len()).map(Flow::Child).collect()))
}

impl Describe for Step {
    fn describe(&self) -> Node {
        match self {
            Self::Conv(conv) => conv.describe().named("ConvNormAct"),
            Self::AvgPool(pool) => pool.describe(),
            Self::MaxPool(pool) => pool.describe(),
        }
    }
}

impl Describe for Branch {
    fn describe(&self) -> Node {
        match self {
            Self::One(step) => step.describe(),
            Self::Row(steps) => steps.describe(),
        }
    }
}
