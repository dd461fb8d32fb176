//! What is below a folder, in as little memory as 1.28 million names allow.

use std::path::{Path, PathBuf};

/// A folder that was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Below the root, with `/` between its parts; the root itself is empty.
    pub(super) path: String,
    /// Time of its last change in nanoseconds since 1970: another one after a file came, went or was renamed.
    pub(super) modified: u64,
    /// Files in it that are not pictures, by their names.
    pub(super) others: u32,
    /// Pictures in it.
    pub(super) pictures: u32,
}

/// All pictures below a root: of each folder its files, then its folders, both in natural order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// In that order; the first is the root.
    pub(super) folders: Vec<Listed>,
    /// The pictures' names, one behind the other.
    pub(super) names: String,
    /// Where each name ends.
    pub(super) ends: Vec<u32>,
    /// Number of the first picture of each folder.
    starts: Vec<u32>,
}

impl Tree {
    /// `None` where the parts do not fit each other, as those of a damaged file may not.
    pub(super) fn new(root: PathBuf, folders: Vec<Listed>, names: String, ends: Vec<u32>) -> Option<Self> {
        let mut total = 0u32;
        let mut starts = Vec::with_capacity(folders.len());
        for folder in &folders {
            starts.push(total);
            total = total.checked_add(folder.pictures)?;
        }
        let ordered = ends.is_sorted() && ends.last().map_or(0, |&end| end as usize) == names.len();
        let whole = ordered && ends.iter().all(|&end| names.is_char_boundary(end as usize));
        (whole && total as usize == ends.len()).then_some(Self { root, folders, names, ends, starts })
    }

    /// Numbers of a folder's pictures.
    pub(super) fn pictures(&self, folder: usize) -> std::ops::Range<u32> {
        let start = self.starts[folder];
        start..start + self.folders[folder].pictures
    }

    /// The folder of a picture.
    pub(super) fn folder_of(&self, picture: u32) -> usize {
        // Folders without pictures share their start with the next one: the last of them has the picture.
        self.starts.partition_point(|&start| start <= picture).saturating_sub(1)
    }

    /// The file of a picture.
    pub(super) fn file(&self, picture: u32) -> PathBuf {
        let end = self.ends[picture as usize] as usize;
        let start = if picture == 0 { 0 } else { self.ends[picture as usize - 1] as usize };
        self.folder(self.folder_of(picture)).join(&self.names[start..end])
    }

    /// The path of a folder.
    pub(super) fn folder(&self, folder: usize) -> PathBuf {
        join(&self.root, &self.folders[folder].path)
    }
}

/// A path below the root, with `/` between its parts, as the system writes it.
pub(super) fn join(root: &Path, below: &str) -> PathBuf {
    if below.is_empty() { root.to_owned() } else { root.join(below.split('/').collect::<PathBuf>()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn listed(path: &str, pictures: u32) -> Listed {
        Listed { path: path.to_owned(), modified: 1, others: 0, pictures }
    }

    #[test]
    fn finds_the_file_of_a_number() {
        let folders = vec![listed("", 0), listed("a", 2), listed("b", 0), listed("b/c", 1)];
        let tree = Tree::new(PathBuf::from("r"), folders, "x.pngéy".to_owned(), vec![5, 7, 8]).unwrap();
        let files: Vec<_> = (0..3).map(|picture| tree.file(picture)).collect();
        assert_eq!(files, [Path::new("r/a/x.png"), Path::new("r/a/é"), Path::new("r/b/c/y")].map(Path::to_owned));
        assert_eq!(tree.pictures(1), 0..2);
    }

    #[test]
    fn parts_that_do_not_fit_are_no_tree() {
        let tree = |pictures, names: &str, ends| Tree::new(PathBuf::new(), vec![listed("", pictures)], names.to_owned(), ends);
        assert!(tree(2, "ab", vec![1, 2]).is_some());
        assert!(tree(1, "ab", vec![1, 2]).is_none());
        assert!(tree(2, "ab", vec![2, 1]).is_none());
        assert!(tree(2, "abc", vec![1, 2]).is_none());
        assert!(tree(2, "é", vec![1, 2]).is_none());
        assert!(tree(0, "", vec![]).is_some());
    }
}
