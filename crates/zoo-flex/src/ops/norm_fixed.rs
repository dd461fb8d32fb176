//! Batch normalisation with statistics that were collected before: of a frozen layer, and outside training.

use burn_flex::FlexTensor;
use zoo_kernels::{Activation, Binary, affine, binary_in_place, sum_pixels, unary_backward};

use crate::map::{Flat, Fresh, Map, with, written};
use crate::operation::{Operation, Run};
use crate::run::done;

/// Inputs: map, weight, bias, perhaps a residual.
#[derive(Debug)]
pub(crate) struct FixedNorm {
    pub mean: Vec<f32>,
    /// One over the standard deviation.
    pub inverse: Vec<f32>,
    pub activation: Activation,
    pub residual: bool,
}

impl FixedNorm {
    /// The numbers by which each channel is multiplied.
    fn scale(&self, weight: &[f32]) -> Vec<f32> {
        weight.iter().zip(&self.inverse).map(|(weight, inverse)| weight * inverse).collect()
    }

    fn run(&self, inputs: &[&FlexTensor], activation: Activation) -> FlexTensor {
        let (isa, threads) = with();
        let x = Map::of(inputs[0].clone());
        let scale = self.scale(&Flat::of(inputs[1]));
        let bias = Flat::of(inputs[2]);
        let shift: Vec<f32> = bias.iter().zip(&self.mean).zip(&scale).map(|((bias, mean), scale)| bias - mean * scale).collect();
        let mut output = Fresh::new(x.shape());
        let first = if inputs.len() > 3 { Activation::Identity } else { activation };
        done(affine(x.view(), &scale, &shift, first, output.view_mut(), isa, threads));
        if let Some(&residual) = inputs.get(3) {
            done(binary_in_place(Binary::Add, output.view_mut(), Map::of(residual.clone()).view(), activation, isa, threads));
        }
        output.into_tensor()
    }
}

impl Operation for FixedNorm {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (self.run(&inputs.iter().collect::<Vec<_>>(), self.activation), vec![])
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        let parameters = tracked[1] || tracked[2];
        match (self.activation == Activation::Identity, self.residual) {
            (true, _) if !parameters => vec![1],
            (true, _) => vec![0, 1, 2],
            (false, false) => vec![0, 1, 2],
            (false, true) => vec![0, 1, 2, 3],
        }
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let weight = run.input(1);
        let scale = self.scale(&Flat::of(&weight));
        let x = run.kept[0].take();
        let mut gradient = Map::of(run.gradient.clone());
        if self.activation != Activation::Identity {
            let bias = run.input(2);
            let residual = run.kept.get_mut(3).and_then(Option::take);
            let Some(x) = &x else { unreachable!("it is kept where there is an activation") };
            let inputs: Vec<_> = [x, &weight, &bias].into_iter().chain(residual.as_ref()).collect();
            let before = Map::of(self.run(&inputs, Activation::Identity));
            let mut through = Fresh::new(gradient.shape());
            done(unary_backward(self.activation, before.view(), gradient.view(), through.view_mut(), isa, threads));
            gradient = Map::of(through.into_tensor());
        }
        let channels = scale.len();
        let mut gradients = vec![None; run.wanted.len()];
        if run.wanted[1] || run.wanted[2] {
            let Some(x) = x.map(Map::of) else { unreachable!("it is kept where parameters have gradients") };
            let sums = |with: Option<&Map>| {
                let mut sums = Fresh::new([gradient.shape()[0], 1, 1, channels]);
                done(sum_pixels(gradient.view(), with.map(Map::view), sums.view_mut(), isa, threads));
                let sums = Flat::of(&sums.into_tensor());
                (0..channels).map(|channel| sums.iter().skip(channel).step_by(channels).sum::<f32>()).collect::<Vec<_>>()
            };
            let (plain, weighted) = (sums(None), sums(Some(&x)));
            let gamma = |channel: usize| (weighted[channel] - self.mean[channel] * plain[channel]) * self.inverse[channel];
            gradients[1] = Some(written(&[channels], |to| to.iter_mut().enumerate().for_each(|(channel, to)| *to = gamma(channel))));
            gradients[2] = Some(written(&[channels], |to| to.copy_from_slice(&plain)));
        }
        if run.wanted[0] {
            let mut into = Fresh::new(gradient.shape());
            done(affine(gradient.view(), &scale, &vec![0.0; channels], Activation::Identity, into.view_mut(), isa, threads));
            gradients[0] = Some(into.into_tensor());
        }
        if run.wanted.get(3) == Some(&true) {
            gradients[3] = Some(gradient.into_tensor());
        }
        gradients
    }

    fn is_light(&self) -> bool {
        !self.residual
    }
}
