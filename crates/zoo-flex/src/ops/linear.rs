//! Fully connected layers, whose weights Burn keeps as `[in_features, out_features]`.
//!
//! The kernels' layers have the axes the other way round. What is forward here is the gradient of the input of the layer with the
//! axes exchanged, and the other way round.

use burn_backend::{DType, TensorMetadata};
use burn_flex::{FlexTensor, Layout};
use zoo_kernels::{Activation, Binary, DenseTraining, View, ViewMut, binary_in_place, sum_pixels};

use crate::buffer::Buffer;
use crate::map::{Flat, with, written};
use crate::operation::{Operation, Run};
use crate::run::{done, isa, scratch, threads};

/// Inputs: rows `[batch, in_features]`, weight `[in_features, out_features]`, perhaps bias `[out_features]`.
#[derive(Debug)]
pub(crate) struct Linear;

/// The layer with the axes exchanged, and `[batch, in_features, out_features]`.
fn layer(batch: usize, weight: &FlexTensor) -> (DenseTraining, [usize; 3]) {
    let [inputs, outputs] = weight.shape().dims();
    (done(DenseTraining::new(batch, outputs, inputs, isa())), [batch, inputs, outputs])
}

fn rows(floats: &[f32], batch: usize, features: usize) -> View<'_> {
    done(View::new(floats, [batch, 1, 1, features]))
}

fn matrix(buffer: Buffer, batch: usize, features: usize) -> FlexTensor {
    FlexTensor::new(buffer.into_bytes(), Layout::contiguous([batch, features].into()), DType::F32)
}

impl Operation for Linear {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let (x, weight) = (Flat::of(&inputs[0]), Flat::of(&inputs[1]));
        let (layer, [batch, features, outputs]) = layer(inputs[0].shape()[0], &inputs[1]);
        let bias = inputs.get(2).map(Flat::of);
        let (isa, threads) = with();
        let mut buffer = Buffer::new(batch * outputs);
        // Of the exchanged layer, the gradient of the input.
        let y = done(ViewMut::new(buffer.as_mut(), [batch, 1, 1, outputs]));
        done(scratch(|scratch| layer.input_gradient(rows(&x, batch, features), &weight, y, scratch, threads)));
        if let Some(bias) = &bias {
            let y = done(ViewMut::new(buffer.as_mut(), [batch, 1, 1, outputs]));
            done(binary_in_place(Binary::Add, y, rows(bias, 1, outputs), Activation::Identity, isa, threads));
        }
        (matrix(buffer, batch, outputs), vec![])
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        if tracked[1] { vec![0, 1] } else { vec![1] }
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let kernel = run.input(1);
        let (layer, [batch, features, outputs]) = layer(run.gradient.shape()[0], &kernel);
        let (weight, gradient) = (Flat::of(&kernel), Flat::of(&run.gradient));
        let gradient = rows(&gradient, batch, outputs);
        let mut gradients = vec![None; run.wanted.len()];
        if run.wanted[1] {
            let x = Flat::of(&run.input(0));
            gradients[1] = Some(written(&[features, outputs], |to| {
                let input = rows(&x, batch, features);
                done(scratch(|scratch| layer.weight_gradient(gradient, input, to, None, scratch, threads())));
            }));
        }
        if run.wanted[0] {
            let mut buffer = Buffer::new(batch * features);
            let into = done(ViewMut::new(buffer.as_mut(), [batch, 1, 1, features]));
            done(scratch(|scratch| layer.forward(gradient, &weight, None, into, scratch, threads())));
            gradients[0] = Some(matrix(buffer, batch, features));
        }
        if run.wanted.get(2) == Some(&true) {
            let (isa, threads) = with();
            gradients[2] = Some(written(&[outputs], |to| {
                // All rows as the pixels of one picture.
                let flat = Flat::of(&run.gradient);
                let all = done(View::new(&flat, [1, 1, batch, outputs]));
                done(sum_pixels(all, None, done(ViewMut::new(to, [1, 1, 1, outputs])), isa, threads));
            }));
        }
        gradients
    }
}
