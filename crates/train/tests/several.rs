//! Several runs into one folder, and what is done before a run.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;

use assert_cmd::assert::OutputAssertExt;
use common::{path, refused, train};

const FILE: &str = "
limit = 64
epochs = 2
[augment]
hflip = 0.25
[runs.adam]
lr = 1e-3
[runs.sgd]
opt = \"sgd\"
lr = 0.05
model_ema = true
[runs.sgd.augment]
pad_pixels = 1
";

fn recipe(folder: &Path) -> String {
    let file = path(folder, "recipe.toml");
    std::fs::write(&file, FILE).unwrap();
    file
}

fn said(arguments: &[&str]) -> String {
    String::from_utf8(train(arguments).assert().success().get_output().stdout.clone()).unwrap()
}

#[test]
fn a_comparison_has_one_report_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (recipe(folder.path()), path(folder.path(), "out"));
    let text = said(&["--config", &file, "--compare", "--seeds", "2", "--output", &out, "--seed", "7"]);
    for part in
        ["=== adam-seed7 (1 of 4)", "=== sgd-seed8 (4 of 4)", "*** adam: ", "*** sgd: ", "2 seeds", "average of weights", "comparison.html"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let read = |name: &str| std::fs::read_to_string(Path::new(&out).join(name)).unwrap();
    let page = read("comparison.html");
    for part in ["Mean over the seeds", "sgd-seed8", "Error in %", "augment.pad_pixels", " ± "] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(read("comparison.csv").lines().count(), 3);
    assert!(read("sgd-seed7/config.toml").contains("pad_pixels = 1") && read("adam-seed8/config.toml").contains("hflip = 0.25"));
    // A run that is gone, as one that was never begun, is done when the comparison goes on; the others stay.
    let before = std::fs::read(Path::new(&out).join("sgd-seed8/last.safetensors")).unwrap();
    let other = std::fs::metadata(Path::new(&out).join("adam-seed7/result.json")).unwrap().modified().unwrap();
    std::fs::remove_dir_all(Path::new(&out).join("sgd-seed8")).unwrap();
    said(&["--resume", &out]);
    assert!(std::fs::read(Path::new(&out).join("sgd-seed8/last.safetensors")).unwrap() == before);
    assert_eq!(std::fs::metadata(Path::new(&out).join("adam-seed7/result.json")).unwrap().modified().unwrap(), other);
    assert!(refused(&["--resume", &out, "--epochs", "9"], 2).contains("--epochs"));
}

#[test]
fn one_of_several_runs_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (recipe(folder.path()), path(folder.path(), "out"));
    let none = refused(&["--config", &file, "--output", &out], 2);
    assert!(none.contains("adam, sgd") && none.contains("--compare") && none.contains("--run"), "{none}");
    assert!(refused(&["--config", &file, "--run", "x", "--output", &out], 2).contains("adam, sgd"));
    assert!(refused(&["--compare"], 2).contains("[runs.NAME]"));
    said(&["--config", &file, "--run", "sgd", "--output", &out, "--epochs", "1", "--tensorboard"]);
    let names: Vec<String> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name == "ema-best.safetensors"), "{names:?}");
    let events = names.iter().find(|name| name.starts_with("events.out.tfevents.")).unwrap();
    let events = std::fs::read(Path::new(&out).join(events)).unwrap();
    let has = |tag: &str| events.windows(tag.len()).any(|window| window == tag.as_bytes());
    assert!(["brain.Event:2", "valid/top1", "ema/loss"].into_iter().all(has));
    let seeds = path(folder.path(), "seeds");
    assert!(said(&["--limit", "32", "--epochs", "1", "--seeds", "2", "--output", &seeds]).contains("*** lenet5: "));
}

#[test]
fn before_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "finder");
    let dry = said(&["--model", "resnet50", "--dataset", "folder", "--opt", "lamb", "--model-ema", "--mixup", "0.2", "--dry-run"]);
    let again: toml::Table = dry.parse().unwrap();
    assert_eq!(again["augment"]["mixup"].as_float(), Some(0.2));
    for part in ["# resnet50: 25557032 parameters, 4.089 G", "# logits [16, 1000]", "not here"] {
        assert!(dry.contains(part), "{part}: {dry}");
    }
    assert!(said(&["--dry-run"]).contains("# 79 steps of 16 pictures an epoch"));
    let rehearsed = said(&["--model", "resnet20_cifar", "--dataset", "cifar100", "--rehearse"]);
    assert!(rehearsed.contains("2 generated pictures of 3x32x32, 100 classes"), "{rehearsed}");
    let dry = train(&["--batch-size", "auto", "--model", "resnet20_cifar", "--opt", "sgd", "--dry-run"]).assert().success();
    let dry: toml::Table = String::from_utf8(dry.get_output().stdout.clone()).unwrap().parse().unwrap();
    let size = dry["batch_size"].as_integer().unwrap();
    assert!((16..=1024).contains(&size) && dry["lr"].as_float() == Some(0.1 * size as f64 / 256.0), "{size}");
    assert!(refused(&["--batch-size", "x"], 2).contains("auto"));
    let found = said(&["--model", "custom", "--image-size", "16", "--batch-size", "32", "--find-lr", "--output", &out]);
    assert!(found.contains("the loss falls fastest at --lr"), "{found}");
    let finder: serde_json::Value = serde_json::from_slice(&std::fs::read(Path::new(&out).join("lr-finder.json")).unwrap()).unwrap();
    assert!(finder["points"].as_array().unwrap().len() > 20 && (1e-4..1.0).contains(&finder["suggestion"].as_f64().unwrap()));
    assert!(std::fs::read_to_string(Path::new(&out).join("report.html")).unwrap().contains("Learning-rate finder"));
    assert!(!Path::new(&out).join("last.safetensors").exists());
}
