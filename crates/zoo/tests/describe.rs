//! `zoo list` and `zoo summary`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Read;
use std::process::{Command, Stdio};

use common::{error, fixture, json, stdout};

#[test]
fn summary_prints_what_pytorch_prints() {
    for name in ["vgg11", "vgg11_bn", "vgg13", "vgg16", "alexnet"] {
        let expected = std::fs::read_to_string(fixture(&format!("print/{name}.txt"))).unwrap();
        assert_eq!(stdout(&["summary", name, "--format", "torch"]), expected, "{name}");
    }
}

/// Parameters as torchvision documents them; multiply-accumulates as fvcore counts them, and torchvision's tables in G.
#[test]
fn totals_are_torchvisions() {
    let list = json(&["list", "--json"]);
    for (name, params, giga) in [
        ("alexnet", 61_100_840, 0.714),
        ("vgg11", 132_863_336, 7.609),
        ("vgg11_bn", 132_868_840, 7.609),
        ("vgg13", 133_047_848, 11.308),
        ("vgg13_bn", 133_053_736, 11.308),
        ("vgg16", 138_357_544, 15.470),
        ("vgg16_bn", 138_365_992, 15.470),
        ("vgg19", 143_667_240, 19.632),
        ("vgg19_bn", 143_678_248, 19.632),
    ] {
        let row = list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
        assert_eq!(row["params"], params, "{name}");
        assert!((row["macs"].as_f64().unwrap() / 1e9 - giga).abs() < 0.0006, "{name}: {}", row["macs"]);
        let summary = json(&["summary", name, "--json"]);
        assert_eq!((&summary["params"], &summary["macs"]), (&row["params"], &row["macs"]), "{name}");
        assert_eq!(row["input"], serde_json::json!([3, 224, 224]));
        let keys: Vec<_> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["name", "family", "params", "macs", "input", "aliases", "weights", "top1"]);
    }
}

/// LeNet-5 by hand: 6 kernels of 25 + 1, and so on.
#[test]
fn a_row_a_layer_and_totals_are_their_sums() {
    let summary = json(&["summary", "lenet5", "--json"]);
    let layers = summary["layers"].as_array().unwrap();
    let sum = |field: &str| layers.iter().map(|layer| layer[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("params"), sum("macs")), (61_706, 28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10));
    assert_eq!((summary["params"].as_u64(), summary["macs"].as_u64()), (Some(sum("params")), Some(sum("macs"))));
    assert_eq!(summary["activations"], 28 * 28 * 6 + 10 * 10 * 16 + 120 + 84 + 10);
    assert!((summary["parameter_megabytes"].as_f64().unwrap() - 0.246_824).abs() < 1e-9);
    let first = &layers[0];
    assert_eq!((&first["name"], &first["type"]), (&"features.0".into(), &"Conv2d".into()));
    assert_eq!((&first["kernel"], &first["stride"]), (&serde_json::json!([5, 5]), &serde_json::json!([1, 1])));
    assert_eq!((&first["output"], &first["params"]), (&serde_json::json!([6, 28, 28]), &156.into()));
}

/// A stack of three 3x3 convolutions, as the lecture draws it: the first sees 3x3, two see 5x5, three see 7x7.
#[test]
fn stacked_convolutions_see_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stack.toml");
    std::fs::write(&path, "[[blocks]]\nout_channels = 4\n".repeat(3)).unwrap();
    let model = path.to_str().unwrap();
    let summary = json(&["summary", model, "--input", "3x16x16", "--json"]);
    let layers = summary["layers"].as_array().unwrap();
    let fields: Vec<_> = layers.iter().filter(|l| l["type"] == "Conv2d").map(|l| l["receptive_field"].to_string()).collect();
    assert_eq!(fields, ["[3,3]", "[5,5]", "[7,7]"]);
    let table = stdout(&["summary", model]);
    let last: Vec<_> = table.lines().filter(|line| line.contains("Conv2d")).filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(last, ["3x3", "5x5", "7x7"]);
}

#[test]
fn summary_takes_another_input_and_other_classes() {
    let table = stdout(&["summary", "vgg11", "--input", "1x64x96", "--num-classes", "10"]);
    assert!(table.starts_with("vgg11, input 1x64x96\n"), "{table}");
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(row("features.0 "), "features.0 Conv2d 3x3 1x1 64x64x96 640 3,538,944 3x3");
    assert_eq!(row("features.20"), "features.20 MaxPool2d 2x2 2x2 512x2x3 0 0 150x150");
    assert!(row("classifier.6").starts_with("classifier.6 Linear 10 40,970 40,960"));
}

#[test]
fn list_filters_and_sorts_as_people_do() {
    let names = |args: &[&str]| -> Vec<String> {
        json(args).as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["list", "vgg1?_bn", "--json"]), ["vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"]);
    let all = names(&["list", "--json"]);
    let place = |name: &str| all.iter().position(|n| n == name).unwrap();
    assert!(place("alexnet") < place("alexnet2012") && place("lenet5") < place("lenet1989"), "{all:?}");
    let table = stdout(&["list", "*lenet5*"]);
    assert_eq!(table.lines().count(), 3, "a heading and two models: {table}");
    assert!(table.lines().any(|line| line.split_whitespace().eq(["lenet5", "lenet", "61,706", "416,520", "1x28x28"])), "{table}");
}

#[test]
fn a_reader_that_stops_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zoo"))
        .args(["summary", "vgg19", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_zoo")).arg("list").stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("error: cannot write the output: No space left"), "{said}");
}

#[test]
fn each_mistake_has_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.toml");
    std::fs::write(&bad, "[[blocks]]\nout_chanels = 4\n").unwrap();
    let missing = folder.path().join("missing.toml");
    for (args, part) in [
        (&["summary", "vg11"][..], "unknown model `vg11`; did you mean vgg11"),
        (&["summary", "vgg11", "--input", "3x31x31"], "the smallest is 32x32"),
        (&["summary", "alexnet", "--input", "3x10x10"], "the smallest is 63x63"),
        (&["summary", "vgg11", "--input", "3x32"], "too small"),
        (&["summary", "vgg11", "--input", "3by32"], "as in 3x224x224"),
        (&["summary", "vgg11", "--inptu", "3x32x32"], "'--input'"),
        (&["summary"], "<MODEL>"),
        (&["summry"], "'summary'"),
        (&["list", "vvg11*"], "did you mean vgg11"),
        (&["summary", bad.to_str().unwrap()], "out_chanels"),
        (&["summary", missing.to_str().unwrap()], "missing.toml"),
    ] {
        let message = error(2, args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
}
