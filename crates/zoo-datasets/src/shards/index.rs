//! Where each picture lies in the shards.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::DataError;
use crate::folder::classes::Classes;

use super::sample::{self, Found};

/// Shards are read by the system call, so that more threads than cores hide a slow disk.
const THREADS: usize = 8;

/// All pictures that have a label, in the order of the shards.
pub(super) struct Index {
    shards: Vec<PathBuf>,
    pictures: Vec<Picture>,
    /// The pictures' names, one behind the other.
    names: String,
}

struct Picture {
    offset: u64,
    length: u32,
    shard: u32,
    label: u32,
    /// Where its name ends.
    end: u32,
}

/// A picture's place.
pub(super) struct Place<'a> {
    pub(super) shard: &'a Path,
    pub(super) name: &'a str,
    pub(super) offset: u64,
    pub(super) length: usize,
    pub(super) label: u32,
}

/// What a shard holds.
type Part = Result<Vec<Found>, DataError>;

impl Index {
    /// Reads the headers of the shards.
    pub(super) fn read(shards: Vec<PathBuf>, classes: Option<&Classes>, notes: &mut Vec<String>) -> Result<Self, DataError> {
        let parts: Vec<Mutex<Option<Part>>> = shards.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        let run = || {
            while let Some((shard, part)) = {
                let number = next.fetch_add(1, Ordering::Relaxed);
                shards.get(number).zip(parts.get(number))
            } {
                let found = read_shard(shard, classes);
                *part.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..THREADS.min(shards.len()) {
                if std::thread::Builder::new().spawn_scoped(scope, run).is_err() {
                    break;
                }
            }
            run();
        });
        let mut index = Self { shards, pictures: Vec::new(), names: String::new() };
        let mut without = 0usize;
        for (shard, part) in (0u32..).zip(parts) {
            let found = part.into_inner().unwrap_or_else(PoisonError::into_inner).transpose()?.unwrap_or_default();
            for Found { name, offset, length, label } in found {
                let Some(label) = label else {
                    without += 1;
                    continue;
                };
                index.names.push_str(&name);
                let too_many = |_| DataError::TooManyNames { path: index.shards[shard as usize].clone() };
                let end = u32::try_from(index.names.len()).map_err(too_many)?;
                index.pictures.push(Picture { offset, length, shard, label, end });
            }
        }
        if without > 0 {
            let folder = index.shards.first().and_then(|shard| shard.parent()).unwrap_or(Path::new("."));
            notes.push(format!("{without} pictures in the shards of {} have no label and were left out", folder.display()));
        }
        Ok(index)
    }

    pub(super) fn len(&self) -> usize {
        self.pictures.len()
    }

    /// One more than the largest label.
    pub(super) fn classes(&self) -> usize {
        self.pictures.iter().map(|picture| picture.label as usize + 1).max().unwrap_or(0)
    }

    pub(super) fn label(&self, picture: u32) -> u32 {
        self.pictures[picture as usize].label
    }

    pub(super) fn labels(&self) -> Vec<u32> {
        self.pictures.iter().map(|picture| picture.label).collect()
    }

    pub(super) fn shard_of(&self, picture: u32) -> u32 {
        self.pictures[picture as usize].shard
    }

    pub(super) fn place(&self, picture: u32) -> Place<'_> {
        let number = picture as usize;
        let Picture { offset, length, shard, label, end } = self.pictures[number];
        let start = if number == 0 { 0 } else { self.pictures[number - 1].end as usize };
        let name = &self.names[start..end as usize];
        Place { shard: &self.shards[shard as usize], name, offset, length: length as usize, label }
    }
}

fn read_shard(shard: &Path, classes: Option<&Classes>) -> Result<Vec<Found>, DataError> {
    let file = File::open(shard).map_err(|source| DataError::Io { path: shard.to_owned(), source })?;
    sample::read(file, classes).map_err(|reason| DataError::Format { name: "shards".to_owned(), path: shard.to_owned(), reason })
}
