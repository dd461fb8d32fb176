//! Batch normalisation with the batch's statistics, and what follows it.

use std::sync::{Arc, OnceLock};

use burn_flex::FlexTensor;
use zoo_kernels::{Activation, BatchNorm, BatchNormGradients, Statistics, affine};

use crate::map::{Flat, Fresh, Map, with, written};
use crate::operation::{Operation, Run};
use crate::run::{done, scratch};

/// Mean and biased variance.
pub(crate) type Batch = [Vec<f32>; 2];

/// Inputs: map, weight, bias, perhaps a residual.
#[derive(Debug)]
pub(crate) struct Norm {
    pub eps: f64,
    pub activation: Activation,
    pub residual: bool,
    /// What was found, for the running statistics.
    pub found: Arc<OnceLock<Batch>>,
}

/// Statistics as they are saved: the mean, and one over the standard deviation.
pub(crate) struct Collected {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    pub inverse: Vec<f32>,
}

impl Collected {
    pub fn of(channels: usize) -> Self {
        let zeros = || vec![0.0; channels];
        Self { mean: zeros(), variance: zeros(), inverse: zeros() }
    }

    /// Of a batch whose statistics are known.
    pub fn known([mean, variance]: Batch, eps: f64) -> Self {
        let inverse = variance.iter().map(|variance| 1.0 / (variance + eps as f32).sqrt()).collect();
        Self { mean, variance, inverse }
    }

    /// Where a kernel writes.
    pub fn to(&mut self) -> Statistics<'_> {
        Statistics { mean: &mut self.mean, variance: &mut self.variance, inverse: &mut self.inverse }
    }

    pub fn save(&self) -> Vec<FlexTensor> {
        [&self.mean, &self.inverse].map(|numbers| written(&[numbers.len()], |to| to.copy_from_slice(numbers))).to_vec()
    }
}

/// A normalisation as a factor and a summand for each channel.
pub(crate) fn factors([weight, bias]: [&[f32]; 2], [mean, inverse]: [&[f32]; 2]) -> [Vec<f32>; 2] {
    let scale: Vec<f32> = weight.iter().zip(inverse).map(|(weight, inverse)| weight * inverse).collect();
    let shift = bias.iter().zip(mean).zip(&scale).map(|((bias, mean), scale)| bias - mean * scale).collect();
    [scale, shift]
}

impl Operation for Norm {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let x = Map::of(inputs[0].clone());
        let [weight, bias] = [1, 2].map(|index: usize| Flat::of(&inputs[index]));
        let residual = inputs.get(3).map(|residual| Map::of(residual.clone()));
        let channels = x.shape()[3];
        let mut collected = Collected::of(channels);
        let mut output = Fresh::new(x.shape());
        let norm = BatchNorm { gamma: &weight, beta: &bias, epsilon: self.eps as f32, activation: self.activation };
        let (isa, threads) = with();
        let residual = residual.as_ref().map(Map::view);
        let statistics = collected.to();
        done(scratch(|scratch| norm.forward(x.view(), residual, output.view_mut(), statistics, scratch, isa, threads)));
        let output = output.into_tensor();
        let mut saved = collected.save();
        if self.residual && self.activation != Activation::Identity {
            saved.push(output.clone());
        }
        self.found.get_or_init(|| [collected.mean, collected.variance]);
        (output, saved)
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![0, 1, 2]
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let x = Map::of(run.input(0));
        let [weight, bias] = [1, 2].map(|index| Flat::of(&run.input(index)));
        let gradient = Map::of(run.gradient.clone());
        let output = (self.residual && run.saved.len() > 2).then(|| run.saved.pop().map(Map::of)).flatten();
        let [mean, inverse] = [0, 1].map(|index: usize| Flat::of(&run.saved[index]));
        let channels = x.shape()[3];
        let norm = BatchNorm { gamma: &weight, beta: &bias, epsilon: self.eps as f32, activation: self.activation };
        let mut input = Fresh::new(x.shape());
        // Without an activation the residual's gradient is the output's.
        let apart = run.wanted.get(3) == Some(&true) && self.activation != Activation::Identity;
        let mut residual = apart.then(|| Fresh::new(x.shape()));
        let (mut gamma, mut beta) = (vec![0.0; channels], vec![0.0; channels]);
        let into = BatchNormGradients {
            input: input.view_mut(),
            accumulate: false,
            residual: residual.as_mut().map(Fresh::view_mut),
            gamma: &mut gamma,
            beta: &mut beta,
        };
        let (isa, threads) = with();
        let output = output.as_ref().map(Map::view);
        done(scratch(|scratch| norm.backward(x.view(), output, gradient.view(), &mean, &inverse, into, scratch, isa, threads)));
        let numbers = |numbers: Vec<f32>| Some(written(&[channels], |to| to.copy_from_slice(&numbers)));
        let mut gradients = vec![Some(input.into_tensor()), numbers(gamma), numbers(beta)];
        if self.residual {
            gradients.push(Some(residual.map_or(run.gradient, Fresh::into_tensor)));
        }
        gradients
    }

    /// With a residual it is not: what is below would have to be computed again too, back to the first block.
    fn is_light(&self) -> bool {
        !self.residual
    }

    fn again(&self, inputs: &[FlexTensor], saved: &[FlexTensor]) -> FlexTensor {
        let x = Map::of(inputs[0].clone());
        let [weight, bias] = [1, 2].map(|index: usize| Flat::of(&inputs[index]));
        let [mean, inverse] = [0, 1].map(|index: usize| Flat::of(&saved[index]));
        let (isa, threads) = with();
        let [scale, shift] = factors([&weight, &bias], [&mean, &inverse]);
        let mut output = Fresh::new(x.shape());
        done(affine(x.view(), &scale, &shift, self.activation, output.view_mut(), isa, threads));
        output.into_tensor()
    }
}
