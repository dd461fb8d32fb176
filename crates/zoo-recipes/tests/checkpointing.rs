//! Gradient checkpointing changes what is kept for the backward pass, not what comes out.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier, Family, ModelInfo, params};
use zoo_core::{Variant, fill_input};
use zoo_recipes::{Ended, Interrupter, Optimizer, OptimizerConfig, OptimizerKind, Recipe, Silent, train};
use zoo_vit::{VisionTransformer, VitSpec};
use zoo_weights::WeightsFile;

static TINY: Variant<VitSpec> = Variant {
    info: ModelInfo { name: "tiny_vit", params: 0, input: [3, 32, 32], num_classes: 10, source: "" },
    spec: VitSpec { patch_size: 8, num_layers: 2, hidden_dim: 16, mlp_dim: 32, num_heads: 2 },
};

fn build(name: &str, device: &Device) -> AnyClassifier {
    let options = BuildOptions::default().with_num_classes(10).with_dropout(0.0);
    let model = if name == TINY.info.name {
        let options = VisionTransformer::resolve(&TINY.info, &options).unwrap();
        AnyClassifier::Vit(VisionTransformer::from_variant(&TINY, &options, device).unwrap())
    } else {
        burn_zoo::build(name, &options, device).unwrap()
    };
    params::fill_params(model, "checkpointing")
}

/// Parameters and running statistics after two steps.
fn two_steps(name: &str, device: &Device) -> Vec<params::NamedTensor> {
    let shape = [4, 3, 32, 32];
    let mut model = build(name, device);
    let mut optimizer = Optimizer::new(OptimizerConfig { kind: OptimizerKind::Sgd, ..OptimizerConfig::default() });
    for salt in ["first", "second"] {
        let images = Tensor::<4>::from_data(TensorData::new(fill_input(salt, shape), shape), device);
        let logits = model.forward(images);
        // Bounded, whatever the filled weights give.
        let loss = logits.tanh().powi_scalar(2).mean();
        model = optimizer.step(model, &loss.backward(), 0.05);
    }
    params::read_params(&model).unwrap()
}

#[test]
fn two_steps_with_it_give_the_same_weights() {
    let plain = Device::flex().autodiff();
    let checkpointing = Device::flex().autodiff().gradient_checkpointing();
    assert_ne!(plain.gradient_checkpointing_strategy(), checkpointing.gradient_checkpointing_strategy());
    for name in ["resnet20_cifar", "mobilenet_v3_small", "tiny_vit"] {
        let [with, without] = [two_steps(name, &checkpointing), two_steps(name, &plain)];
        let before = params::read_params(&build(name, &plain)).unwrap();
        assert_ne!(with, before, "{name}: no step was done");
        for (with, without) in with.iter().zip(&without) {
            assert_eq!(with.name, without.name);
            let worst = with.values.iter().zip(&without.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst <= 1e-6, "{name}: {}: {worst}", with.name);
        }
    }
}

/// What Burn does where two devices are mixed, and why a recipe decides once for the whole run.
#[test]
#[should_panic(expected = "checkpointing")]
fn a_batch_from_a_device_without_it_is_refused() {
    let model = build("resnet20_cifar", &Device::flex().autodiff().gradient_checkpointing());
    let _logits = model.forward(Tensor::ones([1, 3, 32, 32], &Device::flex().autodiff()));
}

fn run(recipe: &Recipe, folder: &Path) -> Vec<params::NamedTensor> {
    let ended = train(recipe, folder, false, &Device::flex(), &Interrupter::new(), &mut Silent).unwrap();
    assert!(matches!(ended, Ended::Finished(_)));
    WeightsFile::read(&folder.join("last.safetensors")).unwrap().into_tensors().unwrap()
}

#[test]
fn a_run_with_it_ends_as_one_without() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe { limit: Some(48), epochs: 2, workers: 0, dropout: Some(0.2), ..Recipe::default() };
    let without = run(&recipe, &folder.path().join("without"));
    let with = run(&Recipe { grad_checkpointing: true, ..recipe }, &folder.path().join("with"));
    assert!(!with.is_empty() && with.len() == without.len());
    for (with, without) in with.iter().zip(&without) {
        let worst = with.values.iter().zip(&without.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(with.name == without.name && worst <= 1e-6, "{}: {worst}", with.name);
    }
}
