//! Logits, losses, gradients and running statistics against PyTorch.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use burn_zoo::{Classifier, params};
#[cfg(any(feature = "wgpu", feature = "ndarray"))]
use zoo_backend::{Backend, BackendError};
use zoo_engine::{Engine, EngineOptions};
use zoo_layers::maps::without_accelerator;
use zoo_tests::{EvalReference, TrainReference, eval_references, filled, input, train_references};

/// Largest difference from the reference, as a fraction of its largest logit: of the model's own code with Burn's operations and
/// with the kernels, and of the engine.
fn eval_errors(reference: &EvalReference, device: &Device) -> [f64; 3] {
    zoo_flex::register();
    let model = filled(reference.model(), reference.rule(), device);
    let images = input(&reference.salt, reference.input, device);
    let own = error(reference, without_accelerator(|| model.forward(images.clone())));
    let kernels = error(reference, model.forward(images.clone()));
    let options = EngineOptions { replan: false, ..EngineOptions::default() };
    let engine = Engine::compile(&model, reference.input, &options).unwrap();
    drop(model);
    [own, kernels, error(reference, engine.run(images).unwrap())]
}

fn error(reference: &EvalReference, logits: Tensor<2>) -> f64 {
    assert_eq!(logits.dims(), [reference.input[0], reference.outputs]);
    let logits = logits.into_data().try_to_vec::<f32>().unwrap();
    let rows = logits.chunks(reference.outputs).zip(&reference.logits);
    let differences = rows.flat_map(|(row, want)| row.iter().zip(want)).map(|(got, want)| (f64::from(*got) - want).abs());
    // `f64::max` passes over what is not a number; this does not.
    differences.fold(0.0, |largest, d| if d.is_nan() || d > largest { d } else { largest }) / reference.max_abs
}

/// More parameters than these (ViT-L and H, RegNetY-128GF) take gigabytes and minutes: tested only where `PARITY` asks for them.
const LARGEST: usize = 200_000_000;

/// Every model of the registry that has a reference, one after the other: a VGG holds half a gigabyte.
/// `PARITY=resnet` checks only names that contain that text, `PARITY=all` the largest models as well.
#[test]
fn logits_equal_pytorchs_on_flex() {
    let only = std::env::var("PARITY").unwrap_or_default();
    let mut wrong = vec![];
    let mut checked = 0;
    for reference in eval_references().iter().filter(|r| only == "all" || r.model().contains(&only)) {
        if burn_zoo::info(reference.model()).is_none_or(|info| only.is_empty() && info.params > LARGEST) {
            continue;
        }
        let errors = eval_errors(reference, &Device::flex());
        let [own, kernels, engine] = errors;
        let found =
            format!("{}: {own:.2e} of the largest logit, with kernels {kernels:.2e}, through the engine {engine:.2e}", reference.model());
        println!("{found}");
        checked += 1;
        // Not a number is no agreement either.
        if !(own < 1e-4 && kernels < 1e-4 && engine < 1e-4) {
            wrong.push(found);
        }
    }
    assert!(wrong.is_empty(), "further from PyTorch than allowed: {wrong:?}");
    assert!(checked > 0, "no reference is named like {only}");
}

