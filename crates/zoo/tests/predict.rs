//! `zoo predict` and `zoo evaluate`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::params::{fill_params, write_params};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier};
use common::{error, json, zoo};
use tempfile::TempDir;
use zoo_datasets::{DataOptions, Filter, Loader, LoaderOptions, Resize, Transform};
use zoo_weights::{WeightsMeta, save};

fn build(name: &str, options: &BuildOptions) -> AnyClassifier {
    burn_zoo::build(name, options, &Device::flex()).unwrap()
}

/// Values divided by 255, and nothing else.
fn plain() -> Transform {
    Transform { resize: Resize::None, filter: Filter::Bilinear, crop: None, channels: 1, mean: vec![0.0], std: vec![1.0] }
}

fn meta(options: &BuildOptions, classes: &[&str]) -> WeightsMeta {
    WeightsMeta {
        model: Some("lenet5".to_owned()),
        options: Some(options.clone()),
        classes: Some(classes.iter().map(|name| (*name).to_owned()).collect()),
        transform: Some(serde_json::to_value(plain()).unwrap()),
        ..WeightsMeta::default()
    }
}

/// A grey PNG; its values.
fn picture(path: &Path, side: u32) -> Vec<u8> {
    let picture = image::GrayImage::from_fn(side, side, |x, y| image::Luma([(x * 9 + y * y * 5) as u8]));
    picture.save(path).unwrap();
    picture.into_raw()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with a LeNet of three classes that knows itself, and a picture.
fn run_folder() -> (TempDir, PathBuf, PathBuf, AnyClassifier, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (weights, image) = (folder.path().join("best.safetensors"), folder.path().join("a.png"));
    let options = BuildOptions::default().with_num_classes(3);
    let model = fill_params(build("lenet5", &options), "predict");
    save(&model, &weights, &meta(&options, &["ant", "bee", "cat"])).unwrap();
    let values = picture(&image, 28);
    (folder, weights, image, model, values)
}

#[test]
fn predicts_what_the_model_computes() {
    let (_folder, weights, image, model, values) = run_folder();
    let values: Vec<f32> = values.into_iter().map(|v| f32::from(v) / 255.0).collect();
    let input = Tensor::from_data(TensorData::new(values, [1, 1, 28, 28]), &Device::flex());
    let logits = model.forward(input).into_data().try_to_vec::<f32>().unwrap();
    let sum: f64 = logits.iter().map(|v| f64::from(*v).exp()).sum();

    let line = json(&["predict", "--weights", text(&weights), text(&image), "--json"]);
    assert_eq!((line["model"].as_str(), line["image"].as_str()), (Some("lenet5"), Some(text(&image))));
    let top = line["top"].as_array().unwrap();
    assert_eq!(top.len(), 3);
    for guess in top {
        let index = guess["index"].as_u64().unwrap() as usize;
        assert_eq!(guess["label"], ["ant", "bee", "cat"][index]);
        assert!((guess["logit"].as_f64().unwrap() - f64::from(logits[index])).abs() < 1e-5);
        assert!((guess["probability"].as_f64().unwrap() - f64::from(logits[index]).exp() / sum).abs() < 1e-6);
    }
    assert!(top.windows(2).all(|pair| pair[0]["logit"].as_f64() >= pair[1]["logit"].as_f64()));
    let named = json(&["predict", "lenet5", text(&image), "--weights", text(&weights), "--json", "--topk", "1"]);
    assert_eq!((named["top"].as_array().unwrap().len(), &named["top"][0]), (1, &top[0]));
}

/// A file from elsewhere says nothing: the number of classes is its head's, the labels are ImageNet's or numbers.
#[test]
fn a_bare_file_needs_only_the_models_name() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("a.png");
    picture(&image, 40);
    for classes in [1000, 7] {
        let weights = folder.path().join(format!("{classes}.safetensors"));
        let model = fill_params(build("lenet5", &BuildOptions::default().with_num_classes(classes)), "bare");
        save(&model, &weights, &WeightsMeta::default()).unwrap();
        let line = json(&["predict", "lenet5", "--weights", text(&weights), text(&image), "--json"]);
        let (index, label) = (line["top"][0]["index"].as_u64().unwrap(), line["top"][0]["label"].as_str().unwrap());
        let expected = if classes == 1000 { burn_zoo::imagenet_categories()[index as usize].to_owned() } else { index.to_string() };
        assert_eq!(label, expected);
        let message = error(2, &["predict", "--weights", text(&weights), text(&image)]);
        assert!(message.contains("name the model"), "{message}");
    }
}

