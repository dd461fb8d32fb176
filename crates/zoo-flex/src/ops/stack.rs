//! The maps of a dense block, which are normalised, activated and convolved without being concatenated.
//!
//! All layers read the same maps: none is copied, and what is between the maps and a layer's convolution (the normalised
//! concatenation, which grows with the square of the depth) is made again for the backward pass instead of being kept.
//! Gradients go through accumulators, one a map, and tokens (see [`fork`](super::fork)): a chain of [`Link`]s makes Burn come to
//! each map's fork after all layers that read it.

use std::sync::{Arc, OnceLock};

use burn::backend::DispatchTensor;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use zoo_kernels::{Activation, BatchNorm, BatchNormGradients, Shape, View};
use zoo_layers::maps::Windows;

use crate::map::{Flat, Fresh, Map, with, written};
use crate::operation::{Operation, Run, apply, map};
use crate::ops::cat::{joined, parts};
use crate::ops::conv::{Ready, weight_gradient};
use crate::ops::fork::{Accumulator, Fork, token};
use crate::ops::norm::{Batch, Collected, again};
use crate::run::{done, scratch};

/// Maps of one size, and where the gradient of each is summed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stacked {
    maps: Vec<Map>,
    /// Mean and variance of each map, once a layer has asked for them: they are the same for all layers.
    statistics: Vec<Arc<OnceLock<Batch>>>,
    sums: Vec<Arc<Accumulator>>,
    /// Depends on the forks of all maps.
    link: Option<DispatchTensor>,
}

impl Stacked {
    /// Puts a map behind the others.
    pub fn push(&mut self, x: DispatchTensor, values: FlexTensor) {
        let sum = Arc::new(Accumulator::default());
        let fork = apply(Arc::new(Fork(Arc::clone(&sum))), vec![x]);
        self.maps.push(Map::of(values));
        self.statistics.push(Arc::default());
        self.sums.push(sum);
        self.link = Some(apply(Arc::new(Link), self.link.take().into_iter().chain([fork]).collect()));
    }

    /// The link, as the input through which gradients come.
    fn link(&self) -> DispatchTensor {
        match &self.link {
            Some(link) => link.clone(),
            None => unreachable!("a stack begins with a map"),
        }
    }

    /// All maps side by side.
    pub fn cat(&self) -> Tensor<4> {
        map(Join { maps: self.maps.clone(), sums: self.sums.clone() }, vec![self.link()])
    }
}

/// Inputs: the link before, if there is one, and a map's fork. The result is a token.
#[derive(Debug)]
struct Link;

impl Operation for Link {
    fn forward(&self, _inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (token(), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        run.wanted.iter().map(|_| Some(token())).collect()
    }
}

/// Input: the link of a stack with these maps.
#[derive(Debug)]
struct Join {
    maps: Vec<Map>,
    sums: Vec<Arc<Accumulator>>,
}

impl Operation for Join {
    fn forward(&self, _inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (joined(&self.maps), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let channels: Vec<_> = self.maps.iter().map(|map| map.shape()[3]).collect();
        for (sum, part) in self.sums.iter().zip(parts(&Map::of(run.gradient), &channels)) {
            sum.add(part);
        }
        vec![Some(token())]
    }
}

/// Batch normalisation with the batch's statistics, activation and convolution of a stack.
///
/// Inputs: the stack's link; weight and bias of the normalisation, over all channels; weight and perhaps bias of the convolution.
#[derive(Debug)]
pub(crate) struct NormConv {
    pub stack: Stacked,
    pub eps: f64,
    pub activation: Activation,
    pub windows: Windows,
    pub groups: usize,
    pub found: Arc<OnceLock<Batch>>,
}

impl NormConv {
    /// The inputs after the link.
    pub fn run(self, parameters: Vec<DispatchTensor>) -> Tensor<4> {
        let inputs = [self.stack.link()].into_iter().chain(parameters).collect();
        // Only the maps and their sums are needed from here on; the link would keep a graph that is never run backwards.
        map(Self { stack: Stacked { link: None, ..self.stack.clone() }, ..self }, inputs)
    }

    /// Of a map for all channels of the stack.
    fn shape(&self) -> Shape {
        let [batch, height, width, _] = self.stack.maps.first().map_or([0; 4], Map::shape);
        [batch, height, width, self.stack.maps.iter().map(|map| map.shape()[3]).sum()]
    }

