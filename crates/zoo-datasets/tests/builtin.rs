//! The data sets that need no files: digits and shapes.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use zoo_datasets::{DataOptions, SharedDataset, Splits, open};

/// FNV-1a over everything a split holds.
fn hash(data: &SharedDataset) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for index in 0..data.len() {
        let sample = data.get(index).unwrap();
        for &byte in sample.image.pixels().iter().chain(&[sample.label as u8]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    hash
}

fn counts(data: &SharedDataset) -> [usize; 10] {
    let mut counts = [0; 10];
    (0..data.len()).for_each(|index| counts[data.get(index).unwrap().label] += 1);
    counts
}

fn parts(splits: &Splits) -> [&SharedDataset; 3] {
    [&splits.train, &splits.valid, &splits.test]
}

fn open_shapes(image_size: [usize; 2], seed: u64) -> Splits {
    open("shapes", &DataOptions { image_size, seed, train_length: 100, valid_length: 25, test_length: 30, ..Default::default() }).unwrap()
}

#[test]
fn digits_are_split_by_class() {
    let splits = open("digits", &DataOptions::default()).unwrap();
    assert_eq!(splits.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!((splits.name.as_str(), splits.channels, splits.native_size), ("digits", 1, Some([8, 8])));
    // The file holds 178 182 177 183 181 182 181 179 174 180 of each; 15 % of each, rounded, for either evaluation split.
    let evaluation = [27, 27, 27, 27, 27, 27, 27, 27, 26, 27];
    assert_eq!(counts(&splits.train), [124, 128, 123, 129, 127, 128, 127, 125, 122, 126]);
    assert_eq!((counts(&splits.valid), counts(&splits.test)), (evaluation, evaluation));
    // No picture twice: the file has no duplicates either.
    let mut seen = HashSet::new();
    for data in parts(&splits) {
        assert!((0..data.len()).all(|index| seen.insert(data.get(index).unwrap().image.into_pixels())));
    }
    assert_eq!(seen.len(), 1797);
}

#[test]
fn the_split_of_the_digits_is_fixed() {
    let splits = open("digits", &DataOptions::default()).unwrap();
    let found = parts(&splits).map(hash);
    assert_eq!(found, [0x81B1_5C43_2EF4_D88D, 0x9C75_AF60_6C89_6475, 0xDEF9_A7EB_829F_E2F8], "{found:#X?}");
    let other = open("digits", &DataOptions { seed: 99, ..Default::default() }).unwrap();
    assert_eq!(parts(&other).map(hash), found);
}

#[test]
fn a_limit_keeps_all_classes() {
    for name in ["digits", "shapes"] {
        let whole = open(name, &DataOptions::default()).unwrap();
        let few = open(name, &DataOptions { limit: Some(10), ..Default::default() }).unwrap();
        for (few, whole) in parts(&few).into_iter().zip(parts(&whole)) {
            assert_eq!(counts(few), [1; 10]);
            assert!((0..10).all(|index| few.get(index).unwrap() == whole.get(index).unwrap()));
            assert_eq!(few.get(10).unwrap_err().to_string(), "no picture 10 in a data set of 10");
        }
    }
}

#[test]
fn shapes_have_the_asked_lengths_and_balanced_labels() {
    let splits = open("shapes", &DataOptions::default()).unwrap();
    assert_eq!(parts(&splits).map(|data| data.len()), [2000, 500, 500]);
    let splits = open_shapes([20, 33], 4);
    assert_eq!(parts(&splits).map(counts), [[10; 10], [3, 3, 3, 3, 3, 2, 2, 2, 2, 2], [3; 10]]);
    assert_eq!((splits.classes.len(), splits.channels, splits.native_size), (10, 3, Some([20, 33])));
    let image = splits.valid.get(24).unwrap().image;
    assert_eq!([image.height(), image.width(), image.channels()], [20, 33, 3]);
}

#[test]
fn shapes_depend_on_seed_split_and_index_only() {
    let splits = open_shapes([32, 32], 0);
    let hashes = parts(&splits).map(hash);
    assert_eq!(hashes, [0xB07F_BE99_765A_4ECA, 0x28E2_1018_3E15_8A93, 0xB1BF_E5D8_2214_75A2], "{hashes:#X?}");
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    for splits in [splits, open_shapes([32, 32], 1)] {
        for data in parts(&splits) {
            assert!((0..data.len()).all(|index| seen.insert(data.get(index).unwrap().image.into_pixels())));
        }
    }
    // The length is no part of a picture: the same beginning.
    let longer = open("shapes", &DataOptions { train_length: 110, ..Default::default() }).unwrap();
    assert_eq!(longer.train.get(99).unwrap(), open_shapes([32, 32], 0).train.get(99).unwrap());
}

#[test]
fn shapes_stand_out_from_their_background() {
    // The brightest and the darkest tenth of the pixels differ clearly in every picture.
    let splits = open_shapes([32, 32], 2);
    for index in 0..100 {
        let image = splits.train.get(index).unwrap().image.to_grey();
        let mut levels = image.into_pixels();
        levels.sort_unstable();
        let (dark, bright) = (levels[levels.len() / 10], levels[levels.len() * 9 / 10]);
        assert!(bright - dark > 35, "picture {index}: {dark} to {bright}");
    }
}

#[test]
fn extreme_sizes_are_drawn_and_wrong_ones_refused() {
    for size in [[1, 1], [2, 60], [60, 1]] {
        let image = open_shapes(size, 0).train.get(7).unwrap().image;
        assert_eq!([image.height(), image.width()], size);
    }
    let message = |options: DataOptions| open("shapes", &options).unwrap_err().to_string();
    assert_eq!(
        message(DataOptions { image_size: [0, 32], ..Default::default() }),
        "data option `image_size` is 0x32, but must be from 1 to 16384 pixels a side"
    );
    assert_eq!(message(DataOptions { valid_length: 0, ..Default::default() }), "data option `valid_length` is 0, but must be at least 1");
    assert_eq!(message(DataOptions { limit: Some(0), ..Default::default() }), "data option `limit` is 0, but must be at least 1");
}

#[test]
fn unknown_names_get_a_hint() {
    let message = |name: &str| open(name, &DataOptions::default()).unwrap_err().to_string();
    assert_eq!(
        message("digit"),
        "unknown data set `digit`; did you mean `digits`?; known: digits, shapes, folder, shards, mnist, fashion-mnist, kmnist, cifar10, cifar100"
    );
    assert_eq!(
        message("Shapes"),
        "unknown data set `Shapes`; did you mean `shapes`?; known: digits, shapes, folder, shards, mnist, fashion-mnist, kmnist, cifar10, cifar100"
    );
    assert_eq!(
        message("qqq"),
        "unknown data set `qqq`; known: digits, shapes, folder, shards, mnist, fashion-mnist, kmnist, cifar10, cifar100"
    );
    let notes = open("digits", &DataOptions { path: Some("somewhere".into()), ..Default::default() }).unwrap().notes;
    assert_eq!(notes, ["`digits` reads no files; the path somewhere is not used"]);
}
