//! Pictures in one folder per class.

mod cut;
mod layout;
mod natural;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn_dataset::Dataset;

use crate::decode::read_image;
use crate::error::DataError;
use crate::open::{DataOptions, Splits, invalid};
use crate::rng::SplitMix64;
use crate::sample::{Sample, SharedDataset};
use crate::subset::interleave;

use layout::Layout;

/// A picture that has not been read yet.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    label: usize,
    file: Arc<Path>,
}

/// Decodes on `get`, to RGB.
struct Folder(Vec<Entry>);

impl Dataset<Sample, DataError> for Folder {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let entry = self.0.get(index).ok_or(DataError::OutOfRange { index, len: self.0.len() })?;
        let image = read_image(&entry.file)?;
        let image = if image.channels() == 1 { image.to_rgb() } else { image };
        Ok(Sample { image, label: entry.label, file: Some(Arc::clone(&entry.file)) })
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

pub(crate) fn open(options: &DataOptions) -> Result<Splits, DataError> {
    let root = options.path.as_deref().ok_or_else(|| DataError::PathRequired { name: "folder".to_owned() })?;
    check_ratios(options)?;
    let mut notes = Vec::new();
    let Layout { train_root, classes, train, valid, test } = layout::read(root, &mut notes)?;
    let ratio = |missing: bool, ratio: f64| missing.then_some(ratio);
    let ratios = [ratio(valid.is_none(), options.valid_ratio), ratio(valid.is_none() && test.is_none(), options.test_ratio)];
    let [train, cut_valid, cut_test] = cut::cut(&train_root, train, ratios, options.seed)?;

    let valid = valid.unwrap_or_else(|| {
        notes.push(format!("{} validation pictures were cut from the training pictures, by seed {}", cut_valid.len(), options.seed));
        cut_valid
    });
    let in_order = |entries| arrange(entries, options);
    let valid = in_order(valid);
    let test = match test {
        Some(test) => in_order(test),
        None if cut_test.is_empty() => {
            notes.push("there is no test split; the validation split stands in for it".to_owned());
            Arc::clone(&valid)
        }
        None => {
            notes.push(format!("{} test pictures were cut from the training pictures, by seed {}", cut_test.len(), options.seed));
            in_order(cut_test)
        }
    };
    Ok(Splits { name: "folder".to_owned(), train: in_order(train), valid, test, classes, channels: 3, native_size: None, notes })
}

fn check_ratios(options: &DataOptions) -> Result<(), DataError> {
    const EXPECTED: &str = "a share above 0, and both shares together below 1";
    for (option, value) in [("valid_ratio", options.valid_ratio), ("test_ratio", options.test_ratio)] {
        if !(value > 0.0 && options.valid_ratio + options.test_ratio < 1.0) {
            return Err(invalid(option, value, EXPECTED));
        }
    }
    Ok(())
}

/// As listed, but where only the beginning will be used: shuffled and through the classes in turn.
fn arrange(mut entries: Vec<Entry>, options: &DataOptions) -> SharedDataset {
    if options.limit.is_some() {
        SplitMix64::keyed(&[options.seed]).shuffle(&mut entries);
        let labels: Vec<usize> = entries.iter().map(|entry| entry.label).collect();
        entries = interleave(&labels).into_iter().map(|position| entries[position].clone()).collect();
    }
    Arc::new(Folder(entries))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path: PathBuf = path.to_owned();
    move |source| DataError::Io { path: path.clone(), source }
}
