//! Layer-wise learning rates and weight decay of whole models against timm's; see `fixtures/generate.py`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use burn::tensor::Device;
use burn_zoo::BuildOptions;
use zoo_recipes::{GroupRules, Groups};

fn fixture(model: &str) -> BTreeMap<String, [f64; 2]> {
    let mut all: BTreeMap<String, BTreeMap<String, [f64; 2]>> = serde_json::from_str(include_str!("fixtures/layers.json")).unwrap();
    all.remove(model).unwrap()
}

fn groups(model: &str) -> Groups {
    let model = burn_zoo::build(model, &BuildOptions::default(), &Device::flex()).unwrap();
    Groups::of(&model, &GroupRules { weight_decay: 0.05, layer_decay: Some(0.75), ..GroupRules::default() })
}

#[test]
fn resnets_layers_are_timms() {
    let expected = fixture("resnet18");
    let found = groups("resnet18");
    assert_eq!(found.iter().count(), expected.len());
    for (name, group) in found.iter() {
        let [scale, decay] = expected[name];
        assert!((group.lr_scale - scale).abs() < 1e-8 && group.weight_decay == decay, "{name}: {group:?} {scale} {decay}");
    }
}

/// torchvision's ViT has other names than timm's: by block and kind.
#[test]
fn transformers_spare_positions_and_have_a_layer_a_block() {
    let expected = fixture("vit_base_patch16_224");
    let found = groups("vit_b_16");
    let pairs = [
        ("class_token", "cls_token"),
        ("encoder.pos_embedding", "pos_embed"),
        ("conv_proj.weight", "patch_embed.proj.weight"),
        ("conv_proj.bias", "patch_embed.proj.bias"),
        ("encoder.layers.encoder_layer_0.ln_1.weight", "blocks.0.norm1.weight"),
        ("encoder.layers.encoder_layer_0.self_attention.in_proj_weight", "blocks.0.attn.qkv.weight"),
        ("encoder.layers.encoder_layer_7.self_attention.out_proj.bias", "blocks.7.attn.proj.bias"),
        ("encoder.layers.encoder_layer_11.mlp.0.weight", "blocks.11.mlp.fc1.weight"),
        ("encoder.ln.weight", "norm.weight"),
        ("heads.head.weight", "head.weight"),
        ("heads.head.bias", "head.bias"),
    ];
    for (ours, timms) in pairs {
        let group = found.get(ours).unwrap_or_else(|| panic!("no {ours}"));
        let [scale, decay] = expected[timms];
        assert!((group.lr_scale - scale).abs() < 1e-8 && group.weight_decay == decay, "{ours}: {group:?} {scale} {decay}");
    }
}

/// timm's `features` are ours; its classifier is another one.
#[test]
fn a_plain_row_of_layers_has_a_layer_each() {
    let expected = fixture("vgg11_bn");
    let found = groups("vgg11_bn");
    let ratio = |of: &dyn Fn(&str) -> f64, name: &str| of(name) / of("features.0.weight");
    for name in expected.keys().filter(|name| name.starts_with("features.")) {
        let (ours, timms) = (ratio(&|n| found.get(n).unwrap().lr_scale, name), ratio(&|n| expected[n][0], name));
        assert!((ours - timms).abs() < 1e-6 * timms, "{name}: {ours} {timms}");
        assert_eq!(found.get(name).unwrap().weight_decay, expected[name][1], "{name}");
    }
}

#[test]
fn torchvisions_flags() {
    let model = burn_zoo::build("resnet18", &BuildOptions::default(), &Device::flex()).unwrap();
    let rules = GroupRules { weight_decay: 0.1, filter_bias_and_bn: false, ..GroupRules::default() };
    assert!(Groups::of(&model, &rules).iter().all(|(_, group)| group.weight_decay == 0.1 && group.lr_scale == 1.0));
    let rules = GroupRules { norm_weight_decay: Some(0.0), bias_weight_decay: Some(0.01), head_lr_scale: 10.0, ..rules };
    let groups = Groups::of(&model, &rules);
    let of = |name| groups.get(name).map(|group| (group.weight_decay, group.lr_scale));
    assert_eq!(of("bn1.weight"), Some((0.0, 1.0)));
    assert_eq!(of("layer1.0.bn2.bias"), Some((0.0, 1.0)));
    assert_eq!(of("conv1.weight"), Some((0.1, 1.0)));
    assert_eq!(of("fc.bias"), Some((0.01, 10.0)));
    assert_eq!(of("fc.weight"), Some((0.1, 10.0)));
    let rules = GroupRules { weight_decay_exclude: vec!["downsample".to_owned()], ..rules };
    assert_eq!(Groups::of(&model, &rules).get("layer2.0.downsample.0.weight").unwrap().weight_decay, 0.0);
}