#[test]
fn a_bad_picture_is_named_and_the_others_are_predicted() {
    let (folder, weights, image, ..) = run_folder();
    let (bad, missing, cut) = (folder.path().join("bad.jpg"), folder.path().join("none.png"), folder.path().join("cut.png"));
    std::fs::write(&bad, "this is no picture").unwrap();
    std::fs::write(&cut, &std::fs::read(&image).unwrap()[..60]).unwrap();
    let output = zoo(&["predict", "--weights", text(&weights), text(&bad), text(&missing), text(&cut), text(&image), "--json"]);
    let (said, written) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    for (line, name) in lines.iter().zip(["bad.jpg", "none.png", "cut.png"]) {
        assert!(line.starts_with("error: ") && line.contains(name), "{line}");
    }
    assert_eq!(written.lines().count(), 1);
    assert!(written.contains("a.png"), "{written}");
}

#[test]
fn each_mistake_has_its_sentence() {
    let (folder, weights, image, ..) = run_folder();
    let bytes = std::fs::read(&weights).unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let cut = file("cut.safetensors", &bytes[..bytes.len() - 10]);
    let header = file("header.safetensors", &[&[255; 8][..], b"{", &bytes[9..]].concat());
    let noise = file("noise.pth", b"no weights at all");
    let missing = folder.path().join("missing.safetensors");
    for (weights, part) in
        [(&cut, "cut.safetensors"), (&header, "header.safetensors"), (&noise, "noise.pth"), (&missing, "missing.safetensors")]
    {
        let message = error(1, &["predict", "lenet5", "--weights", text(weights), text(&image)]);
        assert!(message.contains(part), "{message}");
    }
    let (weights, image) = (text(&weights), text(&image));
    for (args, part) in [
        (&["predict", "lenet", "--weights", weights, image][..], "unknown model `lenet`; did you mean lenet"),
        (&["predict", "--weights", weights], "IMAGE"),
        (&["predict", "lenet5", "--weights", weights], "no picture"),
        (&["predict", image], "--weights"),
        (&["predict", "--weights", weights, image, "--topk", "0"], "--topk"),
        (&["predict", "--weights", weights, image, "--backend", "flux"], "unknown backend `flux`; did you mean flex"),
        (&["predict", "--weights", weights, image, "--device", "3"], "only device 0"),
        (&["evaluate", "--weights", weights, "--dataset", "digit"], "digits"),
        (&["evaluate", "--weights", weights, "--dataset", "folder"], "path"),
        (&["evaluate", "--weights", weights, "--dataset", "digits"], "the model has 3 classes, the data set 10"),
    ] {
        let message = error(2, args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
    let small = folder.path().join("small.png");
    picture(&small, 4);
    let message = error(2, &["predict", "--weights", weights, text(&small)]);
    assert!(message.contains("4x4"), "{message}");
}

#[test]
fn weights_of_another_model_name_every_key() {
    let (_folder, weights, image, ..) = run_folder();
    let output = zoo(&["predict", "vgg11", "--weights", text(&weights), text(&image)]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("error: ") && said.contains("missing: features.11.weight"), "{said}");
}

/// A network that always says 3: its accuracy is the share of threes, and one column of the matrix holds everything.
#[test]
fn evaluate_counts() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("three.safetensors");
    let options = BuildOptions::default();
    let model = write_params(build("lenet5", &options), |info| {
        let mut values = vec![0.0; info.shape.iter().product()];
        if info.name == "classifier.4.bias" {
            values[3] = 2.0;
        }
        Some(values)
    });
    let names: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let transform = serde_json::to_value(Transform { resize: Resize::Exact([28, 28]), ..plain() }).unwrap();
    save(&model, &weights, &WeightsMeta { transform: Some(transform), ..meta(&options, &names) }).unwrap();

    let test = zoo_datasets::open("digits", &DataOptions::default()).unwrap().test;
    let loader = Loader::new(test, Arc::new(plain()), LoaderOptions::default()).unwrap();
    let labels: Vec<usize> = loader.epoch(0).flat_map(|batch| batch.unwrap().labels).collect();
    let count = |label| labels.iter().filter(|l| **l == label).count();

    let found = json(&["evaluate", "--weights", text(&weights), "--dataset", "digits", "--json"]);
    let share = count(3) as f64 / labels.len() as f64;
    assert_eq!((found["pictures"].as_u64(), found["top1"].as_f64()), (Some(labels.len() as u64), Some(share)));
    for label in 0..10 {
        let row: Vec<_> = found["confusion"][label].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let expected: Vec<_> = (0..10).map(|predicted| if predicted == 3 { count(label) } else { 0 }).collect();
        assert_eq!(row, expected);
    }
    // ln(9 + e^2), minus 2 where it is a three.
    let loss = (9.0 + 2.0_f64.exp()).ln() - 2.0 * share;
    assert!((found["loss"].as_f64().unwrap() - loss).abs() < 1e-6);
    // Of the equal logits the lower classes come first: 3, 0, 1, 2, 4 are the five.
    let five = [0, 1, 2, 3, 4].into_iter().map(count).sum::<usize>() as f64 / labels.len() as f64;
    assert!((found["top5"].as_f64().unwrap() - five).abs() < 1e-12);
}
