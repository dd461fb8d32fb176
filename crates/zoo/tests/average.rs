//! `zoo average`, and the views of `zoo evaluate --tta`.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use burn_zoo::params::{fill_params, read_params, read_values};
use burn_zoo::{BuildOptions, Classifier};
use common::{error, json, stdout};
use zoo_datasets::{DataOptions, Loader, LoaderOptions, Transform};
use zoo_weights::{WeightsFile, WeightsMeta, save};

#[test]
fn a_mean_is_evaluated_by_several_views() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (device, options) = (Device::flex(), BuildOptions::default());
    let transform = Transform::simple([28, 28], 1);
    let meta = WeightsMeta {
        model: Some("lenet5".to_owned()),
        options: Some(options.clone()),
        transform: Some(serde_json::to_value(&transform).unwrap()),
        epoch: Some(4),
        ..WeightsMeta::default()
    };
    let models = ["a", "b"].map(|salt| fill_params(burn_zoo::build("lenet5", &options, &device).unwrap(), salt));
    for (model, name) in models.iter().zip(["a", "b"]) {
        save(model, Path::new(&place(name)), &meta).unwrap();
    }
    stdout(&["average", &place("a"), &place("b"), "--out", &place("mean")]);
    let file = WeightsFile::read(Path::new(&place("mean"))).unwrap();
    assert_eq!((file.meta().model.as_deref(), file.meta().epoch), (Some("lenet5"), None));
    let mut mean = burn_zoo::build("lenet5", &options, &device).unwrap();
    zoo_weights::load(&mut mean, &file).unwrap();
    let [a, b, c] = [&models[0], &models[1], &mean].map(|model| read_params(model).unwrap());
    for ((a, b), c) in a.iter().zip(&b).zip(&c) {
        let near = a.values.iter().zip(&b.values).zip(&c.values).all(|((a, b), c)| ((a + b) / 2.0 - c).abs() < 1e-6);
        assert!(near, "{}", a.name);
    }
    assert!(error(1, &["average", &place("a"), &place("none"), "--out", &place("x")]).contains("none"));

    let splits = zoo_datasets::open("digits", &DataOptions::default()).unwrap();
    let loader = Loader::new(splits.test, Arc::new(transform), LoaderOptions::default()).unwrap();
    let mut loss = 0.0;
    for batch in loader.epoch(0) {
        let batch = batch.unwrap();
        let labels = batch.labels.clone();
        let (images, _) = batch.into_tensors(&device);
        let logits = (mean.forward(images.clone()) + mean.forward(images.flip([3]))).div_scalar(2.0);
        let values = read_values(logits).unwrap();
        for (row, label) in values.chunks(10).zip(labels) {
            loss += f64::from(row.iter().map(|v| v.exp()).sum::<f32>().ln() - row[label]);
        }
    }
    let found = json(&["evaluate", "--weights", &place("mean"), "--dataset", "digits", "--tta", "--json"]);
    let expected = loss / found["pictures"].as_f64().unwrap();
    assert!((found["loss"].as_f64().unwrap() - expected).abs() < 1e-4, "{} {expected}", found["loss"]);
    let plain = json(&["evaluate", "--weights", &place("mean"), "--dataset", "digits", "--json"]);
    assert!((plain["loss"].as_f64().unwrap() - expected).abs() > 1e-6);
}
