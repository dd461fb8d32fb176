//! Files in, files out, and files that someone damaged.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::params::read_params;
use zoo_core::{Classifier, Describe, Features, Intermediate, Node};
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Layer, forward_layers};
use zoo_weights::{WeightsError, WeightsFile, WeightsMeta, load, save};

#[derive(Module, Debug)]
struct Tiny {
    features: Vec<Layer>,
    classifier: Linear,
    num_classes: usize,
}

impl Describe for Tiny {
    fn describe(&self) -> Node {
        Node::tree("Tiny", [("features", self.features.describe()), ("classifier", self.classifier.describe())])
    }
}

impl Classifier for Tiny {
    fn forward_head(&self, features: Features, _: bool) -> Tensor<2> {
        self.classifier.forward(features.into_map().flatten(1, 3))
    }
    fn stage_names(&self) -> Vec<String> {
        vec![]
    }
    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        self.classifier = LinearConfig::new(8, num_classes).init(device);
        self.num_classes = num_classes;
    }
    fn num_features(&self) -> usize {
        8
    }
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(forward_layers(&self.features, images))
    }
    fn forward_intermediates(&self, _: Tensor<4>) -> Vec<Intermediate> {
        vec![]
    }
    fn classifier_names(&self) -> Vec<String> {
        vec!["classifier".into()]
    }
    fn in_channels(&self) -> usize {
        1
    }
    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

