//! The program itself, on flex.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use common::{path, refused, train};

#[test]
fn what_is_asked_wrongly_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "run");
    assert!(refused(&["--modle", "x"], 2).contains("--model"));
    assert!(refused(&["--model", "lenet6", "--output", &out], 2).contains("lenet5"));
    assert!(refused(&["--backend", "flx"], 2).contains("flex"));
    assert!(refused(&["--dataset", "digit", "--output", &out], 2).contains("digits"));
    assert!(refused(&["--dataset", "folder", "--output", &out], 2).contains("folder"));
    refused(&["--dataset", "folder", "--data", &path(folder.path(), "none"), "--output", &out], 1);
    assert!(refused(&["--model", "vgg11", "--dataset", "shapes", "--image-size", "16", "--output", &out], 2).contains("smallest is 32x32"));
    let config = path(folder.path(), "bad.toml");
    std::fs::write(&config, "epoch = 3").unwrap();
    assert!(refused(&["--config", &config], 2).contains("`epochs`"));
    assert!(!Path::new(&out).exists(), "nothing is made before everything is checked");
}

const TINY: &[&str] = &["--limit", "64", "--batch-size", "16", "--epochs", "30", "--dropout", "0.2", "--output"];

#[test]
fn a_stopped_and_resumed_run_ends_as_an_unbroken_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (path(folder.path(), "whole"), path(folder.path(), "broken"));
    train(&[TINY, &[&whole]].concat()).assert().success();
    // A signal as early as possible, then as many resumptions as it takes; each does at least one step.
    let mut child = train(&[TINY, &[&broken]].concat()).spawn().unwrap();
    while !Path::new(&broken).join("config.toml").exists() {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).assert().success();
    assert!(child.wait().unwrap().success());
    assert!(!Path::new(&broken).join("result.json").exists(), "the signal came too late to test anything");
    train(&["--resume", &broken]).assert().success();
    let read = |run: &str, name: &str| std::fs::read(Path::new(run).join(name)).unwrap();
    assert_eq!(read(&whole, "last.safetensors"), read(&broken, "last.safetensors"));
    assert_eq!(read(&whole, "best.safetensors"), read(&broken, "best.safetensors"));
    let result: serde_json::Value = serde_json::from_slice(&read(&whole, "result.json")).unwrap();
    assert_eq!(result["parameters"], 61_706);
    assert_eq!(String::from_utf8(read(&whole, "summary.csv")).unwrap().lines().count(), 31);
    assert_eq!(read(&whole, "summary.csv"), read(&broken, "summary.csv"));
    let report = String::from_utf8(read(&broken, "report.html")).unwrap();
    assert!(report.contains("lenet5 on digits") && report.contains("Worst mistakes"));
    assert!(refused(&["--output", &whole], 2).contains("not empty"));
}

/// On a terminal: the dashboard, which gives the screen back and leaves the epochs and the result behind.
#[test]
#[cfg(unix)]
fn a_terminal_gets_the_dashboard() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    // util-linux's `script` runs a command on a terminal of its own.
    let command = format!("stty cols 140 rows 40; '{}' --epochs 20 --limit 64 --output '{}'", env!("CARGO_BIN_EXE_train"), run.display());
    let on_terminal =
        |command: &str| std::process::Command::new("script").args(["-qec", command, "/dev/null"]).env("TERM", "xterm-256color").output();
    let output = match on_terminal(&command) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no `script` here to make a terminal");
            return;
        }
        output => output.unwrap(),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let (enter, leave) = ("\u{1b}[?1049h", "\u{1b}[?1049l");
    let screen = text.split_once(enter).unwrap().1.split_once(leave).unwrap();
    // It draws ten times a second, and what changed only: a frame is some thousand bytes.
    assert!(screen.0.len() > 1000, "{text}");
    assert!(screen.1.contains("Valid: 0") && screen.1.contains("*** Test accuracy"), "{text}");
    assert!(run.join("result.json").is_file());
    // `--plain` leaves the screen alone.
    std::fs::remove_dir_all(&run).unwrap();
    let output = on_terminal(&(command + " --plain")).unwrap();
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stdout).contains(enter));
}

/// A folder as timm writes it is where a run starts, and the run's own recipe starts another without being fetched again.
#[test]
fn published_weights_start_a_run_and_its_recipe_another() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| path(folder.path(), name);
    train(&["--model", "resnet20_cifar", "--epochs", "1", "--limit", "16", "--image-size", "32", "--output", &place("first")])
        .assert()
        .success();
    std::fs::create_dir(folder.path().join("net")).unwrap();
    std::fs::copy(folder.path().join("first/last.safetensors"), folder.path().join("net/model.safetensors")).unwrap();
    let config = r#"{"architecture": "resnet20_cifar", "num_classes": 10, "pretrained_cfg": {"input_size": [1, 32, 32], "mean": [0.25], "std": [0.5]}}"#;
    std::fs::write(folder.path().join("net/config.json"), config).unwrap();
    let model = format!("local-dir:{}", place("net"));
    train(&["--model", &model, "--epochs", "1", "--limit", "16", "--output", &place("second")]).assert().success();
    let recipe = std::fs::read_to_string(folder.path().join("second/config.toml")).unwrap();
    assert!(recipe.contains("model = \"resnet20_cifar\"") && recipe.contains("mean = [0.25]"), "{recipe}");
    train(&["--config", &place("second/config.toml"), "--output", &place("third")]).assert().success();
    // Equal recipes from equal weights are equal runs.
    let weights = |run: &str| std::fs::read(folder.path().join(run).join("last.safetensors")).unwrap();
    assert!(weights("second") == weights("third"));
    let tagged = ["--model", "resnet18.IMAGENET1K_V1", "--offline", "--cache-dir", &place("cache"), "--output", &place("fourth")];
    assert!(refused(&tagged, 1).contains("resnet18-f37072fd.pth"));
}
