//! A hundred kinds of pictures and of what is found in their place, most made by Pillow; see `fixtures/corpus.py`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use zoo_datasets::{
    Damaged, DataError, DataOptions, Loader, LoaderOptions, Preprocess, RandomResizedCrop, SharedDataset, Transform, open, read_image,
};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus")
}

fn names() -> BTreeSet<String> {
    let names = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains('.')).collect()
}

fn bad_names() -> BTreeSet<String> {
    names().into_iter().filter(|name| name.starts_with("bad-")).collect()
}

/// The whole corpus as the training pictures of a folder.
fn folder() -> (TempDir, SharedDataset) {
    let root = TempDir::new().unwrap();
    let class = root.path().join("train/things");
    fs::create_dir_all(&class).unwrap();
    for name in names() {
        fs::copy(corpus().join(&name), class.join(&name)).unwrap();
    }
    let valid = root.path().join("val/things");
    fs::create_dir_all(&valid).unwrap();
    fs::copy(corpus().join("good-rgb.png"), valid.join("1.png")).unwrap();
    let splits = open("folder", &DataOptions { path: Some(root.path().to_owned()), ..DataOptions::default() }).unwrap();
    (root, splits.train)
}

fn preprocessing() -> [Arc<dyn Preprocess>; 2] {
    [Arc::new(Transform::simple([16, 16], 3)), Arc::new(RandomResizedCrop::new(Transform::simple([16, 16], 3)))]
}

#[test]
fn good_pictures_are_what_pillow_sees() {
    let mut compared = 0;
    for name in names().into_iter().filter(|name| name.starts_with("good-")) {
        let found = read_image(&corpus().join(&name)).unwrap_or_else(|error| panic!("{name}: {error:?}")).to_rgb();
        let expected = read_image(&corpus().join(format!("expected/{name}.png"))).unwrap();
        assert_eq!([found.height(), found.width()], [expected.height(), expected.width()], "{name}");
        let differences = found.pixels().iter().zip(expected.pixels()).map(|(a, b)| a.abs_diff(*b));
        // Lossy files: the transforms round differently, and chroma is not interpolated alike at sharp edges.
        let allowed = if name.contains("jpg") || name.contains("jpeg.") || name.contains("lossy") { 4 } else { 0 };
        let largest = differences.max().unwrap();
        assert!(largest <= allowed, "{name}: {largest} levels");
        compared += 1;
    }
    assert!(compared >= 50, "{compared}");
}

#[test]
fn bad_pictures_are_skipped_counted_and_named_and_the_rest_is_whole() {
    let (_root, train) = folder();
    let (bad, all) = (bad_names(), names().len());
    assert!(bad.len() >= 30, "{}", bad.len());
    for preprocess in preprocessing() {
        for workers in [0, 3] {
            let options = LoaderOptions { batch_size: 10, workers, shuffle: Some(5), ..LoaderOptions::default() };
            let loader = Loader::new(Arc::clone(&train), Arc::clone(&preprocess), options).unwrap();
            let mut pictures = 0;
            for batch in loader.epoch(0) {
                let batch = batch.unwrap();
                assert_eq!(batch.shape, [batch.len(), 3, 16, 16]);
                assert_eq!(batch.images.len(), batch.len() * 3 * 256);
                assert_eq!(batch.indices.len(), batch.len());
                assert!(batch.images.iter().all(|value| (-1.001..=1.001).contains(value)));
                pictures += batch.len();
            }
            assert_eq!(pictures, all - bad.len());
            let skipped = loader.skipped();
            let named: BTreeSet<String> = skipped.iter().map(|s| s.file.file_name().unwrap().to_str().unwrap().to_owned()).collect();
            assert_eq!((named, skipped.len()), (bad.clone(), bad.len()));
            assert!(skipped.iter().all(|picture| !picture.reason.is_empty()));
            let reason = |name: &str| skipped.iter().find(|picture| picture.file.ends_with(name)).unwrap().to_string();
            assert!(reason("bad-empty.jpg").ends_with("bad-empty.jpg was skipped: the file is empty"), "{}", reason("bad-empty.jpg"));
            assert!(reason("bad-page.jpg").contains("this is not a picture"));
            assert!(reason("bad-gif.jpg").contains("Gif pictures are not supported"));
            assert!(reason("bad-cut-50.jpg").contains("truncated"));
            assert!(reason("bad-bomb.png").contains("60000x60000 pixels are too many"));
            // Each is told once, also after a second epoch.
            assert_eq!(loader.take_skipped().len(), bad.len());
            assert_eq!(loader.epoch(1).filter(Result::is_err).count(), 0);
            assert_eq!((loader.take_skipped().len(), loader.skipped().len()), (0, bad.len()));
        }
    }
}

#[test]
fn a_batch_of_nothing_but_bad_pictures_is_an_error() {
    let (_root, train) = folder();
    // In natural order the bad ones come first.
    let loader = Loader::new(train, preprocessing()[0].clone(), LoaderOptions { batch_size: 20, ..LoaderOptions::default() }).unwrap();
    let first = loader.epoch(0).next().unwrap().unwrap_err();
    assert!(matches!(first, DataError::NothingLeft { batch: 0, pictures: 20, .. }), "{first}");
    assert!(first.to_string().starts_with("none of the 20 pictures of batch 0 can be used; the first: "), "{first}");
}

#[test]
fn bad_pictures_can_be_errors_instead() {
    let (_root, train) = folder();
    let options = LoaderOptions { batch_size: 1, damaged: Damaged::Fail, ..LoaderOptions::default() };
    let loader = Loader::new(train, preprocessing()[0].clone(), options).unwrap();
    let errors: Vec<DataError> = loader.epoch(0).filter_map(Result::err).collect();
    assert_eq!((errors.len(), loader.skipped().len()), (bad_names().len(), 0));
    assert!(errors.iter().all(|error| matches!(error, DataError::Decode { .. })));
}
