//! The modules of the body.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, NamedChildren, maps};

use crate::branch::StepSpec::AvgPool;
use crate::branch::{Branch, Step, branches, describe_joined, forward_joined, same};
use crate::config::ModuleSpec;

/// A module of the body.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a model has 22
pub enum Mixed {
    /// One step: the stem's convolutions.
    One(Step),
    /// Branches side by side.
    Joined(NamedChildren<Branch>),
    /// The module whose branches fork.
    InceptionC(InceptionC),
}

/// 1x1; 1x3 and 3x1 side by side; the same after 3x1 and 1x3; average pooling, on 8x8 pixels (Szegedy et al. 2016, figure 6).
#[derive(Module, Debug)]
pub struct InceptionC {
    branch0: BasicConv2d,
    branch1_0: BasicConv2d,
    branch1_1a: BasicConv2d,
    branch1_1b: BasicConv2d,
    branch2_0: BasicConv2d,
    branch2_1: BasicConv2d,
    branch2_2: BasicConv2d,
    branch2_3a: BasicConv2d,
    branch2_3b: BasicConv2d,
    branch3: Vec<Step>,
}

impl InceptionC {
    /// Channels of the output.
    pub const CHANNELS: usize = 6 * 256;

    /// For so many input channels.
    pub fn new(in_channels: usize, device: &Device) -> Self {
        let conv = |inputs, outputs, [height, width]: [usize; 2]| {
            let windows = [height, width].map(|size| Window::new(size).padding(size / 2));
            BasicConv2d::new(inputs, outputs, windows, true, device)
        };
        Self {
            branch0: conv(in_channels, 256, [1, 1]),
            branch1_0: conv(in_channels, 384, [1, 1]),
            branch1_1a: conv(384, 256, [1, 3]),
            branch1_1b: conv(384, 256, [3, 1]),
            branch2_0: conv(in_channels, 384, [1, 1]),
            branch2_1: conv(384, 448, [3, 1]),
            branch2_2: conv(448, 512, [1, 3]),
            branch2_3a: conv(512, 256, [1, 3]),
            branch2_3b: conv(512, 256, [3, 1]),
            branch3: [AvgPool, same(256, 1, 1)].map(|step| Step::new(step, in_channels, device)).into(),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, 1536, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [first, second, third, fourth] = maps::fork(x);
        let [fork_a, fork_b] = maps::fork(self.branch1_0.forward(second));
        let [deep_a, deep_b] = maps::fork(self.branch2_2.forward(self.branch2_1.forward(self.branch2_0.forward(third))));
        maps::cat(vec![
            self.branch0.forward(first),
            self.branch1_1a.forward(fork_a),
            self.branch1_1b.forward(fork_b),
            self.branch2_3a.forward(deep_a),
            self.branch2_3b.forward(deep_b),
            self.branch3.iter().fold(fourth, |x, step| step.forward(x)),
        ])
    }
}

impl Mixed {
    /// The module for so many input channels, and the channels of its output.
    pub(crate) fn new(spec: &ModuleSpec, in_channels: usize, device: &Device) -> (Self, usize) {
        match spec {
            ModuleSpec::One(step) => (Self::One(Step::new(*step, in_channels, device)), step.channels(in_channels)),
            ModuleSpec::Joined(_, specs) => {
                let channels = specs.iter().map(|spec| spec.channels(in_channels)).sum();
                (Self::Joined(branches(specs, in_channels, device)), channels)
            }
            ModuleSpec::InceptionC => (Self::InceptionC(InceptionC::new(in_channels, device)), InceptionC::CHANNELS),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: the same with the module's channels and size
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::One(step) => step.forward(x),
            Self::Joined(branches) => forward_joined(branches, x),
            Self::InceptionC(module) => module.forward(x),
        }
    }
}

impl Describe for Mixed {
    fn describe(&self) -> Node {
        match self {
            Self::One(step) => step.describe(),
            Self::Joined(branches) => describe_joined(branches, "Mixed"),
            Self::InceptionC(module) => module.describe(),
        }
    }
}

impl Describe for InceptionC {
    fn describe(&self) -> Node {
        let conv = |conv: &BasicConv2d| conv.describe().named("ConvNormAct");
        let children = [
            ("branch0", conv(&self.branch0)),
            ("branch1_0", conv(&self.branch1_0)),
            ("branch1_1a", conv(&self.branch1_1a)),
            ("branch1_1b", conv(&self.branch1_1b)),
            ("branch2_0", conv(&self.branch2_0)),
            ("branch2_1", conv(&self.branch2_1)),
            ("branch2_2", conv(&self.branch2_2)),
            ("branch2_3a", conv(&self.branch2_3a)),
            ("branch2_3b", conv(&self.branch2_3b)),
            ("branch3", self.branch3.describe()),
        ];
        let fork = |steps: &[usize], [left, right]: [usize; 2]| {
            let sides = Flow::Concat(vec![Flow::Child(left), Flow::Child(right)]);
            Flow::Chain(steps.iter().map(|step| Flow::Child(*step)).chain([sides]).collect())
        };
        Node::tree("InceptionC", children).with_flow(Flow::Concat(vec![
            Flow::Child(0),
            fork(&[1], [2, 3]),
            fork(&[4, 5, 6], [7, 8]),
            Flow::Child(9),
        ]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::VARIANTS;

    /// Each kind at a map that is not square: rectangular windows must not be turned.
    #[test]
    fn shapes_are_those_of_the_description() {
        let device = Device::flex();
        for (_, spec) in VARIANTS[0].spec.body {
            let (module, channels) = Mixed::new(spec, 3, &device);
            let output = module.forward(Tensor::<4>::ones([1, 3, 9, 7], &device));
            let trace = module.describe().trace([3, 9, 7]).unwrap();
            assert_eq!((output.dims()[1], &output.dims()[1..]), (channels, &trace.output[..]), "{spec:?}");
        }
    }

    /// Average pooling divides by the places within the map.
    #[test]
    fn padding_does_not_count() {
        let device = Device::flex();
        let y = Step::new(AvgPool, 1, &device).forward(Tensor::ones([1, 1, 3, 4], &device));
        assert!((y - 1.0).abs().max().into_scalar::<f32>() < 1e-6);
    }
}
