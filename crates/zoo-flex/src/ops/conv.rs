//! Convolution.

use std::sync::OnceLock;

use burn_flex::FlexTensor;
use zoo_kernels::{Activation, ConvSpec, ConvTraining, Input, Shape, unary_backward};
use zoo_layers::maps::Windows;

use crate::map::{Flat, Fresh, Map, with, written};
use crate::operation::{Operation, Run};
use crate::run::{done, isa, scratch, threads};

/// Inputs: map, weight, perhaps bias.
#[derive(Debug)]
pub(crate) struct Conv {
    windows: Windows,
    groups: usize,
    /// Identity, or one whose gradient its output determines.
    activation: Activation,
    /// Of the map, which is not kept where only its gradient is wanted.
    input: OnceLock<Shape>,
}

impl Conv {
    pub fn new(windows: Windows, groups: usize, activation: Activation) -> Self {
        Self { windows, groups, activation, input: OnceLock::new() }
    }
}

pub(crate) fn spec(windows: &Windows, groups: usize, weight: &FlexTensor) -> ConvSpec {
    let [out_channels, in_channels, height, width] = weight.layout().shape().dims();
    let mut spec = ConvSpec::new(in_channels * groups, out_channels, [height, width]);
    (spec.stride, spec.padding, spec.dilation, spec.groups) = (windows.stride, windows.padding, windows.dilation, groups);
    spec
}

/// A convolution ready to run on a map, and the numbers of its weight.
pub(crate) struct Ready {
    pub conv: ConvTraining,
    weight: Flat,
    shape: Vec<usize>,
}

impl Ready {
    pub fn new(windows: &Windows, groups: usize, weight: &FlexTensor, input: Shape) -> Self {
        let conv = done(ConvTraining::new(&spec(windows, groups, weight), input, isa()));
        Self { conv, weight: Flat::of(weight), shape: weight.layout().shape().to_vec() }
    }

    pub fn forward<'a>(&self, input: impl Into<Input<'a>>, bias: Option<&FlexTensor>, activation: Activation) -> FlexTensor {
        let bias = bias.map(Flat::of);
        let mut output = Fresh::new(self.conv.output_shape());
        let run = |scratch: &mut _| {
            self.conv.forward(input, &self.weight, bias.as_deref(), None, activation, output.view_mut(), scratch, threads())
        };
        done(scratch(run));
        output.into_tensor()
    }

    /// Of the input.
    pub fn input_gradient(&self, gradient: &Map) -> Fresh {
        let mut into = Fresh::new(self.conv.input_shape());
        done(scratch(|scratch| self.conv.input_gradient(gradient.view(), &self.weight, into.view_mut(), scratch, threads())));
        into
    }
}

/// Of the weight with this shape, and of the bias if it is wanted.
pub(crate) fn weight_gradient<'a>(
    conv: &ConvTraining,
    shape: &[usize],
    input: impl Into<Input<'a>>,
    gradient: &Map,
    bias: bool,
) -> (FlexTensor, Option<FlexTensor>) {
    let mut bias_gradient = vec![0.0; if bias { conv.spec().out_channels } else { 0 }];
    let weight = written(shape, |weight| {
        let bias = bias.then_some(&mut bias_gradient[..]);
        done(scratch(|scratch| conv.weight_gradient(input, gradient.view(), weight, bias, scratch, threads())));
    });
    let bias = bias.then(|| written(&[bias_gradient.len()], |to| to.copy_from_slice(&bias_gradient)));
    (weight, bias)
}

impl Operation for Conv {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let x = Map::of(inputs[0].clone());
        self.input.get_or_init(|| x.shape());
        let output = Ready::new(&self.windows, self.groups, &inputs[1], x.shape()).forward(x.view(), inputs.get(2), self.activation);
        let saved = if self.activation == Activation::Identity { vec![] } else { vec![output.clone()] };
        (output, saved)
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        // The weight's shape is needed in any case.
        if tracked[1..].contains(&true) { vec![0, 1] } else { vec![1] }
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let weight = run.input(1);
        let mut gradient = Map::of(run.gradient.clone());
        if let Some(output) = run.saved.pop() {
            let (isa, threads) = with();
            let mut before = Fresh::new(gradient.shape());
            done(unary_backward(self.activation, Map::of(output).view(), gradient.view(), before.view_mut(), isa, threads));
            gradient = Map::of(before.into_tensor());
        }
        let parameters = run.wanted[1..].contains(&true);
        let x = parameters.then(|| Map::of(run.input(0)));
        let Some(&input) = self.input.get() else { unreachable!("forward comes first") };
        let ready = Ready::new(&self.windows, self.groups, &weight, input);
        let mut gradients = vec![None; run.wanted.len()];
        if let Some(x) = x {
            let bias = run.wanted.get(2) == Some(&true);
            let (weight, bias) = weight_gradient(&ready.conv, &ready.shape, x.view(), &gradient, bias);
            gradients[1] = run.wanted[1].then_some(weight);
            if bias.is_some() {
                gradients[2] = bias;
            }
        }
        gradients[0] = run.wanted[0].then(|| ready.input_gradient(&gradient).into_tensor());
        gradients
    }
}
