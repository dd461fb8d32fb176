//! Large image folders: the index that is kept, nested folders, lists of classes.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use zoo_datasets::{DataOptions, Splits, open};

/// Empty files: nothing is decoded here.
fn files(root: &Path, folder: &str, names: impl IntoIterator<Item = String>) {
    let folder = root.join(folder);
    fs::create_dir_all(&folder).unwrap();
    names.into_iter().for_each(|name| drop(File::create(folder.join(name)).unwrap()));
}

fn numbered(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("n{number}.JPEG"))
}

/// All folders below one, as if they had changed a minute ago: an index of what has just changed is not relied on.
fn settle(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            settle(&path);
        }
    }
    File::open(folder).unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}

fn large(classes: usize) -> TempDir {
    let root = TempDir::new().unwrap();
    for class in 0..classes {
        files(root.path(), &format!("data/train/c{class}"), numbered(2600));
        files(root.path(), &format!("data/val/c{class}"), numbered(2));
    }
    settle(root.path());
    root
}

fn options(root: &TempDir) -> DataOptions {
    DataOptions { path: Some(root.path().join("data")), cache: Some(root.path().join("cache")), ..DataOptions::default() }
}

fn open_large(root: &TempDir) -> Splits {
    open("folder", &options(root)).unwrap()
}

fn index_files(root: &TempDir) -> Vec<PathBuf> {
    let folder = root.path().join("cache/index");
    if !folder.exists() {
        return vec![];
    }
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The file of a picture, by the error that an empty file gives.
fn file(splits: &Splits, index: usize) -> String {
    let error = splits.train.get(index).unwrap_err().to_string();
    error.strip_prefix("cannot decode ").unwrap().rsplit_once("/train/").unwrap().1.to_owned()
}

#[test]
fn an_index_is_kept_and_used_until_a_folder_changes() {
    let root = large(4);
    let first = open_large(&root);
    assert_eq!((first.train.len(), first.valid.len(), first.classes.len()), (10_400, 8, 4));
    assert_eq!(index_files(&root).len(), 1, "the small split is not worth a file");
    assert_eq!([file(&first, 2), file(&first, 10), file(&first, 2600)], ["c0/n2.JPEG", "c0/n10.JPEG", "c1/n0.JPEG"]);

    // That it is used shows where a file is replaced by one of another kind without a trace in the folder's time.
    let class = root.path().join("data/train/c1");
    fs::rename(class.join("n0.JPEG"), class.join("n0.txt")).unwrap();
    settle(&root.path().join("data"));
    let kept = fs::metadata(&index_files(&root)[0]).unwrap().modified().unwrap();
    assert_eq!(open_large(&root).train.len(), 10_399, "the folder's time is another one");
    assert!(fs::metadata(&index_files(&root)[0]).unwrap().modified().unwrap() >= kept);
    let time = fs::metadata(&class).unwrap().modified().unwrap();
    fs::rename(class.join("n0.txt"), class.join("n0.JPEG")).unwrap();
    File::open(&class).unwrap().set_modified(time).unwrap();
    assert_eq!(open_large(&root).train.len(), 10_399, "the index was not used");

    // New files, new classes and classes that are gone are noticed; a folder that changes now is not kept.
    files(root.path(), "data/train/c1", ["new.jpg".to_owned()]);
    assert_eq!(open_large(&root).train.len(), 10_401);
    files(root.path(), "data/train/c9", numbered(1));
    assert_eq!(open_large(&root).classes, ["c0", "c1", "c2", "c3", "c9"]);
    fs::remove_dir_all(root.path().join("data/train/c0")).unwrap();
    fs::remove_dir_all(root.path().join("data/val/c0")).unwrap();
    assert_eq!(open_large(&root).classes, ["c1", "c2", "c3", "c9"]);
}

#[test]
fn a_damaged_index_is_made_anew_and_a_closed_cache_is_said() {
    let root = large(4);
    open_large(&root);
    let index = &index_files(&root)[0];
    let mut bytes = fs::read(index).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(index, &bytes).unwrap();
    assert_eq!(open_large(&root).train.len(), 10_400);
    assert_ne!(fs::read(index).unwrap(), bytes);

    fs::remove_dir_all(root.path().join("cache")).unwrap();
    fs::write(root.path().join("cache"), "a file is where the folder should be").unwrap();
    let splits = open_large(&root);
    assert_eq!(splits.train.len(), 10_400);
    assert!(splits.notes.iter().any(|note| note.contains("could not be kept as")), "{:?}", splits.notes);
}

#[test]
fn small_folders_leave_nothing_in_the_cache() {
    let root = TempDir::new().unwrap();
    files(root.path(), "data/train/a", numbered(20));
    settle(root.path());
    open_large(&root);
    assert!(index_files(&root).is_empty());
}

#[test]
fn classes_are_listed_as_timm_does() {
    let root = TempDir::new().unwrap();
    for class in ["cat", "dog", "ant"] {
        files(root.path(), &format!("data/train/{class}"), numbered(2));
        files(root.path(), &format!("data/val/{class}"), numbered(1));
    }
    files(root.path(), "data/train/birds/owl/at night", numbered(3));
    files(root.path(), "data/train/birds/owl", numbered(4));
    files(root.path(), "data/train/birds", numbered(1));
    fs::write(root.path().join("data/class_map.txt"), "dog\nowl\r\nant\nyak\n\n").unwrap();
    let splits = open_large(&root);
    assert_eq!(splits.classes, ["dog", "owl", "ant", "yak"]);
    let labels: Vec<String> = (0..splits.train.len()).map(|index| file(&splits, index)).collect();
    assert_eq!(
        labels,
        [
            "dog/n0.JPEG",
            "dog/n1.JPEG",
            "birds/owl/n0.JPEG",
            "birds/owl/n1.JPEG",
            "birds/owl/n2.JPEG",
            "birds/owl/n3.JPEG",
            "ant/n0.JPEG",
            "ant/n1.JPEG"
        ]
    );
    assert_eq!(splits.valid.len(), 2);
    let left_out = splits.notes.iter().find(|note| note.starts_with("6 pictures in")).unwrap();
    assert!(left_out.ends_with("class_map.txt does not list, and were left out"), "{left_out}");
    assert!(splits.notes.iter().any(|note| note.ends_with("for: yak")), "{:?}", splits.notes);

    let other = root.path().join("other.txt");
    for (text, message) in [("", "it is empty"), ("a\nb\na\n", "`a` is in line 1 and in line 3"), ("a\n\nb\n", "line 2 is empty")] {
        fs::write(&other, text).unwrap();
        let error = open("folder", &DataOptions { class_map: Some(other.clone()), ..options(&root) }).unwrap_err().to_string();
        assert_eq!(error, format!("{} is no list of classes: {message}", other.display()));
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_one_that_leads_back_is_an_error() {
    let root = TempDir::new().unwrap();
    files(root.path(), "data/train/a", numbered(3));
    files(root.path(), "elsewhere", numbered(4));
    std::os::unix::fs::symlink(root.path().join("elsewhere"), root.path().join("data/train/b")).unwrap();
    let splits = open("folder", &DataOptions { valid_ratio: 0.4, ..options(&root) }).unwrap();
    assert_eq!((splits.classes.len(), splits.train.len() + splits.valid.len() + splits.test.len()), (2, 7));
    std::os::unix::fs::symlink(root.path().join("data/train"), root.path().join("data/train/a/back")).unwrap();
    let error = open("folder", &options(&root)).unwrap_err().to_string();
    assert!(error.ends_with("lies more than 32 folders deep; does a link lead back?"), "{error}");
}
