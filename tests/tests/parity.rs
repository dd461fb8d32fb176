//! Logits, losses, gradients and running statistics against PyTorch.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use burn_zoo::{Classifier, params};
#[cfg(any(feature = "wgpu", feature = "ndarray"))]
use zoo_backend::{Backend, BackendError};
use zoo_tests::{EvalReference, TrainReference, filled, fixture, input};

/// Largest difference from the reference, as a fraction of its largest logit.
fn eval_error(reference: &EvalReference, device: &Device) -> f64 {
    let model = filled(&reference.name, &reference.salt, device);
    let logits = model.forward(input(&reference.salt, reference.input, device));
    assert_eq!(logits.dims(), [reference.input[0], reference.outputs]);
    let logits = logits.into_data().try_to_vec::<f32>().unwrap();
    let rows = logits.chunks(reference.outputs).zip(&reference.logits);
    rows.flat_map(|(row, want)| row.iter().zip(want)).map(|(got, want)| (f64::from(*got) - want).abs()).fold(0.0, f64::max)
        / reference.max_abs
}

fn check_eval(names: &[&str], device: &Device, bound: f64) {
    let references: Vec<EvalReference> = fixture("eval.json");
    for name in names {
        let reference = references.iter().find(|r| r.name == *name).unwrap_or_else(|| panic!("no reference for {name}"));
        let error = eval_error(reference, device);
        println!("{name}: {error:.2e} of the largest logit");
        assert!(error < bound, "{name}: {error:e} of the largest logit");
    }
}

// The large networks one after the other, each in its own test: a VGG holds half a gigabyte.
macro_rules! eval_on_flex {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            check_eval(&[stringify!($name)], &Device::flex(), 1e-4);
        })+

        #[test]
        fn every_reference_is_checked() {
            let checked = [$(stringify!($name)),+];
            for reference in fixture::<Vec<EvalReference>>("eval.json") {
                assert!(checked.contains(&reference.name.as_str()), "{} has a reference, but no test", reference.name);
            }
            for model in burn_zoo::models() {
                let without_reference = ["custom", "lenet1989"];
                assert!(checked.contains(&model.info.name) || without_reference.contains(&model.info.name), "{} is not checked", model.info.name);
            }
        }
    };
}
eval_on_flex!(
    lenet5,
    lenet5_tanh,
    alexnet,
    alexnet2012,
    vgg11,
    vgg11_lrn,
    vgg11_bn,
    vgg13,
    vgg13_bn,
    vgg16_c,
    vgg16,
    vgg16_bn,
    vgg19,
    vgg19_bn,
);

/// The other backends: LeNet against PyTorch, VGG-11 at 32 pixels against flex, which was held to PyTorch above.
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
    check_eval(&["lenet5", "lenet5_tanh"], &device, 1e-4);
    let shape = [1, 3, 32, 32];
    let logits = |device: &Device| {
        let model = filled("vgg11", "zoo", device);
        model.forward(input("zoo", shape, device)).into_data().try_to_vec::<f32>().unwrap()
    };
    let (want, got) = (logits(&Device::flex()), logits(&device));
    let largest = want.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let error = want.iter().zip(&got).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
    println!("vgg11 on {backend}: {error:.2e} of the largest logit");
    assert!(f64::from(error) < bound, "vgg11 on {backend}: {error:e}");
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

fn check_train(name: &str) {
    let references: Vec<TrainReference> = fixture("train.json");
    let reference = references.iter().find(|r| r.name == name).unwrap();
    let device = Device::flex().autodiff();
    let model = filled(name, &reference.salt, &device);
    let (logits, auxiliary) = model.forward_train(input(&reference.salt, reference.input, &device));
    assert!(auxiliary.is_empty());
    let batch = reference.input[0];
    let labels = Tensor::<1, Int>::arange(0..batch as i64, &device).reshape([batch, 1]);
    let loss = log_softmax(logits, 1).gather(1, labels).mean().neg();
    // A bias before batch norm has a gradient of exactly zero; what both sides show there is rounding, a millionth of
    // the other gradients.
    let rounding = 1e-6 * reference.grad_l2.values().fold(0.0, |m: f64, v| m.max(*v));
    let close = |what: &str, got: f64, want: f64| {
        assert!((got - want).abs() <= 1e-3 * want.abs() + rounding, "{name}: {what} is {got}, but PyTorch has {want}");
    };
    close("loss", f64::from(loss.clone().into_scalar::<f32>()), reference.loss);

    let grads = loss.backward();
    let mut norms = params::gradient_norms(&model, &grads).unwrap();
    for (key, want) in &reference.grad_l2 {
        close(key, norms.remove(key).unwrap_or_else(|| panic!("no gradient for {key}")), *want);
    }
    assert!(norms.is_empty(), "gradients that PyTorch has not: {norms:?}");

    let state = params::read_params(&model.valid()).unwrap();
    for (key, want) in &reference.running {
        let got = &state.iter().find(|t| t.name == *key).unwrap_or_else(|| panic!("no buffer {key}")).values;
        for (got, want) in got.iter().zip(want) {
            close(key, f64::from(*got), *want);
        }
    }
}

#[test]
fn train_lenet5() {
    check_train("lenet5");
}

#[test]
fn train_vgg11_bn() {
    check_train("vgg11_bn");
}

#[test]
fn train_alexnet() {
    check_train("alexnet");
}
