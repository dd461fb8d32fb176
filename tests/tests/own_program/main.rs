//! What a program of one's own does with a model: heads, pooling, features, freezing, files made for another input.
//!
//! Each property is held by small networks of different kinds: a row of layers, residual, densely connected, mobile,
//! and two transformers.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod dropping;
mod files;
mod freezing;
mod heads;
mod intermediates;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier, Family, ModelInfo, params};
use zoo_core::Variant;
use zoo_swin::{SwinSpec, SwinTransformer, Version};
use zoo_vit::{VisionTransformer, VitSpec};

const KINDS: [&str; 6] = ["custom", "resnet20_cifar", "densenet_cifar", "mobilenet_v3_small", "tiny_vit", "tiny_swin"];

const fn info(name: &'static str) -> ModelInfo {
    ModelInfo { name, params: 0, input: [3, 32, 32], num_classes: 10, source: "" }
}

// Rows of one's own: the published transformers are too large to train in a test.
static VIT: Variant<VitSpec> =
    Variant { info: info("tiny_vit"), spec: VitSpec { patch_size: 8, num_layers: 4, hidden_dim: 16, mlp_dim: 32, num_heads: 2 } };
static SWIN: Variant<SwinSpec> = Variant {
    info: info("tiny_swin"),
    spec: SwinSpec { version: Version::V1, embed_dim: 8, depths: [1, 1, 2, 1], num_heads: [1, 2, 2, 4], drop_path: 0.0 },
};

fn row<F: Family>(row: &'static Variant<F::Spec>, options: &BuildOptions, device: &Device) -> F {
    F::from_variant(row, &F::resolve(&row.info, options).unwrap(), device).unwrap()
}

/// A small network of this kind, or the registry's model of that name.
fn build(kind: &str, options: &BuildOptions, device: &Device) -> AnyClassifier {
    match kind {
        "tiny_vit" => AnyClassifier::Vit(row::<VisionTransformer>(&VIT, options, device)),
        "tiny_swin" => AnyClassifier::Swin(row::<SwinTransformer>(&SWIN, options, device)),
        "densenet_cifar" => {
            let small = BuildOptions { depth: Some(10), growth_rate: Some(4), ..options.clone() };
            burn_zoo::build(kind, &small, device).unwrap()
        }
        name => burn_zoo::build(name, options, device).unwrap(),
    }
}

/// The same with weights that do not depend on a random state that tests share.
fn filled(kind: &str, options: &BuildOptions, device: &Device) -> AnyClassifier {
    params::fill_params(build(kind, options, device), "own")
}

fn options() -> BuildOptions {
    BuildOptions::default()
}

/// Pictures of the rule.
fn images(shape: [usize; 4], device: &Device) -> Tensor<4> {
    zoo_tests::input("own", shape, device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    params::read_values(tensor.without_autodiff()).unwrap()
}

/// All parameters and buffers by name.
fn state<M: Module>(model: &M) -> BTreeMap<String, Vec<f32>> {
    params::read_params(model).unwrap().into_iter().map(|tensor| (tensor.name, tensor.values)).collect()
}

/// The model with another's values, where the names agree.
fn with_state<M: Module>(model: M, state: &BTreeMap<String, Vec<f32>>) -> M {
    params::write_params(model, |info| state.get(&info.name).cloned())
}

/// Whether a name is that of the layer that gives the logits.
fn of_head(model: &AnyClassifier, name: &str) -> bool {
    model.classifier_names().iter().any(|head| name.strip_prefix(head.as_str()).is_some_and(|rest| rest.starts_with('.')))
}

/// Equal up to `bound` times the largest value.
fn assert_close(got: &[f32], want: &[f32], bound: f32, what: &str) {
    let largest = want.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let worst = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(got.len() == want.len() && worst <= bound * largest, "{what}: {worst} apart, the largest is {largest}");
}
