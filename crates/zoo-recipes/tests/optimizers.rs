//! Twenty steps of each optimiser against PyTorch's and timm's own; see `fixtures/generate.py`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::Deserialize;
use zoo_core::params::{param_table, read_params, write_params};
use zoo_recipes::{Group, Groups, NamedGradients, Optimizer, OptimizerConfig, OptimizerKind};

#[derive(Deserialize)]
struct Case {
    lr: f64,
    losses: Vec<f64>,
    params: BTreeMap<String, Vec<f32>>,
}

#[derive(Module, Debug)]
struct Net {
    conv: Conv2d,
    bn: BatchNorm,
    fc: Linear,
}

fn wave(length: usize, phase: f64, scale: f64) -> Vec<f32> {
    (0..length).map(|i| (scale * (0.7 * i as f64 + phase).sin()) as f32).collect()
}

impl Net {
    fn new(device: &Device) -> Self {
        let net = Self {
            conv: Conv2dConfig::new([2, 3], [3, 3]).init(device),
            bn: BatchNormConfig::new(3).init(device),
            fc: LinearConfig::new(12, 4).init(device),
        };
        let mut phase = -0.7;
        write_params(net, |info| {
            if !info.trainable {
                return None;
            }
            phase += 1.0;
            let one = if info.name == "bn.weight" { 1.0 } else { 0.0 };
            Some(wave(info.shape.iter().product(), phase, 0.3).into_iter().map(|v| v + one).collect())
        })
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.fc.forward(self.bn.forward(relu(self.conv.forward(images))).flatten(1, 3))
    }
}

fn train(case: &Case, mut optimizer: Optimizer, clip: impl Fn(&Net, &mut NamedGradients)) -> (Vec<f64>, BTreeMap<String, Vec<f32>>) {
    let device = Device::flex().autodiff();
    let mut net = Net::new(&device);
    let mut losses = vec![];
    for step in 0..20 {
        let images = Tensor::<4>::from_data(TensorData::new(wave(6 * 2 * 16, step as f64 * 0.9, 1.0), [6, 2, 4, 4]), &device);
        let labels: Vec<i64> = (0..6).map(|i| (i * 7 + step) % 4).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [6]), &device);
        let loss = CrossEntropyLossConfig::new().init(&device).forward(net.forward(images), labels);
        losses.push(loss.clone().into_scalar::<f64>());
        let mut grads = NamedGradients::collect(&net, &loss.backward());
        clip(&net, &mut grads);
        // Saved and put back before each step.
        let saved = optimizer.state().unwrap();
        optimizer.restore(optimizer.steps(), saved, &Device::flex());
        net = optimizer.apply(net, grads, case.lr * (1.0 - step as f64 / 40.0));
    }
    (losses, read_params(&net).unwrap().into_iter().map(|tensor| (tensor.name, tensor.values)).collect())
}

fn cases() -> BTreeMap<String, Case> {
    serde_json::from_str(include_str!("fixtures/optimizers.json")).unwrap()
}

fn check(name: &str, optimizer: Optimizer, clip: impl Fn(&Net, &mut NamedGradients)) {
    let case = &cases()[name];
    let (losses, params) = train(case, optimizer, clip);
    for (step, (found, expected)) in losses.iter().zip(&case.losses).enumerate() {
        assert!((found - expected).abs() < 2e-4, "{name}: loss of step {step} is {found}, not {expected}");
    }
    for (key, expected) in &case.params {
        let far = params[key].iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max);
        assert!(far < 2e-4, "{name}: {key} is {far} away: {:?} {expected:?}", params[key]);
    }
}

fn groups(group: impl Fn(usize, usize) -> Group) -> Groups {
    let net = Net::new(&Device::flex());
    let params = param_table(&net).into_iter().filter(|info| info.trainable).enumerate();
    params.map(|(k, info)| (info.name, group(k, info.shape.len()))).collect()
}

#[test]
fn twenty_steps_are_pytorchs_and_timms() {
    use OptimizerKind::*;
    let of = |kind| OptimizerConfig { kind, weight_decay: 0.05, ..OptimizerConfig::default() };
    let cases = [
        ("sgd", of(Sgd)),
        ("nesterov", of(Nesterov)),
        ("adam", of(Adam)),
        ("adamw", of(AdamW)),
        ("adamw_betas", OptimizerConfig { betas: Some([0.8, 0.95]), eps: Some(1e-6), ..of(AdamW) }),
        ("rmsprop", of(RmsProp)),
        ("rmsprop_torchvision", OptimizerConfig { eps: Some(0.0316), alpha: Some(0.9), ..of(RmsProp) }),
        ("rmsproptf", of(RmsPropTf)),
        ("rmsproptf_mnas", OptimizerConfig { eps: Some(0.001), ..of(RmsPropTf) }),
        ("lamb", of(Lamb)),
        ("lion", of(Lion)),
    ];
    for (name, config) in cases {
        check(name, Optimizer::new(config), |_, _| {});
    }
}

#[test]
fn groups_decay_and_learn_in_their_own_way() {
    let sgd = |momentum| OptimizerConfig { kind: OptimizerKind::Sgd, momentum, ..OptimizerConfig::default() };
    let all = groups(|_, _| Group { lr_scale: 1.0, weight_decay: 0.05 });
    check("sgd_plain", Optimizer::new(sgd(0.0)).with_groups(all.clone()), |_, _| {});
    check("sgd_all_decay", Optimizer::new(sgd(0.9)).with_groups(all), |_, _| {});
    let layers = groups(|k, rank| Group { lr_scale: 0.5f64.powi(2 - (k / 2) as i32), weight_decay: if rank < 2 { 0.0 } else { 0.05 } });
    check("adamw_layers", Optimizer::new(OptimizerConfig::default()).with_groups(layers), |_, _| {});
}

#[test]
fn clipping_is_pytorchs_and_timms() {
    let optimizer = || Optimizer::new(OptimizerConfig { kind: OptimizerKind::Sgd, weight_decay: 0.0, ..OptimizerConfig::default() });
    check("clip_norm", optimizer(), |_, grads| {
        grads.clip(0.1).unwrap();
    });
    check("clip_value", optimizer(), |_, grads| grads.clip_value(0.02));
    check("clip_agc", optimizer(), |net, grads| grads.clip_adaptive(net, 0.02));
}
