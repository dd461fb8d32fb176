//! Head, features and pooling.

use burn::tensor::Device;
use burn_zoo::{Classifier, Features, params};
use zoo_layers::GlobalPoolKind;

use super::*;

#[test]
fn logits_are_those_of_the_head_on_the_features() {
    let device = Device::flex();
    let images = images([2, 3, 32, 32], &device);
    for kind in KINDS {
        let model = filled(kind, &options().with_num_classes(5), &device);
        let logits = values(model.forward(images.clone()));
        let features = model.forward_features(images.clone());
        assert_eq!(matches!(features, Features::Tokens(_)), kind == "tiny_vit", "{kind}");
        assert_eq!(values(model.forward_head(features.clone(), false)), logits, "{kind}");

        let seen = model.forward_head(features, true);
        assert_eq!(seen.dims(), [2, model.num_features()], "{kind}");
        // What the last layer sees: by hand it gives the logits.
        let (seen, head, width) = (values(seen), model.classifier_names().remove(0), model.num_features());
        let (weight, bias) = (&state(&model)[&format!("{head}.weight")], &state(&model)[&format!("{head}.bias")]);
        let by_hand = seen.chunks(width).flat_map(|row| {
            let outputs = weight.chunks(width).zip(bias);
            outputs.map(move |(w, b)| w.iter().zip(row).map(|(w, x)| w * x).sum::<f32>() + b)
        });
        assert_close(&by_hand.collect::<Vec<_>>(), &logits, 1e-5, kind);
    }
}

#[test]
fn without_classes_a_model_gives_what_its_last_layer_would_have_seen() {
    let device = Device::flex();
    let images = images([2, 3, 32, 32], &device);
    for kind in KINDS {
        let model = filled(kind, &options().with_num_classes(5), &device);
        let seen = values(model.forward_head(model.forward_features(images.clone()), true));
        let bare = with_state(build(kind, &options().with_num_classes(0), &device), &state(&model));
        assert_eq!(bare.num_features(), model.num_features(), "{kind}");
        assert_eq!(values(bare.forward(images.clone())), seen, "{kind}");
        let mut cut = model.clone();
        cut.reset_classifier(0, &device);
        assert_eq!(values(cut.forward(images.clone())), seen, "{kind}");
    }
}

#[test]
fn another_classifier_changes_the_head_alone() {
    let device = Device::flex();
    let images = images([1, 3, 32, 32], &device);
    for kind in KINDS.into_iter().chain(["googlenet"]) {
        let mut model = filled(kind, &options().with_num_classes(5), &device);
        let before = state(&model);
        model.reset_classifier(7, &device);
        let after = state(&model);
        assert_eq!(before.len(), after.len(), "{kind}");
        let changed: Vec<_> = after.iter().filter(|(name, new)| before.get(*name) != Some(*new)).map(|(name, _)| name).collect();
        let heads: Vec<_> = before.keys().filter(|name| of_head(&model, name)).collect();
        assert!(!heads.is_empty());
        assert_eq!(changed, heads, "{kind}");
        assert_eq!(model.num_classes(), 7, "{kind}");
        let shapes = params::param_table(&model).into_iter().filter(|info| heads.contains(&&info.name));
        assert!(shapes.into_iter().all(|info| info.shape[0] == 7), "{kind}");
        assert_eq!(model.forward(images.clone()).dims(), [1, 7], "{kind}");
    }
}

#[test]
fn each_kind_of_pooling_is_what_its_name_says() {
    let device = Device::flex();
    let images = images([2, 3, 64, 48], &device);
    for kind in ["resnet20_cifar", "densenet_cifar", "tiny_swin"] {
        let pooled = |pool| {
            let model = filled(kind, &options().with_num_classes(0).with_global_pool(pool), &device);
            let map = model.forward_features(images.clone()).into_map();
            let area = map.dims()[2] * map.dims()[3];
            assert!(area > 1, "{kind}: nothing to pool");
            (values(model.forward(images.clone())), values(map), area)
        };
        let (average, map, area) = pooled(GlobalPoolKind::Avg);
        let means: Vec<_> = map.chunks(area).map(|channel| channel.iter().sum::<f32>() / area as f32).collect();
        let largest: Vec<_> = map.chunks(area).map(|channel| channel.iter().copied().fold(f32::MIN, f32::max)).collect();
        assert_close(&average, &means, 1e-5, kind);
        assert_close(&pooled(GlobalPoolKind::Max).0, &largest, 1e-5, kind);
        let halves: Vec<_> = means.iter().zip(&largest).map(|(a, b)| (a + b) / 2.0).collect();
        assert_close(&pooled(GlobalPoolKind::AvgMax).0, &halves, 1e-5, kind);
        let both = means.chunks(means.len() / 2).zip(largest.chunks(largest.len() / 2)).flat_map(|(a, b)| [a, b].concat());
        assert_close(&pooled(GlobalPoolKind::CatAvgMax).0, &both.collect::<Vec<_>>(), 1e-5, kind);
    }
}
