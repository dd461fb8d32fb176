//! One model on two backends: nothing but the device differs.

use std::collections::HashMap;
use std::error::Error;
use std::io::Write;

use burn::tensor::{Tensor, TensorData};
use burn_zoo::{BuildOptions, Classifier, params};
use zoo_backend::Backend;
use zoo_core::fill_input;

/// Builds one model on each backend, gives the second the first one's weights, and prints how far their logits are apart.
pub fn run(first: Backend, second: Backend, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (a, b) = (first.open(None)?, second.open(None)?);
    a.seed(1);
    let options = BuildOptions::default();
    let model = burn_zoo::build("custom", &options, &a)?;

    // By name, as a file of weights would have them: batch normalisation's statistics are among them.
    let mut weights: HashMap<_, _> = params::read_params(&model)?.into_iter().map(|tensor| (tensor.name, tensor.values)).collect();
    let copy = params::write_params(burn_zoo::build("custom", &options, &b)?, |parameter| weights.remove(&parameter.name));

    let shape = [8, 3, 32, 32];
    let input = TensorData::new(fill_input("two backends", shape), shape);
    let x = model.forward(Tensor::from_data(input.clone(), &a)).try_into_vec_as::<f32>()?;
    let y = copy.forward(Tensor::from_data(input, &b)).try_into_vec_as::<f32>()?;
    let largest = x.iter().map(|logit| logit.abs()).fold(0.0, f32::max);
    let difference = x.iter().zip(&y).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    writeln!(out, "custom, {} parameters, 8 pictures, on {first} and on {second}", params::num_trainable(&model))?;
    writeln!(out, "largest logit {largest:.4}, largest difference {difference:e}")?;
    Ok(())
}
