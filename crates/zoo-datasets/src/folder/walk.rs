//! Lists a tree of folders with several threads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use crate::error::DataError;

use super::tree::{Listed, Tree, join};
use super::{io, natural};

const EXTENSIONS: &[&str] = &["jpg", "jpeg", "png", "webp", "bmp"];

/// Folders are listed by the system call, so that more threads than cores hide a slow disk.
const THREADS: usize = 8;

/// Deeper folders are refused: only a link that leads back has so many.
const MAX_DEPTH: usize = 32;

/// Everything below `root`. Links to folders are followed.
pub(super) fn walk(root: &Path) -> Result<Tree, DataError> {
    let work = Mutex::new(Work { waiting: vec![String::new()], unfinished: 1, found: BTreeMap::new(), error: None });
    let more = Condvar::new();
    std::thread::scope(|scope| {
        // The caller's own thread is one of them, so that a system that gives no thread only makes this slow.
        for _ in 1..THREADS {
            let helper = std::thread::Builder::new().spawn_scoped(scope, || run(root, &work, &more));
            if helper.is_err() {
                break;
            }
        }
        run(root, &work, &more);
    });
    let Work { found, error, .. } = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    error.map_or_else(|| assemble(root, found), Err)
}

/// What is to be listed, and what was.
struct Work {
    waiting: Vec<String>,
    /// Folders that wait or are being listed.
    unfinished: usize,
    found: BTreeMap<String, Contents>,
    error: Option<DataError>,
}

/// One folder's contents, names in natural order.
struct Contents {
    modified: u64,
    folders: Vec<String>,
    names: String,
    ends: Vec<u32>,
    others: u32,
}

fn run(root: &Path, work: &Mutex<Work>, more: &Condvar) {
    let locked = || work.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(path) = next(locked(), more) {
        let listed = list(root, &path);
        let mut work = locked();
        work.unfinished -= 1;
        match listed {
            Ok(contents) => {
                let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
                work.unfinished += contents.folders.len();
                work.waiting.extend(contents.folders.iter().rev().map(|name| format!("{prefix}{name}")));
                work.found.insert(path, contents);
            }
            Err(error) => {
                work.unfinished -= work.waiting.len();
                work.waiting.clear();
                work.error.get_or_insert(error);
            }
        }
        more.notify_all();
    }
}

/// The next folder; waits while others may still find some.
fn next(mut work: MutexGuard<'_, Work>, more: &Condvar) -> Option<String> {
    loop {
        if work.unfinished == 0 {
            return None;
        }
        if let Some(path) = work.waiting.pop() {
            return Some(path);
        }
        work = more.wait(work).unwrap_or_else(PoisonError::into_inner);
    }
}

fn list(root: &Path, below: &str) -> Result<Contents, DataError> {
    let folder = join(root, below);
    if below.split('/').count() > MAX_DEPTH {
        return Err(DataError::TooDeep { path: folder, limit: MAX_DEPTH });
    }
    // Before the listing: a change while it runs makes the time differ the next time.
    let modified = modified(&folder).map_err(io(&folder))?;
    let (mut folders, mut files, mut others) = (Vec::new(), Vec::new(), 0);
    for entry in fs::read_dir(&folder).map_err(io(&folder))? {
        let entry = entry.map_err(io(&folder))?;
        let name = entry.file_name();
        let hidden = is_hidden(&name.to_string_lossy());
        if hidden {
            continue;
        }
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => entry.path().is_dir(),
        };
        match name.into_string() {
            Ok(name) if is_folder => folders.push(name),
            Ok(name) if is_picture(&name) => files.push(name),
            Err(_) if is_folder => return Err(DataError::ClassName { path: entry.path() }),
            // Also pictures whose names are not Unicode.
            _ => others += 1,
        }
    }
    for names in [&mut folders, &mut files] {
        names.sort_unstable_by(|a, b| natural::compare(a, b));
    }
    let mut ends = Vec::with_capacity(files.len());
    let mut names = String::with_capacity(files.iter().map(String::len).sum());
    for file in files {
        names.push_str(&file);
        ends.push(end_of(&names, root)?);
    }
    Ok(Contents { modified, folders, names, ends, others })
}

/// Depth first, so that a class and what is nested in it stay together.
fn assemble(root: &Path, mut found: BTreeMap<String, Contents>) -> Result<Tree, DataError> {
    let (mut folders, mut names, mut ends) = (Vec::with_capacity(found.len()), String::new(), Vec::new());
    names.reserve_exact(found.values().map(|contents| contents.names.len()).sum());
    ends.reserve_exact(found.values().map(|contents| contents.ends.len()).sum());
    let mut stack = vec![String::new()];
    while let Some(path) = stack.pop() {
        let Some(contents) = found.remove(&path) else { continue };
        let start = end_of(&names, root)?;
        names.push_str(&contents.names);
        end_of(&names, root)?;
        ends.extend(contents.ends.iter().map(|end| start + end));
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        stack.extend(contents.folders.iter().rev().map(|name| format!("{prefix}{name}")));
        let pictures = contents.ends.len() as u32;
        folders.push(Listed { path, modified: contents.modified, others: contents.others, pictures });
    }
    Tree::new(root.to_owned(), folders, names, ends).ok_or_else(|| DataError::TooManyNames { path: root.to_owned() })
}

fn end_of(names: &str, root: &Path) -> Result<u32, DataError> {
    u32::try_from(names.len()).map_err(|_| DataError::TooManyNames { path: root.to_owned() })
}

/// Names that are not data: `.DS_Store`, `.ipynb_checkpoints`, `._a.jpg`, what macOS leaves in archives.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX"
}

fn is_picture(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// Nanoseconds since 1970.
pub(super) fn modified(folder: &Path) -> std::io::Result<u64> {
    let time = fs::metadata(folder)?.modified()?;
    Ok(time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)))
}
