//! Tar files in the layout of WebDataset (<https://github.com/webdataset/webdataset>): the files of a sample are behind each
//! other and have one name but for the ending, such as `00017.jpg` and `00017.cls`.
//!
//! The headers are read once when the data set is opened, which gives its length, its labels and where each picture lies. An
//! epoch then reads the pictures at their places, in the order of the shards but for the shuffle buffer, so that the disk
//! reads ahead; and it can begin anywhere, which a stream cannot.

mod index;
mod sample;

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn_dataset::Dataset;

use crate::error::DataError;
use crate::folder::classes::Classes;
use crate::folder::{check_ratios, cut, cut_note, natural};
use crate::open::{DataOptions, Splits, invalid};
use crate::rng::SplitMix64;
use crate::sample::{EncodedSample, PictureSet, Sample, SharedDataset};
use crate::subset::mixed;

use index::Index;

/// Names of the splits, in folders' names or in parts of files' names.
const NAMES: [&[&str]; 3] = [&["train"], &["val", "valid", "validation"], &["test"]];

/// Some of the pictures of some shards.
struct Shards {
    index: Arc<Index>,
    order: Vec<u32>,
    buffer: usize,
}

impl Shards {
    fn read(&self, index: usize) -> Result<EncodedSample, DataError> {
        let picture = *self.order.get(index).ok_or(DataError::OutOfRange { index, len: self.order.len() })?;
        let place = self.index.place(picture);
        let io = |source| DataError::Io { path: place.shard.to_owned(), source };
        let mut file = File::open(place.shard).map_err(io)?;
        file.seek(SeekFrom::Start(place.offset)).map_err(io)?;
        let mut bytes = Vec::with_capacity(place.length);
        file.take(place.length as u64).read_to_end(&mut bytes).map_err(io)?;
        Ok(EncodedSample { bytes, label: place.label as usize, file: Arc::from(place.shard.join(place.name)) })
    }
}

impl Dataset<Sample, DataError> for Shards {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.read(index)?.decode()
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}

impl PictureSet for Shards {
    fn encoded(&self, index: usize) -> Result<Option<EncodedSample>, DataError> {
        self.read(index).map(Some)
    }

    fn shuffled(&self, seed: u64, epoch: u64) -> Option<Vec<u32>> {
        let shard = |position: &u32| self.index.shard_of(self.order[*position as usize]);
        let positions: Vec<u32> = (0..self.order.len() as u32).collect();
        let mut shards: Vec<&[u32]> = positions.chunk_by(|a, b| shard(a) == shard(b)).collect();
        let mut rng = SplitMix64::keyed(&[seed, epoch]);
        rng.shuffle(&mut shards);
        Some(buffered(shards.concat(), self.buffer, &mut rng))
    }
}

/// A stream through a shuffle buffer: each next picture takes the place of a random one of the last `size`, which comes out.
fn buffered(stream: Vec<u32>, size: usize, rng: &mut SplitMix64) -> Vec<u32> {
    let mut out = Vec::with_capacity(stream.len());
    let mut buffer: Vec<u32> = Vec::with_capacity(size.min(stream.len()));
    for picture in stream {
        if buffer.len() < size {
            buffer.push(picture);
        } else {
            out.push(std::mem::replace(&mut buffer[rng.below(size)], picture));
        }
    }
    rng.shuffle(&mut buffer);
    out.extend(buffer);
    out
}