/// The other backends against flex, which is held to PyTorch above, at a small picture: LeNet and VGG, or with
/// `PARITY=all` the smallest variant of each family (software Vulkan is slow).
#[cfg(any(feature = "wgpu", feature = "ndarray"))]
fn check_other(backend: Backend, bound: f64) {
    let device = match backend.open(None) {
        Ok(device) => device,
        Err(BackendError::NoDevice { reason, .. }) => {
            println!("SKIPPED: no device for {backend} ({reason})");
            return;
        }
        Err(e) => panic!("{e}"),
    };
    let mut smallest = std::collections::BTreeMap::new();
    for model in burn_zoo::models() {
        let kept = smallest.entry(model.family).or_insert(model.info);
        if model.info.params < kept.params {
            *kept = model.info;
        }
    }
    let all = std::env::var("PARITY").is_ok_and(|only| only == "all");
    let mut wrong = vec![];
    for (_, info) in smallest.iter().filter(|(family, _)| all || ["lenet", "vgg"].contains(*family)) {
        let model = filled(info.name, "zoo", &Device::flex());
        let side = model.smallest_input().map_or(info.input[1], |s| if s.only { s.size } else { s.size.max(32) });
        let shape = [1, info.input[0], side, side];
        let logits = |device: &Device| {
            filled(info.name, "zoo", device).forward(input("zoo", shape, device)).into_data().try_to_vec::<f32>().unwrap()
        };
        let (want, got) = (logits(&Device::flex()), logits(&device));
        let largest = want.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        let differences = want.iter().zip(&got).map(|(a, b)| (a - b).abs() / largest);
        let error = differences.fold(0.0, |most, d| if d.is_nan() || d > most { d } else { most });
        println!("{} on {backend}: {error:.2e} of the largest logit", info.name);
        if error.is_nan() || f64::from(error) >= bound {
            wrong.push(format!("{}: {error:e}", info.name));
        }
    }
    assert!(wrong.is_empty(), "{backend} differs from flex by more than {bound:e} of the largest logit: {wrong:?}");
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_agrees() {
    check_other(Backend::NdArray, 1e-4);
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu_agrees() {
    check_other(Backend::Wgpu, 1e-4);
}

fn check_train(reference: &TrainReference) -> Result<(), String> {
    let name = reference.model();
    let device = Device::flex().autodiff();
    let model = filled(name, reference.rule(), &device);
    let (logits, auxiliary) = model.forward_train(input(&reference.salt, reference.input, &device));
    let batch = reference.input[0];
    let labels = Tensor::<1, Int>::arange(0..batch as i64, &device).reshape([batch, 1]);
    let cross_entropy = |logits| log_softmax(logits, 1).gather(1, labels.clone()).mean().neg();
    let loss = auxiliary.into_iter().fold(cross_entropy(logits), |loss, (weight, logits)| loss + cross_entropy(logits) * weight);
    // A bias before batch norm has a gradient of exactly zero; what both sides show there is rounding, a millionth of
    // the other gradients.
    let rounding = 1e-6 * reference.grad_l2.values().fold(0.0, |m: f64, v| m.max(*v));
    // Where PyTorch's f32 and f64 differ by more, rounding decides, and no other f32 can be held to a thousandth.
    let bound = f64::max(1e-3, 2.0 * reference.spread);
    let worst = std::cell::Cell::new(0.0);
    let close = |what: &str, got: f64, want: f64| {
        worst.set(f64::max(worst.get(), ((got - want).abs() - rounding) / want.abs()));
        if (got - want).abs() <= bound * want.abs() + rounding {
            Ok(())
        } else {
            Err(format!("{name}: {what} is {got}, but PyTorch has {want}"))
        }
    };
    close("loss", f64::from(loss.clone().into_scalar::<f32>()), reference.loss)?;

    let grads = loss.backward();
    let mut norms = params::gradient_norms(&model, &grads)?;
    for (key, want) in &reference.grad_l2 {
        close(key, norms.remove(key).ok_or_else(|| format!("{name}: no gradient for {key}"))?, *want)?;
    }
    if !norms.is_empty() {
        return Err(format!("{name}: gradients that PyTorch has not: {norms:?}"));
    }
    let state = params::read_params(&model.valid())?;
    for (key, want) in &reference.running {
        let got = state.iter().find(|t| t.name == *key).ok_or_else(|| format!("{name}: no buffer {key}"))?;
        for (got, want) in got.values.iter().zip(want) {
            close(key, f64::from(*got), *want)?;
        }
    }
    println!("{name}: {:.1e} of the gradient's norm", worst.get());
    Ok(())
}

/// One step of every model of the registry that has a reference. `PARITY=resnet` checks only names with that text.
///
/// With Burn's operations all references are checked. The kernels add in another order: where a reference is so filled that
/// rounding decides which side of a ReLU a value is on, they are checked against the model's conditioned one instead
/// (make_conditioned.py), which says more.
#[test]
fn a_training_step_equals_pytorchs() {
    let only = std::env::var("PARITY").unwrap_or_default();
    let references = train_references();
    let known = references.iter().filter(|r| burn_zoo::info(r.model()).is_some() && (only == "all" || r.model().contains(&only)));
    zoo_flex::register();
    let conditioned = |reference: &TrainReference| reference.gain.is_some();
    let wrong: Vec<String> = known
        .flat_map(|reference| {
            let better = !conditioned(reference) && references.iter().any(|r| r.name == reference.name && conditioned(r));
            let own = without_accelerator(|| check_train(reference));
            [Some(own), (!better).then(|| check_train(reference))].into_iter().flatten()
        })
        .filter_map(Result::err)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
