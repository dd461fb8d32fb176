//! timm's descriptions, and folders that hold them.

use std::fs;

use tempfile::tempdir;
use zoo_hub::{Checkpoint, HubError, TimmConfig};

/// As timm writes it, with what it may leave empty.
const NESTED: &str = r#"{
  "architecture": "vit_tiny_patch16_224", "num_classes": 3, "num_features": 192, "global_pool": "token",
  "label_names": ["n1", "n2", "n3"], "label_descriptions": {"n1": "tench", "n2": "shark", "n3": "hen"},
  "model_args": {"in_chans": 1, "img_size": 384},
  "pretrained_cfg": {
    "tag": "augreg_in21k_ft_in1k", "custom_load": false, "input_size": [3, 224, 224], "test_input_size": [3, 288, 288],
    "fixed_input_size": true, "interpolation": "bicubic", "crop_pct": 0.9, "test_crop_pct": 1.0, "crop_mode": "center",
    "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "num_classes": 1000, "pool_size": null,
    "first_conv": "patch_embed.proj", "classifier": ["head", "head_dist"], "license": "apache-2.0",
    "paper_ids": "arXiv:2106.10270", "some_future_key": {"a": 1}
  }
}"#;

const FLAT: &str = r#"{
  "architecture": "resnet18", "num_classes": 2, "num_features": 512, "input_size": [3, 224, 224], "pool_size": [7, 7],
  "crop_pct": 0.875, "interpolation": "bilinear", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
  "first_conv": "conv1", "classifier": null, "labels": ["cat", "dog"]
}"#;

#[test]
fn what_timm_writes_is_read() {
    let config = TimmConfig::parse(NESTED).unwrap();
    assert_eq!((config.architecture.as_str(), config.num_classes, config.num_features), ("vit_tiny_patch16_224", Some(3), Some(192)));
    assert_eq!(config.global_pool.as_deref(), Some("token"));
    assert_eq!(config.class_names().unwrap(), ["n1", "n2", "n3"]);
    assert_eq!(config.label_descriptions["n2"], "shark");
    let weights = &config.pretrained_cfg;
    assert_eq!(weights.tag.as_deref(), Some("augreg_in21k_ft_in1k"));
    // The arguments that the model was built with say what the weights take.
    assert_eq!((weights.input_size, weights.test_input_size), (Some([1, 384, 384]), Some([1, 288, 288])));
    assert_eq!((weights.crop_pct, weights.test_crop_pct, weights.num_classes), (Some(0.9), Some(1.0), Some(3)));
    assert_eq!((weights.interpolation.as_deref(), weights.crop_mode.as_deref()), (Some("bicubic"), Some("center")));
    assert_eq!((weights.mean.as_deref(), weights.std.as_deref()), (Some(&[0.5; 3][..]), Some(&[0.5; 3][..])));
    assert_eq!(
        (&weights.first_conv, &weights.classifier),
        (&vec!["patch_embed.proj".to_owned()], &vec!["head".to_owned(), "head_dist".into()])
    );
    assert_eq!((weights.license.as_deref(), weights.paper_ids.len()), (Some("apache-2.0"), 1));
}

#[test]
fn the_older_layout_is_read() {
    let config = TimmConfig::parse(FLAT).unwrap();
    assert_eq!((config.architecture.as_str(), config.num_classes), ("resnet18", Some(2)));
    assert_eq!(config.class_names().unwrap(), ["cat", "dog"]);
    let weights = config.pretrained_cfg;
    assert_eq!((weights.input_size, weights.interpolation.as_deref()), (Some([3, 224, 224]), Some("bilinear")));
    assert_eq!((weights.first_conv, weights.classifier, weights.tag), (vec!["conv1".to_owned()], vec![], None));
}

#[test]
fn labels_may_have_gaps_and_be_within() {
    let text = |labels: &str| format!(r#"{{"architecture": "a", "num_classes": 3, "pretrained_cfg": {{"label_names": {labels}}}}}"#);
    let gaps = TimmConfig::parse(&text(r#"{"0": "x", "2": "z"}"#)).unwrap();
    assert_eq!((gaps.label_names[&2].as_str(), gaps.class_names()), ("z", None));
    assert_eq!(TimmConfig::parse(&text(r#"["x", "y", "z"]"#)).unwrap().class_names().unwrap(), ["x", "y", "z"]);
    assert_eq!(TimmConfig::parse(&text("null")).unwrap().class_names(), None);
    assert!(TimmConfig::parse(&text(r#"{"one": "x"}"#)).unwrap_err().contains("`one` is no index"));
}

#[test]
fn what_is_no_description_is_refused() {
    for (text, reason) in [("", "EOF"), ("[1]", "expected a map"), ("{}", "`architecture`"), (r#"{"architecture": 3}"#, "`architecture`")] {
        let error = TimmConfig::parse(text).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    assert!(TimmConfig::parse(r#"{"architecture": "a", "pretrained_cfg": {"input_size": "big"}}"#).is_err());
}

#[test]
fn a_folder_has_both_files_or_says_which_is_missing() {
    let folder = tempdir().unwrap();
    let open = || Checkpoint::from_folder(folder.path());
    let missing = |text: &str| {
        let error = open().unwrap_err();
        assert!(matches!(error, HubError::Missing { .. }), "{error}");
        assert!(error.to_string().ends_with(text) && error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    };
    missing("has no config.json");
    fs::write(folder.path().join("config.json"), NESTED).unwrap();
    missing("has no model.safetensors or pytorch_model.bin");
    for weights in ["pytorch_model.bin", "model.safetensors"] {
        fs::write(folder.path().join(weights), "").unwrap();
        assert_eq!(open().unwrap().weights, folder.path().join(weights));
    }
    fs::write(folder.path().join("config.json"), "{").unwrap();
    assert!(matches!(open().unwrap_err(), HubError::Config { .. }));
    assert!(matches!(Checkpoint::from_folder(&folder.path().join("none")).unwrap_err(), HubError::Io { .. }));
}
