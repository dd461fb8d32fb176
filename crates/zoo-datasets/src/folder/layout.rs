//! Which folder is which, and the pictures in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::DataError;

use super::{Entry, io, natural};

const TRAIN: &[&str] = &["train"];
const VALID: &[&str] = &["val", "valid", "validation"];
const TEST: &[&str] = &["test"];
const EXTENSIONS: &[&str] = &["jpg", "jpeg", "png", "webp", "bmp"];

/// What was found below a root. `None` is a split without a folder.
pub(super) struct Layout {
    pub(super) train_root: PathBuf,
    pub(super) classes: Vec<String>,
    pub(super) train: Vec<Entry>,
    pub(super) valid: Option<Vec<Entry>>,
    pub(super) test: Option<Vec<Entry>>,
}

pub(super) fn read(root: &Path, notes: &mut Vec<String>) -> Result<Layout, DataError> {
    if !root.is_dir() {
        return Err(DataError::NotAFolder { path: root.to_owned() });
    }
    let folders = list(root)?.folders;
    let [train, valid, test] = [TRAIN, VALID, TEST].map(|names| find(root, &folders, names));
    let (train, valid, test) = (train?, valid?, test?);

    // A folder `train` without folders in it is a class of that name (next to `bus` and `tram`) or a mistake.
    let Some(train) = nested(train)? else {
        let splits = [nested(valid.clone())?, nested(test.clone())?];
        if let Some(found) = splits.into_iter().flatten().next() {
            return Err(DataError::NoTrainFolder { path: root.to_owned(), found: name(&found) });
        }
        let is_split = |folder: &PathBuf| [TRAIN, VALID, TEST].concat().contains(&name(folder).to_lowercase().as_str());
        if folders.iter().all(is_split) {
            return Err(DataError::NoClasses { path: folders.into_iter().next().unwrap_or_else(|| root.to_owned()) });
        }
        let (classes, train) = read_training(root, notes)?;
        return Ok(Layout { train_root: root.to_owned(), classes, train, valid: None, test: None });
    };
    let (classes, entries) = read_training(&train, notes)?;
    let mut evaluation = |folder: Option<PathBuf>| -> Result<Option<Vec<Entry>>, DataError> {
        match (nested(folder.clone())?, folder) {
            (Some(folder), _) => read_pictures(&folder, &classes, notes).map(Some),
            (None, Some(folder)) => {
                notes.push(format!("{} has no class folders and is not used", folder.display()));
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    };
    let (valid, test) = (evaluation(valid)?, evaluation(test)?);
    Ok(Layout { train_root: train, classes, train: entries, valid, test })
}

fn read_training(root: &Path, notes: &mut Vec<String>) -> Result<(Vec<String>, Vec<Entry>), DataError> {
    let folders = list(root)?.folders;
    let class = |folder: PathBuf| match folder.file_name().and_then(|name| name.to_str()) {
        Some(name) => Ok(name.to_owned()),
        None => Err(DataError::ClassName { path: folder }),
    };
    let classes = folders.into_iter().map(class).collect::<Result<Vec<String>, DataError>>()?;
    let entries = read_pictures(root, &classes, notes)?;
    Ok((classes, entries))
}

/// All pictures below `root/CLASS`, in class order and then by name.
fn read_pictures(root: &Path, classes: &[String], notes: &mut Vec<String>) -> Result<Vec<Entry>, DataError> {
    let (mut entries, mut skipped, mut deeper, mut empty) = (Vec::new(), 0, 0, Vec::new());
    for folder in list(root)?.folders {
        let class = name(&folder);
        let Some(label) = classes.iter().position(|known| *known == class) else {
            return Err(DataError::ExtraClass { path: root.to_owned(), class });
        };
        let before = entries.len();
        let found = list(&folder)?;
        deeper += found.folders.len();
        for file in found.files {
            if is_picture(&file) {
                entries.push(Entry { label, file: Arc::from(file) });
            } else {
                skipped += 1;
            }
        }
        if entries.len() == before {
            empty.push(class);
        }
    }
    if entries.is_empty() {
        return Err(DataError::NoImages { path: root.to_owned() });
    }
    // A list of (label, file) in label order even where `classes` is in another order than this root's folders.
    entries.sort_by_key(|entry: &Entry| entry.label);
    if skipped > 0 {
        notes.push(format!("{skipped} files in {} are not pictures and were skipped", root.display()));
    }
    if deeper > 0 {
        notes.push(format!("{deeper} folders inside the class folders of {} were not searched", root.display()));
    }
    if !empty.is_empty() {
        notes.push(format!("no pictures in {} for: {}", root.display(), empty.join(", ")));
    }
    Ok(entries)
}

struct Listing {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

/// What is in a folder, in natural order. Names that begin with a dot are not data: `.DS_Store`, `.ipynb_checkpoints`, `._a.jpg`.
fn list(folder: &Path) -> Result<Listing, DataError> {
    let mut listing = Listing { folders: Vec::new(), files: Vec::new() };
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        if name(&path).starts_with('.') || name(&path) == "__MACOSX" {
            continue;
        }
        if path.is_dir() { &mut listing.folders } else { &mut listing.files }.push(path);
    }
    for paths in [&mut listing.folders, &mut listing.files] {
        paths.sort_by(|a, b| natural::compare(&name(a), &name(b)).then_with(|| a.cmp(b)));
    }
    Ok(listing)
}

/// The folder with one of these names.
fn find(root: &Path, folders: &[PathBuf], names: &[&str]) -> Result<Option<PathBuf>, DataError> {
    let mut found = folders.iter().filter(|folder| names.contains(&name(folder).to_lowercase().as_str()));
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(DataError::AmbiguousSplit { path: root.to_owned(), first: name(first), second: name(second) }),
        (first, _) => Ok(first.cloned()),
    }
}

/// The folder, if it has folders in it.
fn nested(folder: Option<PathBuf>) -> Result<Option<PathBuf>, DataError> {
    let Some(folder) = folder else { return Ok(None) };
    Ok((!list(&folder)?.folders.is_empty()).then_some(folder))
}

fn is_picture(file: &Path) -> bool {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
