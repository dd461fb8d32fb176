//! Pictures in one folder per class.

mod cache;
pub(crate) mod classes;
pub(crate) mod cut;
mod layout;
pub(crate) mod natural;
mod tree;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn_dataset::Dataset;

use crate::decode::{decode, read_file};
use crate::error::DataError;
use crate::open::{DataOptions, Splits, invalid};
use crate::sample::{EncodedSample, PictureSet, Sample, SharedDataset};
use crate::subset::mixed;

use layout::{Layout, Pictures, Reader};

/// Decodes on `get`, to RGB.
struct Folder(Pictures);

impl Folder {
    fn read(&self, index: usize) -> Result<EncodedSample, DataError> {
        let picture = *self.0.order.get(index).ok_or(DataError::OutOfRange { index, len: self.0.order.len() })?;
        let file: Arc<Path> = Arc::from(self.0.tree.file(picture));
        Ok(EncodedSample { bytes: read_file(&file)?, label: self.0.label(picture) as usize, file })
    }
}

impl Dataset<Sample, DataError> for Folder {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.read(index)?.decode()
    }

    fn len(&self) -> usize {
        self.0.order.len()
    }
}

impl PictureSet for Folder {
    fn encoded(&self, index: usize) -> Result<Option<EncodedSample>, DataError> {
        self.read(index).map(Some)
    }
}

impl EncodedSample {
    /// The whole picture, in RGB.
    ///
    /// # Errors
    /// [`DataError::Decode`].
    pub fn decode(self) -> Result<Sample, DataError> {
        let image = decode(&self.bytes).map_err(|source| DataError::Decode { path: self.file.to_path_buf(), source })?;
        let image = if image.channels() == 1 { image.to_rgb() } else { image };
        Ok(Sample { image, label: self.label, file: Some(self.file) })
    }
}

pub(crate) fn open(options: &DataOptions) -> Result<Splits, DataError> {
    let root = options.path.as_deref().ok_or_else(|| DataError::PathRequired { name: "folder".to_owned() })?;
    check_ratios(options)?;
    let mut notes = Vec::new();
    let cache = options.cache_folder();
    let mut reader = Reader { root, cache: cache.as_deref(), class_map: options.class_map.as_deref(), notes: &mut notes };
    let Layout { classes, train, valid, test } = reader.read()?;
    let ratio = |missing: bool, ratio: f64| missing.then_some(ratio);
    let ratios = [ratio(valid.is_none(), options.valid_ratio), ratio(valid.is_none() && test.is_none(), options.test_ratio)];
    let labels: Vec<u32> = train.order.iter().map(|&picture| train.label(picture)).collect();
    let parts = cut::cut(&train.tree.root, &labels, ratios, options.seed)?;
    let [train, cut_valid, cut_test] = parts.map(|part| {
        let order = part.into_iter().map(|position| train.order[position as usize]).collect();
        Pictures { order, ..train.clone() }
    });

    let valid = valid.unwrap_or_else(|| {
        notes.push(cut_note("validation", cut_valid.order.len(), options.seed));
        cut_valid
    });
    let in_order = |pictures| arrange(pictures, options);
    let valid = in_order(valid);
    let test = match test {
        Some(test) => in_order(test),
        None if cut_test.order.is_empty() => {
            notes.push("there is no test split; the validation split stands in for it".to_owned());
            Arc::clone(&valid)
        }
        None => {
            notes.push(cut_note("test", cut_test.order.len(), options.seed));
            in_order(cut_test)
        }
    };
    let train = in_order(train);
    Ok(Splits { name: "folder".to_owned(), train, valid, test, classes, channels: 3, native_size: None, statistics: None, notes })
}

pub(crate) fn cut_note(split: &str, pictures: usize, seed: u64) -> String {
    format!("{pictures} {split} pictures were cut from the training pictures, by seed {seed}")
}

pub(crate) fn check_ratios(options: &DataOptions) -> Result<(), DataError> {
    const EXPECTED: &str = "a share above 0, and both shares together below 1";
    for (option, value) in [("valid_ratio", options.valid_ratio), ("test_ratio", options.test_ratio)] {
        if !(value > 0.0 && options.valid_ratio + options.test_ratio < 1.0) {
            return Err(invalid(option, value, EXPECTED));
        }
    }
    Ok(())
}

/// As listed, but where only the beginning will be used: shuffled and through the classes in turn.
fn arrange(mut pictures: Pictures, options: &DataOptions) -> SharedDataset {
    if options.limit.is_some() {
        let order = std::mem::take(&mut pictures.order);
        pictures.order = mixed(order, |picture| pictures.label(picture), options.seed);
    }
    Arc::new(Folder(pictures))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path: PathBuf = path.to_owned();
    move |source| DataError::Io { path: path.clone(), source }
}
