//! Settings against PyTorch, by the numbers that `tests/fixtures/parity/make_resnet.py` prints, and edges.
#![allow(clippy::unwrap_used, clippy::panic)]

use burn::tensor::{Device, Tensor, TensorData};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Shortcut, fill_input, params};
use zoo_layers::{ActivationKind, GlobalPoolKind};

use crate::{ResNet, ZeroPadding};

fn with(shortcut: Shortcut) -> BuildOptions {
    BuildOptions { shortcut: Some(shortcut), ..BuildOptions::default() }
}

fn prelu(options: BuildOptions) -> BuildOptions {
    BuildOptions { activation: Some(ActivationKind::PRelu), ..options }
}

#[test]
fn shortcuts_and_prelu_equal_pytorchs() {
    // Model, options, parameters, largest logit, first logits of both pictures.
    let cases = [
        (
            "resnet20_cifar",
            with(Shortcut::B),
            272_474,
            37.173_02,
            [[-3.879_784_8, 22.083_927, 6.083_576], [-3.673_018_7, 22.604_984, 7.282_109]],
        ),
        (
            "resnet20_cifar",
            with(Shortcut::C),
            283_962,
            25.129_578,
            [[10.965_402, 16.381_725, 0.022_152_841], [10.617_457, 15.550_698, 0.960_284_2]],
        ),
        (
            "resnet20_cifar",
            prelu(BuildOptions::default()),
            269_741,
            554.380_2,
            [[-165.177_58, 402.839_32, 26.153_687], [-111.344_055, 335.586_8, -29.366_798]],
        ),
        (
            "resnet50",
            prelu(with(Shortcut::A)),
            22_780_505,
            6_099_686.5,
            [[4_579_989.5, 757_479.44, 2_241_580.2], [3_913_748.5, -38_237.473, 1_493_790.0]],
        ),
    ];
    let device = Device::flex();
    let shape = [2, 3, 32, 32];
    let images = Tensor::<4>::from_data(TensorData::new(fill_input("zoo", shape), shape), &device);
    for (name, options, count, largest, want) in cases {
        let model = ResNet::build(name, &options, &device).unwrap();
        assert_eq!((params::num_trainable(&model), model.describe().params()), (count, count), "{name}: {options:?}");
        let logits = params::fill_params(model, "zoo").forward(images.clone()).slice([0..2, 0..3]);
        let logits = logits.into_data().try_to_vec::<f32>().unwrap();
        for (got, want) in logits.iter().zip(want.as_flattened()) {
            assert!((got - want).abs() < 1e-5 * largest, "{name}: {options:?}: {got} for {want}");
        }
    }
}

#[test]
fn option_a_subsamples_and_appends_zeros() {
    let x = Tensor::<4>::from_floats([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]], &Device::flex());
    let y = ZeroPadding { out_channels: 2, stride: 2 }.forward(x);
    assert_eq!(y.dims(), [1, 2, 2, 2]);
    assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), [1.0, 3.0, 7.0, 9.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn plain_networks_have_no_shortcut_to_choose_or_to_drop() {
    for (options, option) in [(with(Shortcut::A), "shortcut"), (BuildOptions::default().with_drop_path(0.1), "drop_path")] {
        let refused = ResNet::build("plain20_cifar", &options, &Device::flex()).unwrap_err();
        assert_eq!(refused, BuildError::Unsupported { name: "plain20_cifar", option });
        assert!(ResNet::build("resnet20_cifar", &options, &Device::flex()).is_ok());
    }
}

#[test]
fn stochastic_depth_grows_from_the_first_block_to_the_last() {
    let options = BuildOptions::default().with_drop_path(0.14);
    let trace = ResNet::build("resnet18", &options, &Device::flex()).unwrap().describe();
    let print = trace.to_torch();
    let rates: Vec<f64> = print.lines().filter_map(|line| line.split("(p=").nth(1)?.split(',').next()?.parse().ok()).collect();
    // The first of eight blocks is never dropped.
    assert_eq!(rates.len(), 7);
    assert!(rates.iter().zip(1..).all(|(rate, block)| (rate - 0.02 * f64::from(block)).abs() < 1e-12), "{rates:?}");
}

#[test]
fn the_head_sees_what_the_pooling_gives() {
    let device = Device::flex();
    let options = BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax).with_num_classes(4).with_dropout(0.3);
    let model = ResNet::build("resnet20_cifar", &options, &device).unwrap();
    assert_eq!(model.num_features(), 128);
    assert_eq!(model.forward(Tensor::ones([1, 3, 9, 7], &device)).dims(), [1, 4]);
    assert!(model.describe().trace([3, 9, 7]).unwrap().layers.iter().any(|row| row.name == "dropout"));
}

#[test]
fn stages_halve_the_picture() {
    let stages = |name| ResNet::build(name, &BuildOptions::default(), &Device::flex()).unwrap().stages([3, 64, 64]).unwrap();
    let found: Vec<_> = stages("resnet50").into_iter().map(|s| (s.name, s.channels, s.reduction)).collect();
    let want = [("relu", 64, 2), ("layer1", 256, 4), ("layer2", 512, 8), ("layer3", 1024, 16), ("layer4", 2048, 32)];
    assert_eq!(found, want.map(|(name, channels, reduction)| (name.to_owned(), channels, reduction)));
    let found: Vec<_> = stages("plain20_cifar").into_iter().map(|s| (s.channels, s.reduction)).collect();
    assert_eq!(found, [(16, 1), (32, 2), (64, 4)]);
}