pub(crate) fn open(options: &DataOptions) -> Result<Splits, DataError> {
    let root = options.path.as_deref().ok_or_else(|| DataError::PathRequired { name: "shards".to_owned() })?;
    check_ratios(options)?;
    if options.shuffle_buffer == 0 {
        return Err(invalid("shuffle_buffer", 0, "at least 1"));
    }
    if !root.is_dir() {
        return Err(DataError::NotAFolder { path: root.to_owned() });
    }
    let classes = Classes::map_of(root, options.class_map.as_deref()).map(|map| Classes::of_map(&map)).transpose()?;
    let mut notes = Vec::new();
    let [train, valid, test] = find(root)?;
    if train.is_empty() {
        return Err(DataError::NoShards { path: root.to_owned() });
    }
    let mut read = |shards: Vec<PathBuf>| -> Result<Option<Index>, DataError> {
        if shards.is_empty() { Ok(None) } else { Index::read(shards, classes.as_ref(), &mut notes).map(Some) }
    };
    let (train, valid, test) = (read(train)?, read(valid)?, read(test)?);
    let Some(train) = train.filter(|index| index.len() > 0) else { return Err(DataError::NoImages { path: root.to_owned() }) };
    let most = [Some(&train), valid.as_ref(), test.as_ref()].into_iter().flatten().map(Index::classes).max().unwrap_or(0);
    let classes = classes.map_or_else(|| (0..most).map(|label| label.to_string()).collect(), |classes| classes.names);

    let ratio = |missing: bool, ratio: f64| missing.then_some(ratio);
    let ratios = [ratio(valid.is_none(), options.valid_ratio), ratio(valid.is_none() && test.is_none(), options.test_ratio)];
    let [kept, cut_valid, cut_test] = cut::cut(root, &train.labels(), ratios, options.seed)?;
    let train = Arc::new(train);
    let whole = |index: Index| {
        let all = (0..index.len() as u32).collect();
        split(&Arc::new(index), all, options)
    };
    let valid = valid.map(whole).unwrap_or_else(|| {
        notes.push(cut_note("validation", cut_valid.len(), options.seed));
        split(&train, cut_valid, options)
    });
    let test = match test.map(whole) {
        Some(test) => test,
        None if cut_test.is_empty() => {
            notes.push("there is no test split; the validation split stands in for it".to_owned());
            Arc::clone(&valid)
        }
        None => {
            notes.push(cut_note("test", cut_test.len(), options.seed));
            split(&train, cut_test, options)
        }
    };
    let train = split(&train, kept, options);
    Ok(Splits { name: "shards".to_owned(), train, valid, test, classes, channels: 3, native_size: None, statistics: None, notes })
}

fn split(index: &Arc<Index>, order: Vec<u32>, options: &DataOptions) -> SharedDataset {
    let order = if options.limit.is_some() { mixed(order, |picture| index.label(picture), options.seed) } else { order };
    Arc::new(Shards { index: Arc::clone(index), order, buffer: options.shuffle_buffer })
}

/// The shards of each split: those in its folder, and those in the root whose names have the split's in them. All others are
/// for training.
fn find(root: &Path) -> Result<[Vec<PathBuf>; 3], DataError> {
    let mut found: [Vec<PathBuf>; 3] = Default::default();
    let split_of = |name: &str| {
        let name = name.to_lowercase();
        let mut parts = name.split(|c: char| !c.is_ascii_alphabetic());
        parts.find_map(|part| NAMES.iter().position(|names| names.contains(&part)))
    };
    for path in list(root)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if let Some(split) = NAMES.iter().position(|names| names.contains(&name.to_lowercase().as_str())) {
                found[split].extend(list(&path)?.into_iter().filter(|path| is_shard(path)));
            }
        } else if is_shard(&path) {
            found[split_of(&name).unwrap_or(0)].push(path);
        }
    }
    Ok(found)
}

fn is_shard(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar")) && path.is_file()
}

/// What is in a folder, in natural order.
fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let io = |source| DataError::Io { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        paths.push(entry.map_err(io)?.path());
    }
    paths.sort_by(|a, b| natural::compare(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_mixes_nearby_pictures_and_loses_none() {
        let stream: Vec<u32> = (0..1000).collect();
        for size in [1, 2, 50, 999, 1000, 5000] {
            let out = buffered(stream.clone(), size, &mut SplitMix64::new(3));
            let mut sorted = out.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, stream);
            // Nothing comes out more than `size` places early.
            assert!(out.iter().enumerate().all(|(place, &picture)| (picture as usize) < place + size.max(1) + 1), "{size}");
            assert_eq!(out == stream, size == 1);
        }
    }
}
