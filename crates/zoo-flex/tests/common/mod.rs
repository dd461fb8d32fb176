//! The same computation with and without the kernels.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, missing_docs)]

use burn::tensor::{Device, Tensor, TensorData};
use zoo_layers::maps::without_accelerator;

/// Fixed numbers between -1 and 1 that repeat nowhere.
pub fn numbers(salt: u64, len: usize) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

pub fn tensor<const D: usize>(salt: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers(salt, shape.iter().product()), shape), device)
}

pub fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec::<f32>().unwrap()
}

/// What a computation gave, by name.
pub type Results = Vec<(String, Vec<f32>)>;

/// Both ways agree within 1e-4 of the largest value of each result, and the kernels give the same bits twice.
pub fn agree(what: &str, run: impl Fn(&Device) -> Results) {
    agree_on(what, &Device::flex().autodiff(), 1e-4, run);
}

pub fn agree_on(what: &str, device: &Device, bound: f32, run: impl Fn(&Device) -> Results) {
    zoo_flex::register();
    let (with, again) = (run(device), run(device));
    let without = without_accelerator(|| run(device));
    assert_eq!(with.len(), without.len(), "{what}");
    for ((name, got), (_, want)) in with.iter().zip(&without) {
        assert_eq!(got.len(), want.len(), "{what}: {name}");
        let largest = want.iter().fold(1e-3f32, |most, value| most.max(value.abs()));
        let worst = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0f32, |most, d| if d.is_nan() || d > most { d } else { most });
        assert!(worst <= bound * largest, "{what}: {name} differs by {worst:e}, the largest is {largest:e}");
    }
    assert_eq!(with, again, "{what}: not the same bits");
}
