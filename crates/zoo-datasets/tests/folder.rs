//! Image folders as people have them on disk, written by the tests.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use zoo_datasets::{DataError, DataOptions, SharedDataset, Splits, open};

/// A picture of one grey level that tells it from the others.
fn picture(root: &Path, name: &str, level: u8) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let format = image::ImageFormat::from_path(&path).unwrap();
    image::RgbImage::from_pixel(8, 6, image::Rgb([level, level, 255])).save_with_format(&path, format).unwrap();
}

fn class(root: &Path, class: &str, count: u8) {
    (0..count).for_each(|number| picture(root, &format!("{class}/{number}.png"), number));
}

fn options(root: &Path) -> DataOptions {
    DataOptions { path: Some(root.to_owned()), ..DataOptions::default() }
}

fn open_folder(root: &Path) -> Splits {
    open("folder", &options(root)).unwrap()
}

fn message(root: &Path) -> String {
    open("folder", &options(root)).unwrap_err().to_string()
}

fn files(data: &SharedDataset) -> Vec<String> {
    let name = |index| {
        let file = data.get(index).unwrap().file.unwrap();
        let class = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        format!("{class}/{}", file.file_name().unwrap().to_string_lossy())
    };
    (0..data.len()).map(name).collect()
}

fn per_class(data: &SharedDataset) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    (0..data.len()).for_each(|index| *counts.entry(data.get(index).unwrap().label).or_insert(0) += 1);
    counts
}

fn assert_disjoint_and_complete(splits: &Splits, total: usize) {
    let mut all: Vec<String> = [&splits.train, &splits.valid, &splits.test].into_iter().flat_map(files).collect();
    assert_eq!(all.len(), total);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), total);
}

#[test]
fn three_splits_classes_in_natural_order_any_extension() {
    let root = TempDir::new().unwrap();
    for (split, level) in [("train", 10), ("val", 20), ("test", 30)] {
        for (number, class) in ["img10", "img2", "Z"].into_iter().enumerate() {
            let name = ["10.JPG", "9.jpeg", "b.PNG", "a.webp", "c.Bmp"];
            name.iter().for_each(|name| picture(root.path(), &format!("{split}/{class}/{name}"), level + number as u8));
        }
    }
    // Not data: a note, the Finder's litter.
    fs::write(root.path().join("train/Z/readme.txt"), "x").unwrap();
    fs::write(root.path().join("train/Z/._a.jpg"), "x").unwrap();
    fs::create_dir_all(root.path().join("train/.cache/x")).unwrap();
    // Deeper folders belong to the class.
    picture(root.path(), "train/Z/deeper/still/a.png", 1);

    let splits = open_folder(root.path());
    assert_eq!(splits.classes, ["Z", "img2", "img10"]);
    assert_eq!((splits.channels, splits.native_size), (3, None));
    assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [16, 15, 15]);
    assert_eq!(files(&splits.train)[..7], ["Z/9.jpeg", "Z/10.JPG", "Z/a.webp", "Z/b.PNG", "Z/c.Bmp", "still/a.png", "img2/9.jpeg"]);
    let sample = splits.valid.get(14).unwrap();
    assert_eq!((sample.label, sample.image.height(), sample.image.width(), sample.image.channels()), (2, 6, 8, 3));
    assert!(sample.image.pixels()[0].abs_diff(20) <= 2);
    let train = root.path().join("train").display().to_string();
    assert_eq!(splits.notes, [format!("1 files in {train} are not pictures and were skipped")]);
}

#[test]
fn all_names_of_the_validation_folder_work_but_only_one_at_a_time() {
    for name in ["val", "valid", "validation", "Val"] {
        let root = TempDir::new().unwrap();
        class(root.path(), "train/a", 2);
        class(root.path(), &format!("{name}/a"), 1);
        let splits = open_folder(root.path());
        assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [2, 1, 1]);
        assert_eq!(files(&splits.test), files(&splits.valid));
        assert_eq!(splits.notes, ["there is no test split; the validation split stands in for it"]);
    }
    let root = TempDir::new().unwrap();
    ["train/a", "val/a", "valid/a"].iter().for_each(|name| class(root.path(), name, 1));
    assert_eq!(message(root.path()), format!("{} has both `val` and `valid`; keep one", root.path().display()));
}

#[test]
fn classes_alone_are_cut_by_seed_and_stratified() {
    let root = TempDir::new().unwrap();
    class(root.path(), "a", 20);
    class(root.path(), "b", 40);
    fs::create_dir(root.path().join("empty")).unwrap();
    let splits = open_folder(root.path());
    assert_eq!(splits.classes, ["a", "b", "empty"]);
    assert_eq!(per_class(&splits.train), [(0, 16), (1, 32)].into());
    assert_eq!(per_class(&splits.valid), [(0, 2), (1, 4)].into());
    assert_eq!(per_class(&splits.test), [(0, 2), (1, 4)].into());
    assert_disjoint_and_complete(&splits, 60);
    assert!(splits.notes.contains(&format!("no pictures in {} for: empty", root.path().display())));
    assert!(splits.notes.contains(&"6 test pictures were cut from the training pictures, by seed 0".to_owned()));

    let same = open_folder(root.path());
    assert_eq!(files(&same.valid), files(&splits.valid));
    let other = open("folder", &DataOptions { seed: 1, ..options(root.path()) }).unwrap();
    assert_ne!(files(&other.valid), files(&splits.valid));
    let ratios = open("folder", &DataOptions { valid_ratio: 0.25, test_ratio: 0.5, ..options(root.path()) }).unwrap();
    assert_eq!([ratios.train.len(), ratios.valid.len(), ratios.test.len()], [15, 15, 30]);
}

