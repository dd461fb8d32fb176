//! Whole models: loss, gradients and running statistics with the kernels and without.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier, params};
use common::{Results, agree_on, tensor, values};

/// Loss, norms of all gradients and statistics of one training pass.
fn pass(name: &str, side: usize, device: &Device, change: &dyn Fn(AnyClassifier) -> AnyClassifier) -> Results {
    let options = BuildOptions { num_classes: Some(5), dropout: Some(0.0), ..BuildOptions::default() };
    let model = burn_zoo::build(name, &options, device).unwrap();
    let model = change(params::fill_params(model, "zoo"));
    let images = tensor::<4>(7, [2, model.in_channels(), side, side], device);
    let labels = Tensor::<1, Int>::from_ints([1, 3], device).reshape([2, 1]);
    let (logits, auxiliary) = model.forward_train(images);
    let cross_entropy = |logits| log_softmax(logits, 1).gather(1, labels.clone()).mean().neg();
    let mut all = vec![("logits".to_owned(), values(logits.clone()))];
    let loss = auxiliary.into_iter().fold(cross_entropy(logits), |loss, (weight, logits)| loss + cross_entropy(logits) * weight);
    let gradients = loss.backward();
    let mut norms: Vec<_> = params::gradient_norms(&model, &gradients).unwrap().into_iter().collect();
    norms.sort_by(|a, b| a.0.cmp(&b.0));
    // As one result: a gradient that is zero but for rounding is compared with the largest.
    all.push(("gradients".to_owned(), norms.iter().map(|(_, norm)| *norm as f32).collect()));
    let statistics = params::read_params(&model).unwrap().into_iter().filter(|parameter| params::is_statistic(&parameter.name));
    all.extend(statistics.map(|parameter| (parameter.name, parameter.values)));
    all
}

fn check(name: &str, side: usize, device: &Device, change: &dyn Fn(AnyClassifier) -> AnyClassifier) {
    // Where a map has come down to a few pixels, batch norm makes much of a rounding error; operations are held to 1e-4 in `ops.rs`.
    agree_on(name, device, 1e-2, |device| pass(name, side, device, change));
}

#[test]
fn models_agree() {
    let device = Device::flex().autodiff();
    for (name, side) in [
        ("resnet18", 64),
        ("resnet20_cifar", 32),
        ("mobilenet_v2", 64),
        ("mobilenet_v3_small", 64),
        ("mnasnet1_0", 64),
        ("densenet_bc_cifar", 32),
        ("googlenet", 64),
    ] {
        check(name, side, &device, &|model| model);
    }
}

#[test]
fn recomputing_agrees() {
    let device = Device::flex().autodiff().gradient_checkpointing();
    for (name, side) in [("resnet20_cifar", 32), ("mobilenet_v2", 64), ("densenet_bc_cifar", 32)] {
        check(name, side, &device, &|model| model);
    }
}

#[test]
fn frozen_layers_agree() {
    check("resnet20_cifar", 32, &Device::flex().autodiff(), &|model| params::freeze_up_to(model, "layer2").0);
}
