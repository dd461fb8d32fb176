//! Tar files in WebDataset's layout, written by the tests.

#![allow(clippy::type_complexity, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use zoo_datasets::{DataOptions, Loader, LoaderOptions, SharedDataset, Splits, Transform, open};

fn picture(level: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(3, 2, image::Rgb([level, 0, 0])).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn shard(path: &Path, files: &[(String, Vec<u8>)]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut builder = tar::Builder::new(File::create(path).unwrap());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.finish().unwrap();
}

/// Pictures `first..first + count`, whose red is their number, of the classes 0 to 3 in turn.
fn samples(first: u8, count: u8) -> Vec<(String, Vec<u8>)> {
    let files = |number: u8| {
        let label = (number % 4).to_string().into_bytes();
        [(format!("{number:05}.cls"), label), (format!("{number:05}.png"), picture(number))]
    };
    (first..first + count).flat_map(files).collect()
}

fn options(root: &TempDir) -> DataOptions {
    DataOptions { path: Some(root.path().to_owned()), ..DataOptions::default() }
}

fn opened(root: &TempDir) -> Splits {
    open("shards", &options(root)).unwrap()
}

fn reds(data: &SharedDataset) -> Vec<u8> {
    (0..data.len()).map(|index| data.get(index).unwrap().image.pixels()[0]).collect()
}

fn root_of(shards: u8, each: u8) -> TempDir {
    let root = TempDir::new().unwrap();
    (0..shards).for_each(|n| shard(&root.path().join(format!("train/{n:06}.tar")), &samples(n * each, each)));
    shard(&root.path().join("val/000000.tar"), &samples(0, 8));
    root
}

#[test]
fn samples_come_in_order_with_their_labels() {
    let root = root_of(5, 20);
    let splits = opened(&root);
    assert_eq!([splits.train.len(), splits.valid.len(), splits.test.len()], [100, 8, 8]);
    assert_eq!(splits.classes, ["0", "1", "2", "3"]);
    assert_eq!(reds(&splits.train), (0..100).collect::<Vec<u8>>());
    let sample = splits.train.get(57).unwrap();
    assert_eq!((sample.label, sample.image.width()), (1, 3));
    assert!(sample.file.unwrap().ends_with("train/000002.tar/00057.png"));
    assert_eq!(splits.notes, ["there is no test split; the validation split stands in for it"]);
}

#[test]
fn an_epoch_is_mixed_by_the_buffer_alone_and_the_same_for_any_number_of_workers() {
    let root = root_of(5, 20);
    let order = |buffer, seed, epoch, workers, first| {
        let splits = open("shards", &DataOptions { shuffle_buffer: buffer, ..options(&root) }).unwrap();
        let options = LoaderOptions { batch_size: 7, shuffle: Some(seed), workers, ..LoaderOptions::default() };
        let loader = Loader::new(splits.train, Arc::new(Transform::simple([2, 2], 3)), options).unwrap();
        loader.epoch_from(epoch, first).flat_map(|batch| batch.unwrap().indices).collect::<Vec<_>>()
    };
    let alone = order(10, 1, 0, 0, 0);
    assert_eq!(alone.iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(order(10, 1, 0, 3, 0), alone);
    assert_eq!(order(10, 1, 0, 2, 5), alone[35..]);
    assert_ne!(order(10, 1, 1, 0, 0), alone);
    assert_ne!(order(10, 2, 0, 0, 0), alone);
    // With a buffer of one, whole shards change places and nothing else.
    let shards: Vec<Vec<usize>> = order(1, 1, 0, 0, 0).chunks(20).map(<[usize]>::to_vec).collect();
    assert!(shards.iter().all(|shard| shard.windows(2).all(|pair| pair[1] == pair[0] + 1) && shard[0] % 20 == 0));
    assert!(shards.windows(2).any(|pair| pair[1][0] != pair[0][0] + 20));
}

#[test]
fn names_in_one_folder_say_the_split_and_json_says_the_label() {
    let root = TempDir::new().unwrap();
    let json = |key: &str, text: &str| (format!("a/{key}.json"), text.as_bytes().to_vec());
    let png = |key: &str, level| (format!("a/{key}.png"), picture(level));
    let train = [
        png("x", 1),
        json("x", r#"{"label": 2, "width": 3}"#),
        json("y", r#"{"cls": "dog"}"#),
        png("y", 2),
        png("none", 3),
        json("also none", r#"{"caption": "a dog"}"#),
        png("also none", 4),
        ("a/z.seg.png".to_owned(), picture(5)),
        ("a/z.png".to_owned(), picture(6)),
        ("a/z.cls".to_owned(), b" 0\n".to_vec()),
    ];
    shard(&root.path().join("pets-train-0000.tar"), &train);
    shard(&root.path().join("pets-validation-00.tar"), &samples(0, 2));
    fs::write(root.path().join("class_map.txt"), "cat\ndog\nowl\n").unwrap();
    let splits = opened(&root);
    assert_eq!(splits.classes, ["cat", "dog", "owl"]);
    let labels: Vec<usize> = (0..splits.train.len()).map(|index| splits.train.get(index).unwrap().label).collect();
    assert_eq!((labels, reds(&splits.train), splits.valid.len()), (vec![2, 1, 0], vec![1, 2, 6], 2));
    assert!(splits.notes.iter().any(|note| note.starts_with("2 pictures in the shards of") && note.ends_with("were left out")));
}

#[test]
fn what_is_wrong_is_said_with_the_shards_name() {
    let message = |root: &TempDir| open("shards", &options(root)).unwrap_err().to_string();
    let root = TempDir::new().unwrap();
    assert!(message(&root).contains("has no shards to train on; expected"), "{}", message(&root));
    let path = root.path().join("train/000000.tar");
    let cases: [(Vec<(String, Vec<u8>)>, &str); 4] = [
        (vec![("a.png".into(), picture(1)), ("a.cls".into(), b"dog".to_vec())], "a.cls in it says `dog`, which is no class's number"),
        (vec![("a.png".into(), picture(1)), ("a.cls".into(), b"99999999999".to_vec())], "which is no class's number"),
        (vec![("a.png".into(), picture(1)), ("a.json".into(), b"{".to_vec())], "a.json in it is no JSON"),
        (vec![("a.cls".into(), b"1".to_vec())], "has no pictures"),
    ];
    for (files, reason) in cases {
        shard(&path, &files);
        assert!(message(&root).contains(reason), "{}", message(&root));
    }
    shard(&path, &samples(0, 9));
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2 + 100]).unwrap();
    let cut = message(&root);
    assert!(cut.contains("train/000000.tar is not a file of data set `shards`: "), "{cut}");
    fs::write(&path, "<html>".repeat(200)).unwrap();
    assert!(message(&root).contains("the archive is damaged"), "{}", message(&root));
    let error = open("shards", &DataOptions { shuffle_buffer: 0, ..options(&root) }).unwrap_err().to_string();
    assert_eq!(error, "data option `shuffle_buffer` is 0, but must be at least 1");
}
