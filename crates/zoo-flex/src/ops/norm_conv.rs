//! Batch normalisation with the batch's statistics, activation and convolution in one.
//!
//! What is between them is made again for the backward pass instead of being kept, and where the convolution is 1x1 it is not even
//! written: its kernel changes pixels on their way in.

use std::sync::{Arc, OnceLock};

use burn_flex::FlexTensor;
use zoo_kernels::{Activation, BatchNorm, BatchNormGradients, ConvTraining, Input, Prologue, View, ViewMut, affine, batch_statistics};
use zoo_layers::maps::Windows;

use crate::map::{Flat, Fresh, Map, with, written};
use crate::operation::{Operation, Run};
use crate::ops::conv::{Ready, weight_gradient};
use crate::ops::norm::{Batch, Collected, factors};
use crate::run::{done, scratch};

/// How it is computed, whatever the map lies in.
#[derive(Debug)]
pub(crate) struct Fused {
    pub eps: f64,
    pub activation: Activation,
    pub windows: Windows,
    pub groups: usize,
    /// What was found, for the running statistics.
    pub found: Arc<OnceLock<Batch>>,
}

/// Calls `run` with what the convolution reads: the map that is changed on its way in, or the normalised map.
fn normalised<T>(conv: &ConvTraining, x: View<'_>, factors: &[Vec<f32>; 2], activation: Activation, run: impl FnOnce(Input<'_>) -> T) -> T {
    let [scale, shift] = factors;
    if conv.takes_prologue() {
        return run(Input { map: x, prologue: Some(&Prologue { scale, shift: Some(shift), activation }) });
    }
    let (isa, threads) = with();
    let mut normal = Fresh::new(x.shape());
    done(affine(x, scale, shift, activation, normal.view_mut(), isa, threads));
    run(normal.view().into())
}

impl Fused {
    /// Inputs: weight and bias of the normalisation; weight and perhaps bias of the convolution.
    pub fn forward(&self, x: View<'_>, collected: Collected, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let [weight, bias] = [0, 1].map(|index: usize| Flat::of(&inputs[index]));
        let factors = factors([&weight, &bias], [&collected.mean, &collected.inverse]);
        let ready = Ready::new(&self.windows, self.groups, &inputs[2], x.shape());
        let bias = inputs.get(3);
        let output = normalised(&ready.conv, x, &factors, self.activation, |input| ready.forward(input, bias, Activation::Identity));
        let saved = collected.save();
        self.found.get_or_init(|| [collected.mean, collected.variance]);
        (output, saved)
    }

    /// Gradients of all inputs but the first, of which the first three were kept. `give` is to call what it is given with the place
    /// for the map's gradient, and whether it is added to what is there.
    pub fn backward(&self, x: View<'_>, mut run: Run<'_>, give: impl FnOnce(&mut dyn FnMut(ViewMut<'_>, bool))) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let [weight, bias] = [1, 2].map(|index| Flat::of(&run.input(index)));
        let kernel = run.input(3);
        let [mean, inverse] = [0, 1].map(|index: usize| Flat::of(&run.saved[index]));
        let gradient = Map::of(run.gradient);
        let ready = Ready::new(&self.windows, self.groups, &kernel, x.shape());
        let wanted = &run.wanted[3..];
        let (mut to_kernel, mut to_bias) = (None, None);
        if wanted.contains(&true) {
            let factors = factors([&weight, &bias], [&mean, &inverse]);
            let (shape, of_bias) = (kernel.layout().shape().to_vec(), wanted.get(1) == Some(&true));
            let (of_kernel, of_bias) = normalised(&ready.conv, x, &factors, self.activation, |input| {
                weight_gradient(&ready.conv, &shape, input, &gradient, of_bias)
            });
            (to_kernel, to_bias) = (wanted[0].then_some(of_kernel), of_bias);
        }
        let through = ready.input_gradient(&gradient);
        drop(gradient);
        let (mut gamma, mut beta) = (vec![0.0; weight.len()], vec![0.0; weight.len()]);
        let norm = BatchNorm { gamma: &weight, beta: &bias, epsilon: self.eps as f32, activation: self.activation };
        give(&mut |input, accumulate| {
            let into = BatchNormGradients { input, accumulate, residual: None, gamma: &mut gamma, beta: &mut beta };
            done(scratch(|scratch| norm.backward(x, None, through.view(), &mean, &inverse, into, scratch, isa, threads)));
        });
        let numbers = |numbers: Vec<f32>| Some(written(&[numbers.len()], |to| to.copy_from_slice(&numbers)));
        let mut gradients = vec![numbers(gamma), numbers(beta), to_kernel];
        gradients.extend((wanted.len() > 1).then_some(to_bias));
        gradients
    }
}

/// Inputs: map; weight and bias of the normalisation; weight and perhaps bias of the convolution.
#[derive(Debug)]
pub(crate) struct NormConv(pub Fused);

impl Operation for NormConv {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let (isa, threads) = with();
        let x = Map::of(inputs[0].clone());
        let mut collected = Collected::of(x.shape()[3]);
        done(scratch(|scratch| batch_statistics(x.view(), self.0.eps as f32, collected.to(), scratch, isa, threads)));
        self.0.forward(x.view(), collected, &inputs[1..])
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        (0..tracked.len().min(4)).collect()
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let x = Map::of(run.input(0));
        let mut to_input = Fresh::new(x.shape());
        let parameters = self.0.backward(x.view(), run, |write| write(to_input.view_mut(), false));
        [Some(to_input.into_tensor())].into_iter().chain(parameters).collect()
    }
}
