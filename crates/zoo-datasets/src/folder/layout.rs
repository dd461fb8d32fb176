//! Which folder is which, and the pictures in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::DataError;

use super::classes::Classes;
use super::tree::Tree;
use super::{cache, io, natural, walk};

const TRAIN: &[&str] = &["train"];
const VALID: &[&str] = &["val", "valid", "validation"];
const TEST: &[&str] = &["test"];

/// What was found below a root. `None` is a split without a folder.
pub(super) struct Layout {
    pub(super) classes: Vec<String>,
    pub(super) train: Pictures,
    pub(super) valid: Option<Pictures>,
    pub(super) test: Option<Pictures>,
}

/// A tree whose folders have labels.
#[derive(Clone)]
pub(super) struct Pictures {
    pub(super) tree: Arc<Tree>,
    /// Of the pictures in each folder.
    pub(super) labels: Arc<Vec<Option<u32>>>,
    /// The pictures that have a label, by label and then as in the tree.
    pub(super) order: Vec<u32>,
}

impl Pictures {
    /// The label of a picture in `order`.
    pub(super) fn label(&self, picture: u32) -> u32 {
        self.labels[self.tree.folder_of(picture)].unwrap_or(0)
    }
}

/// Finds the splits below a root.
pub(super) struct Reader<'a> {
    pub(super) root: &'a Path,
    /// Where indexes are kept.
    pub(super) cache: Option<&'a Path>,
    pub(super) class_map: Option<&'a Path>,
    pub(super) notes: &'a mut Vec<String>,
}

impl Reader<'_> {
    pub(super) fn read(&mut self) -> Result<Layout, DataError> {
        let root = self.root;
        if !root.is_dir() {
            return Err(DataError::NotAFolder { path: root.to_owned() });
        }
        let folders = folders(root)?;
        let [train, valid, test] = [TRAIN, VALID, TEST].map(|names| find(root, &folders, names));
        let (train, valid, test) = (train?, valid?, test?);

        // A folder `train` without folders in it is a class of that name (next to `bus` and `tram`) or a mistake.
        let Some(train) = nested(train)? else {
            let splits = [nested(valid)?, nested(test)?];
            if let Some(found) = splits.into_iter().flatten().next() {
                return Err(DataError::NoTrainFolder { path: root.to_owned(), found: name(&found) });
            }
            let is_split = |folder: &PathBuf| [TRAIN, VALID, TEST].concat().contains(&name(folder).to_lowercase().as_str());
            if folders.iter().all(is_split) {
                return Err(DataError::NoClasses { path: folders.into_iter().next().unwrap_or_else(|| root.to_owned()) });
            }
            let (classes, train) = self.training(root)?;
            return Ok(Layout { classes: classes.names, train, valid: None, test: None });
        };
        let (classes, pictures) = self.training(&train)?;
        let (valid, test) = (self.evaluation(valid, &classes)?, self.evaluation(test, &classes)?);
        Ok(Layout { classes: classes.names, train: pictures, valid, test })
    }

    fn training(&mut self, folder: &Path) -> Result<(Classes, Pictures), DataError> {
        let tree = cache::open(folder, self.cache, self.notes)?;
        let classes = match Classes::map_of(self.root, self.class_map) {
            Some(map) => Classes::of_map(&map)?,
            None => Classes::of_folders(&tree),
        };
        let pictures = self.pictures(tree, &classes)?;
        Ok((classes, pictures))
    }

    fn evaluation(&mut self, folder: Option<PathBuf>, classes: &Classes) -> Result<Option<Pictures>, DataError> {
        let Some(folder) = folder else { return Ok(None) };
        let Some(folder) = nested(Some(folder.clone()))? else {
            self.notes.push(format!("{} has no class folders and is not used", folder.display()));
            return Ok(None);
        };
        let tree = cache::open(&folder, self.cache, self.notes)?;
        self.pictures(tree, classes).map(Some)
    }

    /// All pictures of a tree in the order of their classes.
    fn pictures(&mut self, tree: Tree, classes: &Classes) -> Result<Pictures, DataError> {
        let labels = classes.label(&tree, self.notes)?;
        let mut counts = vec![None::<u32>; classes.names.len()];
        for (folder, label) in tree.folders.iter().zip(&labels) {
            if let Some(label) = *label {
                *counts[label as usize].get_or_insert(0) += folder.pictures;
            }
        }
        if counts.iter().flatten().sum::<u32>() == 0 {
            return Err(DataError::NoImages { path: tree.root });
        }
        let others: u32 = tree.folders.iter().filter(|folder| !folder.path.is_empty()).map(|folder| folder.others).sum();
        let root = tree.root.display();
        if others > 0 {
            self.notes.push(format!("{others} files in {root} are not pictures and were skipped"));
        }
        let listed = classes.are_listed();
        let empty: Vec<&str> = classes
            .names
            .iter()
            .zip(&counts)
            .filter(|(_, count)| count.unwrap_or(u32::from(!listed)) == 0)
            .map(|(name, _)| name.as_str())
            .collect();
        if !empty.is_empty() {
            self.notes.push(format!("no pictures in {root} for: {}", empty.join(", ")));
        }
        // By label also where a list of classes has another order than the folders.
        let mut by_label: Vec<(u32, usize)> =
            labels.iter().enumerate().filter_map(|(folder, label)| label.map(|label| (label, folder))).collect();
        by_label.sort_unstable();
        let order = by_label.iter().flat_map(|&(_, folder)| tree.pictures(folder)).collect();
        Ok(Pictures { tree: Arc::new(tree), labels: Arc::new(labels), order })
    }
}

/// The folders in a folder, in natural order.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let entry = entry.map_err(io(folder))?;
        let is_plain_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_plain_file && !walk::is_hidden(&entry.file_name().to_string_lossy()) && entry.path().is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort_by(|a, b| natural::compare(&name(a), &name(b)).then_with(|| a.cmp(b)));
    Ok(folders)
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
    Ok((!folders(&folder)?.is_empty()).then_some(folder))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
