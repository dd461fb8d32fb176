#![allow(clippy::unwrap_used)]
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::NamedGradients;

#[derive(Module, Debug)]
struct Two {
    a: Param<Tensor<2>>,
    b: Param<Tensor<1>>,
    unused: Param<Tensor<1>>,
}

fn two() -> (Two, Device) {
    let device = Device::flex().autodiff();
    let a = Tensor::from_data([[1.0, 2.0], [3.0, 4.0]], &device);
    let b = Tensor::from_data([5.0, 6.0], &device);
    let unused = Tensor::from_data([7.0], &device);
    (Two { a: Param::from_tensor(a), b: Param::from_tensor(b), unused: Param::from_tensor(unused) }, device)
}

/// Gradients `factor * [1..4]` and `factor * [5, 6]`: those of half the sum of squares.
fn gradients(model: &Two, factor: f64) -> NamedGradients {
    let half = |t: Tensor<1>| (t.clone() * t).sum().mul_scalar(0.5 * factor);
    let loss = half(model.a.val().reshape([4])) + half(model.b.val());
    NamedGradients::collect(model, &loss.backward())
}

fn values(grads: &mut NamedGradients, name: &str) -> Vec<f32> {
    grads.take(name).unwrap().into_data().iter::<f32>().collect()
}

#[test]
fn sums_and_means() {
    let (model, _device) = two();
    let mut sum = NamedGradients::default();
    sum.add(gradients(&model, 1.0));
    sum.add(gradients(&model, 3.0));
    sum.scale(0.25);
    assert!(sum.clone().take("unused").is_none());
    assert_eq!(values(&mut sum, "a"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values(&mut sum, "b"), [5.0, 6.0]);
}

#[test]
fn clips_the_norm_of_all_together() {
    let (model, _device) = two();
    // sqrt(1 + 4 + 9 + 16 + 25 + 36)
    let norm = 91.0f64.sqrt();
    let mut grads = gradients(&model, 1.0);
    assert!((grads.norm().unwrap() - norm).abs() < 1e-5);
    assert!((grads.clip(100.0).unwrap() - norm).abs() < 1e-5);
    assert_eq!(values(&mut grads.clone(), "b"), [5.0, 6.0], "a norm below the limit changes nothing");
    // torch.nn.utils.clip_grad_norm_ gives these: [0.20965695, 0.4193139, 0.6289709, 0.8386278], [1.0482848, 1.2579417].
    grads.clip(2.0).unwrap();
    for (name, expected) in [("a", vec![0.209_656_95, 0.419_313_9, 0.628_970_9, 0.838_627_8]), ("b", vec![1.048_284_8, 1.257_941_7])] {
        for (found, expected) in values(&mut grads.clone(), name).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{name}: {found} {expected}");
        }
    }
    assert_eq!(NamedGradients::default().clip(1.0), Ok(0.0));
}