fn tiny(num_classes: usize) -> Tiny {
    let device = Device::flex();
    Tiny {
        features: vec![
            Layer::Conv(Conv2dConfig::new([1, 2], [3, 3]).with_bias(false).init(&device)),
            Layer::BatchNorm(BatchNorm2d::new(2, &device)),
            Layer::Activation(Activation::new(ActivationKind::Relu, &device)),
        ],
        classifier: LinearConfig::new(8, num_classes).init(&device),
        num_classes,
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn logits(model: &Tiny) -> Vec<f32> {
    let x: Vec<f32> = (0..16).map(|i| -1.0 + 2.0 * i as f32 / 15.0).collect();
    let x = Tensor::<1>::from_floats(x.as_slice(), &Device::flex()).reshape([1, 1, 4, 4]);
    model.forward(x).into_data().try_to_vec::<f32>().unwrap()
}

fn reference() -> Vec<f32> {
    let text = std::fs::read_to_string(fixture("tiny.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["logits"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn assert_close(got: &[f32], want: &[f32], bound: f32) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < bound), "{got:?} for {want:?}");
}

#[test]
fn every_format_of_pytorch_gives_its_logits() {
    for (name, bound) in [("tiny_zip.pth", 1e-6), ("tiny_legacy.pth", 1e-6), ("tiny_wrapped.pth", 1e-6), ("tiny_bf16.safetensors", 2e-2)] {
        let mut model = tiny(3);
        let report = load(&mut model, &WeightsFile::read(&fixture(name)).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((report.loaded, report.reinitialised.len()), (7, 0), "{name}");
        assert_close(&logits(&model), &reference(), bound);
    }
}

#[test]
fn what_is_saved_is_read_back_with_its_description() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let model = tiny(3);
    let meta =
        WeightsMeta { model: Some("tiny".into()), classes: Some(vec!["a".into(), "b".into(), "c".into()]), ..WeightsMeta::default() };
    save(&model, &path, &meta).unwrap();
    let file = WeightsFile::read(&path).unwrap();
    assert_eq!(file.meta(), &meta);
    let mut other = tiny(3);
    load(&mut other, &file).unwrap();
    assert_eq!(logits(&other), logits(&model));
    // PyTorch's keys, and its shape of a fully connected weight.
    assert_eq!(file.shape("classifier.weight").unwrap(), [3, 8]);
}

#[test]
fn another_number_of_classes_keeps_the_fresh_head() {
    let mut model = tiny(5);
    let before = read_params(&model).unwrap();
    let report = load(&mut model, &WeightsFile::read(&fixture("tiny_zip.pth")).unwrap()).unwrap();
    assert_eq!(report.file_classes, Some(3));
    assert_eq!(report.reinitialised, ["classifier.weight", "classifier.bias"]);
    let after = read_params(&model).unwrap();
    for (old, new) in before.iter().zip(&after) {
        match old.name.as_str() {
            name if name.starts_with("classifier") => assert_eq!(old.values, new.values, "{name}"),
            name @ ("features.0.weight" | "features.1.running_mean") => assert_ne!(old.values, new.values, "{name}"),
            _ => {}
        }
    }
}

#[test]
fn every_difference_is_named_and_the_model_stays() {
    let file = WeightsFile::read(&fixture("tiny_zip.pth")).unwrap();
    let mut tensors = file.into_tensors().unwrap();
    tensors.retain(|t| t.name != "features.1.bias");
    for tensor in &mut tensors {
        match tensor.name.as_str() {
            "features.0.weight" => tensor.shape = vec![2, 9],
            "features.1.weight" => tensor.name = "features.9.weight".into(),
            _ => {}
        }
    }
    let mut model = tiny(3);
    let before = read_params(&model).unwrap();
    let error = load(&mut model, &WeightsFile::from_tensors(tensors, WeightsMeta::default())).unwrap_err();
    let WeightsError::Mismatch(found) = &error else { panic!("{error}") };
    assert_eq!(found.missing, ["features.1.weight", "features.1.bias"]);
    assert_eq!(found.unexpected, ["features.9.weight"]);
    assert_eq!(found.misshaped[0].expected, [2, 1, 3, 3]);
    let text = error.to_string();
    for part in
        ["2 missing, 1 unexpected, 1 of another shape", "missing: features.1.bias", "features.0.weight (model [2, 1, 3, 3], file [2, 9])"]
    {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(read_params(&model).unwrap(), before);
}

#[test]
fn what_is_no_file_of_weights_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(WeightsFile::read(&folder.path().join("none")), Err(WeightsError::Io { .. })));
    assert!(matches!(WeightsFile::read(folder.path()), Err(WeightsError::Io { .. })));
    for content in ["", "x", "hello, this is a text and no file of weights"] {
        let path = folder.path().join("text");
        std::fs::write(&path, content).unwrap();
        assert!(matches!(WeightsFile::read(&path), Err(WeightsError::UnknownFormat { .. } | WeightsError::Corrupt { .. })), "{content}");
    }
}

/// A checksum that is wrong is seen only when the values are read, after others were.
#[test]
fn a_model_stays_as_it_was_where_the_last_values_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(fixture("tiny_zip.pth")).unwrap();
    let path = folder.path().join("damaged.pth");
    let mut late = 0;
    for at in (0..whole.len()).step_by(16) {
        let mut turned = whole.clone();
        turned[at] ^= 0xff;
        std::fs::write(&path, &turned).unwrap();
        let Ok(file) = WeightsFile::read(&path) else { continue };
        let mut model = tiny(3);
        let before = read_params(&model).unwrap();
        if load(&mut model, &file).is_err() {
            late += 1;
            assert_eq!(read_params(&model).unwrap(), before, "byte {at}");
        }
    }
    assert!(late > 20, "only {late} files were found damaged after they were opened");
}

/// Cut short at many lengths, and with a byte turned at many places: an error or other numbers, never a panic.
#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tiny_zip.pth", "tiny_legacy.pth", "tiny_bf16.safetensors"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        let path = folder.path().join(name);
        let step = (whole.len() / 120).max(1);
        let mut refused = 0;
        for at in (0..whole.len()).step_by(step) {
            std::fs::write(&path, &whole[..at]).unwrap();
            refused += usize::from(WeightsFile::read(&path).and_then(|file| load(&mut tiny(3), &file)).is_err());
            let mut turned = whole.clone();
            turned[at] ^= 0xff;
            std::fs::write(&path, &turned).unwrap();
            let _ = WeightsFile::read(&path).map(|file| load(&mut tiny(3), &file).is_ok());
        }
        assert!(refused > 100, "{name}: only {refused} cut files were refused");
    }
    // A header that claims more than there is.
    let path = folder.path().join("liar.safetensors");
    let mut liar = u64::MAX.to_le_bytes().to_vec();
    liar.extend(b"{\"a\":1}");
    std::fs::write(&path, liar).unwrap();
    assert!(matches!(WeightsFile::read(&path), Err(WeightsError::Corrupt { .. })));
}