#[test]
fn missing_splits_are_cut_from_train() {
    let root = TempDir::new().unwrap();
    class(root.path(), "train/a", 20);
    class(root.path(), "test/a", 3);
    let splits = open_folder(root.path());
    assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [18, 2, 3]);
    assert_eq!(splits.notes, ["2 validation pictures were cut from the training pictures, by seed 0"]);
    fs::remove_dir_all(root.path().join("test")).unwrap();
    let splits = open_folder(root.path());
    assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [16, 2, 2]);
    assert_disjoint_and_complete(&splits, 20);
}

#[test]
fn a_limit_keeps_all_classes_and_is_not_the_first_files() {
    let root = TempDir::new().unwrap();
    ["train/a", "train/b", "train/c", "val/a", "val/b", "val/c"].iter().for_each(|name| class(root.path(), name, 30));
    let limited = |seed, limit| open("folder", &DataOptions { limit: Some(limit), seed, ..options(root.path()) }).unwrap();
    let splits = limited(0, 6);
    assert_eq!(per_class(&splits.train), [(0, 2), (1, 2), (2, 2)].into());
    assert_eq!(per_class(&splits.valid), [(0, 2), (1, 2), (2, 2)].into());
    assert_eq!(splits.test.len(), 6);
    assert_eq!(files(&splits.train), files(&limited(0, 6).train));
    assert_ne!(files(&splits.train), files(&limited(1, 6).train));
    assert_eq!(files(&limited(0, 9).train)[..6], files(&splits.train));
    assert_eq!(limited(0, 1000).train.len(), 90);
    assert!(splits.train.get(6).unwrap_err().to_string().contains("no picture 6 in a data set of 6"));
}

#[test]
fn folder_mistakes_are_named() {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name).display().to_string();
    assert_eq!(message(Path::new("no/such/folder")), "no/such/folder is not an existing folder");
    assert_eq!(open("folder", &DataOptions::default()).unwrap_err().to_string(), "data set `folder` needs a path");
    let nothing = message(root.path());
    assert!(nothing.contains("has no class folders"), "{nothing}");
    fs::create_dir(root.path().join("a")).unwrap();
    fs::write(root.path().join("a/notes.txt"), "x").unwrap();
    let empty = message(root.path());
    assert!(empty.contains("has no pictures in its class folders (jpg, jpeg, png, webp, bmp)"), "{empty}");

    class(root.path(), "val/cat", 1);
    assert_eq!(message(root.path()), format!("{} has a folder `val` but no folder `train`", root.path().display()));
    class(root.path(), "train/cat", 3);
    class(root.path(), "val/dog", 1);
    assert_eq!(message(root.path()), format!("class `dog` in {} is not among the training classes", at("val")));

    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("train")).unwrap();
    let nothing = message(root.path());
    assert!(nothing.contains("train has no class folders"), "{nothing}");
    picture(root.path(), "train/only.png", 1);
    assert!(message(root.path()).contains("train has no class folders"));
    let root = TempDir::new().unwrap();
    class(root.path(), "a", 1);
    assert!(message(root.path()).contains("has only 1 pictures, too few to cut a `validation` split"));
    for (valid_ratio, test_ratio) in [(0.0, 0.1), (0.5, 0.5), (0.1, f64::NAN), (-0.1, 0.1)] {
        let error = open("folder", &DataOptions { valid_ratio, test_ratio, ..options(root.path()) }).unwrap_err();
        assert!(matches!(error, DataError::InvalidOption { .. }), "{error}");
    }
}

#[test]
fn a_bad_file_fails_when_it_is_read_and_is_named() {
    let root = TempDir::new().unwrap();
    class(root.path(), "train/a", 3);
    class(root.path(), "val/a", 1);
    let bad = root.path().join("train/a/1.png");
    fs::write(&bad, "not a picture").unwrap();
    let splits = open_folder(root.path());
    assert_eq!(splits.train.len(), 3);
    assert!(splits.train.get(0).is_ok() && splits.train.get(2).is_ok());
    let error = splits.train.get(1).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot decode {}", bad.display()));
    assert_eq!(error.source().unwrap().to_string(), "this is not a picture: neither JPEG, PNG, WebP nor BMP");
    fs::remove_file(&bad).unwrap();
    assert_eq!(splits.train.get(1).unwrap_err().to_string(), format!("cannot read {}", bad.display()));
}
