//! Settings against timm, and edges.
#![allow(clippy::unwrap_used, clippy::panic)]

use burn::tensor::{Device, Tensor, TensorData};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, fill_input, params};
use zoo_layers::{ActivationKind, GlobalPoolKind};

use crate::{SeNet, SeResNet};

/// `timm.create_model(name, act_layer="prelu", global_pool=...)`, filled and run by the rule of
/// `tests/fixtures/parity/reference.py` at 32x32.
#[test]
fn prelu_and_pooling_equal_timms() {
    let prelu = BuildOptions { activation: Some(ActivationKind::PRelu), ..BuildOptions::default() };
    // Model, options, parameters, largest logit, first logits of both pictures.
    let cases = [
        ("seresnet18", prelu.clone(), 11_779_641, 124.431_25, [[69.300_92, 38.084_37, 36.400_42], [62.865_147, 7.703_168, 39.327_682]]),
        (
            "seresnet18",
            prelu.with_global_pool(GlobalPoolKind::CatAvgMax),
            12_291_641,
            136.303_6,
            [[75.928_55, -14.507_174, 29.549_156], [49.895_004, -11.679_013, 31.966_85]],
        ),
    ];
    let device = Device::flex();
    let shape = [2, 3, 32, 32];
    let images = Tensor::<4>::from_data(TensorData::new(fill_input("zoo", shape), shape), &device);
    for (name, options, count, largest, want) in cases {
        let model = SeResNet::build(name, &options, &device).unwrap();
        assert_eq!((params::num_trainable(&model), model.describe().params()), (count, count), "{name}");
        let logits = params::fill_params(model, "zoo").forward(images.clone()).slice([0..2, 0..3]);
        let logits = logits.into_data().try_to_vec::<f32>().unwrap();
        for (got, want) in logits.iter().zip(want.as_flattened()) {
            assert!((got - want).abs() < 1e-5 * largest, "{name}: {got} for {want}");
        }
    }
}

#[test]
fn a_block_begins_as_its_shortcut() {
    let device = Device::flex();
    let model = SeResNet::build("seresnet18", &BuildOptions::default(), &device).unwrap();
    let zeroed: Vec<_> = params::read_params(&model).unwrap().into_iter().filter(|p| p.values.iter().all(|v| *v == 0.0)).collect();
    let weights: Vec<_> = zeroed.iter().filter(|p| p.name.ends_with("weight")).map(|p| p.name.as_str()).collect();
    assert_eq!(weights.len(), 8);
    assert!(weights.iter().all(|name| name.ends_with("bn2.weight")), "{weights:?}");
    // Squeeze-and-excitation keeps PyTorch's random biases.
    assert!(zeroed.iter().all(|p| !p.name.contains(".se.")));
}

#[test]
fn senet154_has_its_own_dropout_and_no_other_activation() {
    let device = Device::flex();
    let build = |options: &BuildOptions| SeNet::build("legacy_senet154", options, &device);
    let trace = build(&BuildOptions::default()).unwrap().describe().trace([3, 224, 224]).unwrap();
    assert!(trace.layers.iter().any(|row| row.name == "dropout"));
    // 56x56 after pooling that counts the last, partial window.
    assert_eq!(trace.output_of("pool0").unwrap().shape, [128, 56, 56]);
    let refused = build(&BuildOptions { activation: Some(ActivationKind::Silu), ..BuildOptions::default() }).unwrap_err();
    assert_eq!(refused, BuildError::Unsupported { name: "legacy_senet154", option: "activation" });
}

#[test]
fn stochastic_depth_grows_from_the_first_block_to_the_last() {
    let options = BuildOptions::default().with_drop_path(0.14);
    let print = SeResNet::build("seresnet18", &options, &Device::flex()).unwrap().describe().to_torch();
    let rates: Vec<f64> = print.lines().filter_map(|line| line.split("(p=").nth(1)?.split(',').next()?.parse().ok()).collect();
    assert_eq!(rates.len(), 7);
    assert!(rates.iter().zip(1..).all(|(rate, block)| (rate - 0.02 * f64::from(block)).abs() < 1e-12), "{rates:?}");
}