    fn norm<'a>(&self, gamma: &'a [f32], beta: &'a [f32]) -> BatchNorm<'a> {
        BatchNorm { gamma, beta, epsilon: self.eps as f32, activation: self.activation }
    }
}

/// The map, and its channels within the stack.
fn ranges(stack: &Stacked) -> Vec<(&Map, std::ops::Range<usize>)> {
    let mut start = 0;
    let range = |map| {
        let len = Map::shape(map)[3];
        start += len;
        (map, start - len..start)
    };
    stack.maps.iter().map(range).collect()
}

impl Operation for NormConv {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let (isa, threads) = with();
        let [weight, bias] = [1, 2].map(|index: usize| Flat::of(&inputs[index]));
        let mut normal = Fresh::new(self.shape());
        let mut collected = Collected::of(weight.len());
        for ((map, range), known) in ranges(&self.stack).into_iter().zip(&self.stack.statistics) {
            let parameters = [&weight[range.clone()], &bias[range.clone()]];
            let output = normal.channels_mut(range.start, range.len());
            if let Some(known) = known.get() {
                collected.set(range.start, known, self.eps);
                let [mean, inverse] = [&collected.mean[range.clone()], &collected.inverse[range]];
                again(map.view(), parameters, [mean, inverse], self.activation, output);
                continue;
            }
            let [gamma, beta] = parameters;
            let (norm, statistics) = (self.norm(gamma, beta), collected.part(range.start, range.len()));
            done(scratch(|scratch| norm.forward(map.view(), None, output, statistics, scratch, isa, threads)));
            known.get_or_init(|| [&collected.mean, &collected.variance].map(|numbers| numbers[range.clone()].to_vec()));
        }
        let view = normal.view();
        let ready = Ready::new(&self.windows, self.groups, &inputs[3], view.shape());
        let output = ready.forward(view, inputs.get(4), Activation::Identity);
        let saved = collected.save();
        self.found.get_or_init(|| [collected.mean, collected.variance]);
        (output, saved)
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        (1..tracked.len().min(4)).collect()
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let [weight, bias] = [1, 2].map(|index| Flat::of(&run.input(index)));
        let kernel = run.input(3);
        let [mean, inverse] = [0, 1].map(|index: usize| Flat::of(&run.saved[index]));
        let gradient = Map::of(run.gradient.clone());
        let mut gradients = vec![None; run.wanted.len()];
        let ready = Ready::new(&self.windows, self.groups, &kernel, self.shape());
        if run.wanted[3..].contains(&true) {
            let mut normal = Fresh::new(self.shape());
            for (map, range) in ranges(&self.stack) {
                let parameters = [&weight[range.clone()], &bias[range.clone()]];
                let statistics = [&mean[range.clone()], &inverse[range.clone()]];
                again(map.view(), parameters, statistics, self.activation, normal.channels_mut(range.start, range.len()));
            }
            let bias = run.wanted.get(4) == Some(&true);
            let (kernel, bias) = weight_gradient(&ready.conv, &kernel.layout().shape().to_vec(), normal.view(), &gradient, bias);
            gradients[3] = run.wanted[3].then_some(kernel);
            if bias.is_some() {
                gradients[4] = bias;
            }
        }
        let through = ready.input_gradient(&gradient);
        drop(gradient);
        let (mut gamma, mut beta) = (vec![0.0; weight.len()], vec![0.0; weight.len()]);
        for ((map, range), sum) in ranges(&self.stack).into_iter().zip(&self.stack.sums) {
            let norm = self.norm(&weight[range.clone()], &bias[range.clone()]);
            let part: View<'_> = through.channels(range.start, range.len());
            let (mean, inverse) = (&mean[range.clone()], &inverse[range.clone()]);
            let (gamma, beta) = (&mut gamma[range.clone()], &mut beta[range.clone()]);
            let mut write = |input: &mut Fresh, accumulate| {
                let into = BatchNormGradients { input: input.view_mut(), accumulate, residual: None, gamma, beta };
                done(scratch(|scratch| norm.backward(map.view(), None, part, mean, inverse, into, scratch, isa, threads)));
            };
            if run.wanted[0] {
                sum.write(map.shape(), write);
            } else {
                write(&mut Fresh::new(map.shape()), false);
            }
        }
        let numbers = |numbers: Vec<f32>| Some(written(&[numbers.len()], |to| to.copy_from_slice(&numbers)));
        (gradients[1], gradients[2]) = (numbers(gamma), numbers(beta));
        gradients[0] = Some(token());
        gradients
    }
}
