//! The small data sets that everybody publishes results on, in the files in which they are published.

mod cifar;
mod fetch;
mod idx;
mod locate;
mod packed;
mod table;

#[cfg(test)]
#[path = "../../zoo-hub/tests/hub/server.rs"]
#[allow(clippy::unwrap_used, missing_docs, dead_code, unreachable_pub)]
mod server;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use fetch::fetch;

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::DataError;
use crate::folder::{check_ratios, cut, cut_note};
use crate::open::{DataOptions, Splits};
use crate::sample::SharedDataset;
use crate::subset::mixed;

use packed::{Packed, PackedSplit};
use table::{Format, Published};

/// Whether a data set has files that [`fetch`] can download.
pub fn is_published(name: &str) -> bool {
    table::find(name).is_some()
}

/// Reads a data set of the table from `options.path`, or from where [`fetch`] puts it.
pub(crate) fn open(name: &str, options: &DataOptions) -> Result<Splits, DataError> {
    let unknown = || DataError::UnknownDataset { name: name.to_owned(), nearest: None };
    read(table::find(name).ok_or_else(unknown)?, options)
}

fn read(published: &Published, options: &DataOptions) -> Result<Splits, DataError> {
    check_ratios(options)?;
    let folder = match &options.path {
        Some(path) if !path.is_dir() => return Err(DataError::NotAFolder { path: path.clone() }),
        Some(path) => path.clone(),
        None => options.cache_folder().map_or_else(|| PathBuf::from("."), |cache| fetch::folder(&cache, published.name)),
    };
    let [train, test] = match published.format {
        Format::Idx => idx::read(published, &folder)?,
        Format::Cifar(layout) => cifar::read(published, layout, &folder)?,
    };
    let labels: Vec<u32> = train.labels().iter().map(|&label| u32::from(label)).collect();
    let [kept, valid, _] = cut::cut(&folder, &labels, [Some(options.valid_ratio), None], options.seed)?;
    let notes = vec![cut_note("validation", valid.len(), options.seed)];
    let (train, test) = (Arc::new(train), Arc::new(test));
    let everything = (0..test.len() as u32).collect();
    Ok(Splits {
        name: published.name.to_owned(),
        train: split(&train, kept, options),
        valid: split(&train, valid, options),
        test: split(&test, everything, options),
        classes: published.classes.iter().map(|class| (*class).to_owned()).collect(),
        channels: published.mean.len(),
        native_size: Some(published.size),
        statistics: Some((published.mean.to_vec(), published.std.to_vec())),
        notes,
    })
}

/// In the file's order, but where only the beginning will be used: through the classes in turn.
fn split(whole: &Arc<Packed>, pictures: Vec<u32>, options: &DataOptions) -> SharedDataset {
    let label = |picture: u32| u32::from(whole.labels()[picture as usize]);
    let order = if options.limit.is_some() { mixed(pictures, label, options.seed) } else { pictures };
    Arc::new(PackedSplit { whole: Arc::clone(whole), order })
}

/// An error of a file of a published data set.
fn wrong(published: &Published, path: &std::path::Path, reason: impl Into<String>) -> DataError {
    DataError::Format { name: published.name.to_owned(), path: path.to_owned(), reason: reason.into() }
}
