//! An index that was made once is read from a file after that.
//!
//! It holds the time of the last change of every folder; where one differs, the folders are listed anew. That costs
//! a look at each folder and none at the pictures.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Crc;

use crate::error::DataError;
use crate::rng::mix;

use super::tree::{Listed, Tree};
use super::walk::{modified, walk};

const MAGIC: &[u8] = b"burn-zoo index 1\n";

/// Fewer pictures are listed faster than it is worth a file.
const MIN_PICTURES: usize = 10_000;

/// Two changes within the clock's step of a file system have one time, so a folder that has just changed is not relied on.
const SETTLED: u64 = 2_000_000_000;

/// Everything below `root`: from its file in `cache` if that is still right, else listed, and kept there.
pub(super) fn open(root: &Path, cache: Option<&Path>, notes: &mut Vec<String>) -> Result<Tree, DataError> {
    let Some(cache) = cache else { return walk(root) };
    let file = file_of(root, cache);
    if let Some(tree) = fs::read(&file).ok().and_then(|bytes| read(root, &bytes)).filter(is_current) {
        return Ok(tree);
    }
    let tree = walk(root)?;
    if tree.ends.len() >= MIN_PICTURES
        && is_settled(&tree)
        && let Err(error) = write(&file, &tree)
    {
        notes.push(format!("the index of {} could not be kept as {}: {error}", root.display(), file.display()));
    }
    Ok(tree)
}

/// Named after the folder's whole path, which the file also holds.
fn file_of(root: &Path, cache: &Path) -> PathBuf {
    let root = identity(root);
    let words: Vec<u64> = root.bytes().map(u64::from).collect();
    cache.join("index").join(format!("{:016x}", mix(&words)))
}

fn identity(root: &Path) -> String {
    fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()).to_string_lossy().into_owned()
}

fn is_current(tree: &Tree) -> bool {
    tree.folders.iter().enumerate().all(|(number, listed)| modified(&tree.folder(number)).is_ok_and(|time| time == listed.modified))
}

fn is_settled(tree: &Tree) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    tree.folders.iter().all(|listed| listed.modified.saturating_add(SETTLED) < now)
}

fn write(file: &Path, tree: &Tree) -> io::Result<()> {
    let bytes = encode(tree);
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Two programs may write at once: each has a name of its own until the file is whole.
    let part = file.with_extension(format!("{}.part", std::process::id()));
    let written = File::create(&part).and_then(|mut target| {
        target.write_all(&bytes)?;
        target.sync_all()?;
        fs::rename(&part, file)
    });
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

fn encode(tree: &Tree) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let mut number = |value: u64| bytes.extend_from_slice(&value.to_le_bytes());
    let identity = identity(&tree.root);
    number(identity.len() as u64);
    number(tree.folders.len() as u64);
    number(tree.ends.len() as u64);
    number(tree.names.len() as u64);
    for folder in &tree.folders {
        number(folder.path.len() as u64);
        number(folder.modified);
        number(u64::from(folder.others));
        number(u64::from(folder.pictures));
    }
    bytes.extend_from_slice(identity.as_bytes());
    tree.folders.iter().for_each(|folder| bytes.extend_from_slice(folder.path.as_bytes()));
    tree.ends.iter().for_each(|end| bytes.extend_from_slice(&end.to_le_bytes()));
    bytes.extend_from_slice(tree.names.as_bytes());
    let checksum = checksum(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// `None` where this is no index of `root`, or a damaged one.
fn read(root: &Path, bytes: &[u8]) -> Option<Tree> {
    let (body, sum) = bytes.split_last_chunk::<4>().filter(|(body, sum)| checksum(body).to_le_bytes() == **sum)?;
    let _ = sum;
    let mut rest = body.strip_prefix(MAGIC)?;
    let identity_bytes = number(&mut rest)?;
    let [folders, pictures, names] = [number(&mut rest)?, number(&mut rest)?, number(&mut rest)?];
    let mut heads = Vec::new();
    for _ in 0..folders {
        heads.push([number(&mut rest)?, number(&mut rest)?, number(&mut rest)?, number(&mut rest)?]);
    }
    if text(&mut rest, identity_bytes)? != identity(root) {
        return None;
    }
    let mut listed = Vec::with_capacity(heads.len());
    for [length, modified, others, pictures] in heads {
        let path = text(&mut rest, length)?.to_owned();
        listed.push(Listed { path, modified, others: u32::try_from(others).ok()?, pictures: u32::try_from(pictures).ok()? });
    }
    let (ends, rest) = rest.split_at_checked(usize::try_from(pictures).ok()?.checked_mul(4)?)?;
    let ends = ends.chunks_exact(4).map(|end| u32::from_le_bytes([end[0], end[1], end[2], end[3]])).collect();
    let names_text = std::str::from_utf8(rest).ok().filter(|text| text.len() as u64 == names)?;
    Tree::new(root.to_owned(), listed, names_text.to_owned(), ends)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (value, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(u64::from_le_bytes(*value))
}

fn text<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a str> {
    let (value, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    std::str::from_utf8(value).ok()
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tree(root: &Path) -> Tree {
        let listed = |path: &str, pictures| Listed { path: path.to_owned(), modified: 7, others: 3, pictures };
        let folders = vec![listed("", 0), listed("a b", 2), listed("é/ü", 1)];
        Tree::new(root.to_owned(), folders, "1.png2.png3.jpg".to_owned(), vec![5, 10, 15]).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let written = encode(&tree(root.path()));
        assert_eq!(read(root.path(), &written).unwrap(), tree(root.path()));
        assert_eq!(read(Path::new("/elsewhere"), &written), None);
        for end in 0..written.len() {
            assert_eq!(read(root.path(), &written[..end]), None, "{end} bytes");
        }
        for at in 0..written.len() {
            let mut damaged = written.clone();
            damaged[at] ^= 0x20;
            assert_eq!(read(root.path(), &damaged), None, "byte {at}");
        }
    }
}
