#![allow(clippy::unwrap_used)]
//! Values and gradients against PyTorch's, timm's and DeiT's; see `tests/fixtures/generate.py`.
use std::collections::BTreeMap;

use burn::tensor::TensorData;
use serde::Deserialize;
use zoo_datasets::Mix;

use super::*;

#[derive(Deserialize)]
struct Case {
    loss: f64,
    grad: Vec<f32>,
}

const PICTURES: usize = 5;
const CLASSES: usize = 7;

fn wave(phase: f64, scale: f64, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (0..PICTURES * CLASSES).map(|i| (scale * (0.7 * i as f64 + phase).sin()) as f32).collect();
    Tensor::from_data(TensorData::new(values, [PICTURES, CLASSES]), device)
}

fn batch(mixed: bool) -> Batch {
    let labels: Vec<usize> = (0..PICTURES).map(|i| (3 * i + 1) % CLASSES).collect();
    let partners = labels.iter().rev().copied().collect();
    let mix = mixed.then(|| Mix { partners, shares: vec![0.3, 0.7, 1.0, 0.25, 0.0] });
    Batch { images: vec![], shape: [PICTURES, 0, 0, 0], indices: vec![0; PICTURES], labels, mix, skipped: vec![] }
}

#[test]
fn values_and_gradients() {
    let device = Device::flex().autodiff();
    let fixtures: BTreeMap<String, Case> = serde_json::from_str(include_str!("../tests/fixtures/losses.json")).unwrap();
    let plain = Loss { bce: false, threshold: None, sum: false, smoothing: 0.0 };
    let smoothed = Loss { smoothing: 0.1, ..plain };
    let bce = Loss { bce: true, ..plain };
    let cases = [
        ("hard", plain, false),
        ("smoothed", smoothed, false),
        ("soft", plain, true),
        ("soft_smoothed", smoothed, true),
        ("soft_torchvision", smoothed, true),
        ("bce", bce, false),
        ("bce_smoothed", Loss { smoothing: 0.1, ..bce }, false),
        ("bce_sum", Loss { smoothing: 0.1, sum: true, ..bce }, false),
        ("bce_soft", Loss { smoothing: 0.1, ..bce }, true),
        ("bce_threshold", Loss { smoothing: 0.1, threshold: Some(0.2), ..bce }, true),
    ];
    let check = |name: &str, loss: &dyn Fn(Tensor<2>) -> Tensor<1>| {
        let logits = wave(0.5, 2.0, &device).require_grad();
        let found = loss(logits.clone());
        let Case { loss: expected, grad: expected_grad } = &fixtures[name];
        assert!((read(&found).unwrap() - expected).abs() < 1e-6, "{name}: {found} {expected}");
        let grad = read_values(logits.grad(&found.backward()).unwrap()).unwrap();
        for (found, expected) in grad.iter().zip(expected_grad) {
            assert!((found - expected).abs() < 1e-6, "{name}: {grad:?} {expected_grad:?}");
        }
    };
    for (name, loss, mixed) in cases {
        check(name, &|logits| loss.mean(logits, &loss.targets(&batch(mixed), CLASSES, &device)));
    }
    let labels = plain.targets(&batch(false), CLASSES, &device);
    let teacher = wave(2.0, 1.5, &device);
    let with = |alpha: f64, kind, tau| {
        let (labels, teacher) = (labels.clone(), teacher.clone());
        move |logits: Tensor<2>| {
            let base = plain.mean(logits.clone(), &labels).mul_scalar(1.0 - alpha);
            base + distillation(logits, teacher.clone(), kind, tau).mul_scalar(alpha)
        }
    };
    check("distil_soft", &with(0.4, Distillation::Soft, 3.0));
    check("distil_hard", &with(0.5, Distillation::Hard, 1.0));
}

#[test]
fn what_is_counted() {
    let device = Device::flex();
    let logits = Tensor::<2>::from_data([[1.0, 2.0, 0.5, -1.0], [0.0, -2.0, 3.0, 0.25]], &device);
    let sums = count(logits, &[1, 3], 2.0).unwrap();
    assert_eq!(sums, Sums { loss: 4.0, pictures: 2, correct: 1, among_five: 2 });
    assert_eq!(main_labels(&batch(false)), [1, 4, 0, 3, 6]);
    assert_eq!(main_labels(&batch(true)), [6, 4, 0, 4, 1]);
}

#[test]
fn a_large_logit_is_no_infinity() {
    let device = Device::flex();
    let logits = Tensor::<2>::from_data([[500.0, -500.0]], &device);
    let shares = Tensor::<2>::from_data([[1.0, 0.0]], &device);
    assert_eq!(read(&binary_cross_entropy(logits, shares, false)).unwrap(), 0.0);
}
