#![allow(clippy::unwrap_used)]
//! Against timm's and torchvision's; see `tests/fixtures/generate.py`.
use std::collections::BTreeMap;

use burn::nn::{BatchNorm, BatchNormConfig};
use serde::Deserialize;
use zoo_core::params::{read_params, write_params};

use super::*;

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    decays: Vec<f64>,
    weight: Vec<[f32; 3]>,
    #[serde(default)]
    running_mean: Vec<[f32; 3]>,
}

fn wave(phase: f64) -> Vec<f32> {
    (0..3).map(|i| (0.7 * f64::from(i) + phase).sin() as f32).collect()
}

/// The norm after so many steps.
fn norm(step: usize) -> BatchNorm {
    let device = Device::flex().autodiff();
    write_params(BatchNormConfig::new(3).init(&device), |info| match info.name.as_str() {
        "weight" => Some(wave(step as f64 * 0.9)),
        "running_mean" => Some(wave(step as f64 * 1.7)),
        _ => None,
    })
}

fn values(model: &BatchNorm, name: &str) -> Vec<f32> {
    read_params(model).unwrap().into_iter().find(|tensor| tensor.name == name).unwrap().values
}

#[test]
fn each_update_is_timms_and_torchvisions() {
    let fixtures: BTreeMap<String, Case> = serde_json::from_str(include_str!("../tests/fixtures/ema.json")).unwrap();
    let cases = [
        ("timm", EmaConfig { decay: 0.9, warmup: false, every: 1 }),
        ("timm_warmup", EmaConfig { decay: 0.9998, warmup: true, every: 1 }),
        ("timm_warmup_capped", EmaConfig { decay: 0.7, warmup: true, every: 1 }),
        ("torchvision", EmaConfig { decay: 0.8, warmup: false, every: 4 }),
    ];
    for (name, config) in cases {
        let case = &fixtures[name];
        let mut ema = Ema::new(config);
        for (index, expected) in case.weight.iter().enumerate() {
            let model = norm(index + 1);
            let saved = ema.state().unwrap();
            ema = Ema::new(config);
            ema.restore(saved, &Device::flex());
            ema.update(&model, index + 1);
            if let Some(decay) = case.decays.get(index) {
                assert!((ema.decay(index + 1) - decay).abs() < 1e-9, "{name}, {index}: {} {decay}", ema.decay(index + 1));
            }
            let averaged = ema.model(&model);
            let close = |key: &str, expected: &[f32; 3]| {
                let found = values(&averaged, key);
                assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6), "{name}, {index}, {key}: {found:?} {expected:?}");
            };
            close("weight", expected);
            if let Some(expected) = case.running_mean.get(index) {
                close("running_mean", expected);
            }
            // The model itself stays as it was, its statistics too.
            assert_eq!(values(&model, "weight"), wave((index + 1) as f64 * 0.9));
            assert_eq!(values(&model, "running_mean"), wave((index + 1) as f64 * 1.7));
        }
    }
}
