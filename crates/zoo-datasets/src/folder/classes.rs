//! Which class a picture belongs to.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;

use super::io;
use super::tree::Tree;

/// The file that lists the classes where it lies in the root.
const CLASS_MAP: &str = "class_map.txt";

/// Longer lists of classes are no lists of classes.
const MAX_BYTES: u64 = 64 << 20;

/// The classes, in the order of their labels.
pub(crate) struct Classes {
    pub(crate) names: Vec<String>,
    numbers: HashMap<String, u32>,
    /// The list they come from, where it is not the folders.
    map: Option<PathBuf>,
}

impl Classes {
    /// A class for each folder in the root of a tree, in natural order.
    pub(super) fn of_folders(tree: &Tree) -> Self {
        let tops = tree.folders.iter().map(|folder| folder.path.as_str()).filter(|path| !path.is_empty() && !path.contains('/'));
        Self::new(tops.map(str::to_owned).collect(), None)
    }

    /// timm's `class_map.txt`: a class's folder in each line, the first has label 0.
    pub(crate) fn of_map(path: &Path) -> Result<Self, DataError> {
        let wrong = |reason: String| DataError::ClassMap { path: path.to_owned(), reason };
        if fs::metadata(path).map_err(io(path))?.len() > MAX_BYTES {
            return Err(wrong("it is too long".to_owned()));
        }
        let bytes = fs::read(path).map_err(io(path))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text, one class in each line".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        let mut seen = HashMap::new();
        for (number, line) in text.lines().map(str::trim).enumerate() {
            let line_number = number + 1;
            if line.is_empty() {
                return Err(wrong(format!("line {line_number} is empty")));
            }
            if let Some(first) = seen.insert(line, line_number) {
                return Err(wrong(format!("`{line}` is in line {first} and in line {line_number}")));
            }
        }
        if seen.is_empty() {
            return Err(wrong("it is empty".to_owned()));
        }
        Ok(Self::new(text.lines().map(|line| line.trim().to_owned()).collect(), Some(path.to_owned())))
    }

    /// The list of classes that was asked for, else that in the root, if there is one.
    pub(crate) fn map_of(root: &Path, asked: Option<&Path>) -> Option<PathBuf> {
        asked.map(Path::to_owned).or_else(|| Some(root.join(CLASS_MAP)).filter(|path| path.is_file()))
    }

    /// Whether they come from a list, which may have classes without a folder.
    pub(super) fn are_listed(&self) -> bool {
        self.map.is_some()
    }

    /// The number of a class.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    fn new(names: Vec<String>, map: Option<PathBuf>) -> Self {
        let numbers = names.iter().enumerate().map(|(number, name)| (name.clone(), number as u32)).collect();
        Self { names, numbers, map }
    }

    /// The label of the pictures in each folder of a tree; `None` for the root, and for what the list does not have.
    ///
    /// The class is the folder in the root, as torchvision has it. With a list it is the folder of the picture itself if
    /// the list has that one, as timm has it.
    pub(super) fn label(&self, tree: &Tree, notes: &mut Vec<String>) -> Result<Vec<Option<u32>>, DataError> {
        let mut labels = Vec::with_capacity(tree.folders.len());
        let mut left_out = 0;
        for folder in &tree.folders {
            let parts: Vec<&str> = folder.path.split('/').collect();
            let (top, own) = (parts[0], parts[parts.len() - 1]);
            let known = |name: &str| self.numbers.get(name).copied();
            let label = if self.map.is_some() { known(own).or_else(|| known(top)) } else { known(top) };
            match label {
                None if folder.path.is_empty() => {}
                None if self.map.is_none() => {
                    return Err(DataError::ExtraClass { path: tree.root.clone(), class: top.to_owned() });
                }
                None => left_out += folder.pictures,
                Some(_) => {}
            }
            labels.push(label.filter(|_| !folder.path.is_empty()));
        }
        if let Some(map) = self.map.as_ref().filter(|_| left_out > 0) {
            let (root, map) = (tree.root.display(), map.display());
            notes.push(format!("{left_out} pictures in {root} are of classes that {map} does not list, and were left out"));
        }
        Ok(labels)
    }
}
