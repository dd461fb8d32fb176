//! Files that were made for another number of channels or another picture size.

use burn::tensor::{Device, Tensor};
use burn_zoo::{Classifier, params};
use serde::Deserialize;
use zoo_weights::{WeightsFile, WeightsMeta, load};

use super::*;

/// What torchvision and timm make of a ramp: `fixtures/own_program/reference.py`.
#[derive(Deserialize)]
struct Reference {
    positions: Vec<Positions>,
    stems: Vec<Stem>,
}

#[derive(Deserialize)]
struct Positions {
    from: usize,
    to: usize,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Stem {
    to: usize,
    values: Vec<f32>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../fixtures/own_program/reference.json")).unwrap()
}

/// The reference's input.
fn ramp(length: usize) -> Vec<f32> {
    (0..length).map(|i| ((i * i * 7 % 23) as f32 - 11.0) / 10.0).collect()
}

/// A file with a model's state, in which `name` is the ramp.
fn file(model: &AnyClassifier, name: &str) -> WeightsFile {
    let mut tensors = params::read_params(model).unwrap();
    for tensor in tensors.iter_mut().filter(|tensor| tensor.name == name) {
        tensor.values = ramp(tensor.values.len());
    }
    WeightsFile::from_tensors(tensors, WeightsMeta::default())
}

#[test]
fn a_first_convolution_becomes_timms() {
    let device = Device::flex();
    let three = filled("resnet20_cifar", &options(), &device);
    let (file, whole) = (file(&three, "conv1.weight"), state(&three));
    for stem in reference().stems {
        let mut model = build("resnet20_cifar", &options().with_in_channels(stem.to), &device);
        let report = load(&mut model, &file).unwrap();
        assert_eq!(report.adapted, ["conv1.weight"]);
        for (name, values) in state(&model) {
            match name.as_str() {
                "conv1.weight" => assert_close(&values, &stem.values, 1e-6, &name),
                _ => assert_eq!(values, whole[&name], "{name}"),
            }
        }
    }
}

/// A grey picture is one whose three channels are alike, and of six channels that are twice the three each counts half.
#[test]
fn an_adapted_model_sees_in_other_channels_what_the_whole_one_sees_in_three() {
    let device = Device::flex();
    let grey = images([2, 1, 32, 32], &device);
    let colour = images([2, 3, 32, 32], &device);
    for kind in KINDS {
        let whole = filled(kind, &options(), &device);
        let file = WeightsFile::from_tensors(params::read_params(&whole).unwrap(), WeightsMeta::default());
        for (channels, own, same) in
            [(1, grey.clone(), grey.clone().repeat_dim(1, 3)), (6, Tensor::cat(vec![colour.clone(), colour.clone()], 1), colour.clone())]
        {
            let mut model = build(kind, &options().with_in_channels(channels), &device);
            let report = load(&mut model, &file).unwrap();
            assert_eq!(report.adapted.len(), 1, "{kind}: {:?}", report.adapted);
            assert_close(&values(model.forward(own)), &values(whole.forward(same)), 1e-4, kind);
        }
    }
}

#[test]
fn position_embeddings_become_torchvisions() {
    let device = Device::flex();
    let name = "encoder.pos_embedding";
    let patch = VIT.spec.patch_size;
    for positions in reference().positions {
        let [before, after] = [positions.from, positions.to].map(|side| options().with_image_size([side * patch; 2]));
        let small = BuildOptions { num_classes: Some(3), ..before };
        let vit = |options: &BuildOptions| AnyClassifier::Vit(row::<VisionTransformer>(&EIGHT, options, &device));
        let file = file(&params::fill_params(vit(&small), "own"), name);
        let mut model = vit(&BuildOptions { num_classes: Some(3), ..after });
        let report = load(&mut model, &file).unwrap();
        assert_eq!((report.adapted, report.reinitialised.len()), (vec![name.to_owned()], 0));
        assert_close(&state(&model)[name], &positions.values, 1e-5, name);
        let side = positions.to * patch;
        assert_eq!(model.forward(images([1, 3, side, side], &device)).dims(), [1, 3]);
    }
}

/// The reference's width.
static EIGHT: Variant<VitSpec> =
    Variant { info: info("vit"), spec: VitSpec { patch_size: 8, num_layers: 1, hidden_dim: 8, mlp_dim: 8, num_heads: 1 } };

/// Their tables of position biases are those of a window, which torchvision keeps: padding or the number of windows changes.
#[test]
fn windowed_transformers_have_the_same_weights_for_every_size() {
    let device = Device::flex();
    let table = |name: &str, side| params::param_table(&build(name, &options().with_image_size([side, side]), &device));
    for (name, other) in [("maxvit_t", 448), ("swin_t", 384), ("swin_v2_t", 200)] {
        assert_eq!(table(name, 224), table(name, other), "{name}");
    }
    let model = build("tiny_swin", &options(), &device);
    for [height, width] in [[32, 32], [50, 37]] {
        assert_eq!(model.forward(images([1, 3, height, width], &device)).dims(), [1, 10]);
    }
}
