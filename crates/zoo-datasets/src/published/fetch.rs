//! Brings the files of a published data set.

use std::path::{Path, PathBuf};

use zoo_hub::{Download, Hub, Progress, Settings};

use crate::error::DataError;

use super::locate::not_here;
use super::table::{self, Published};

/// Downloads what is missing of a published data set, and gives the folder with its files, for
/// [`DataOptions::path`](crate::DataOptions::path). `None` for a data set that is not downloaded (`digits`, `shapes`,
/// `folder`, ...).
///
/// Files go to `datasets/NAME` in the hub's cache. They are checked against their published lengths and SHA-256; a download
/// that was cut off goes on from where it stopped. For each mirror `M` of the hub's settings, `M/NAME/FILE` is tried first.
///
/// # Errors
/// - [`DataError::UnknownDataset`] where no data set has this name.
/// - [`DataError::NotHere`] where files are missing and the hub is offline: one sentence that says which to put where.
/// - [`DataError::Hub`] where a download fails.
pub fn fetch(name: &str, hub: &Hub, progress: &mut dyn Progress) -> Result<Option<PathBuf>, DataError> {
    let Some(published) = table::find(name) else {
        return if crate::names().contains(&name) { Ok(None) } else { Err(crate::open::unknown(name)) };
    };
    bring(published, hub, progress).map(Some)
}

/// Downloads what is missing, and gives the folder.
pub(super) fn bring(published: &Published, hub: &Hub, progress: &mut dyn Progress) -> Result<PathBuf, DataError> {
    let settings = hub.settings();
    let folder = folder(&settings.cache, published.name);
    // Other programs' caches hold weights only; all the data sets have files of the same names.
    let own = Hub::new(Settings { cache: folder.clone(), torch_checkpoints: None, hugging_face_cache: None, ..settings.clone() });
    let downloads: Vec<Download> = downloads(published, &settings.mirrors);
    if settings.offline {
        let mut missing = Vec::new();
        for (download, file) in downloads.iter().zip(published.files) {
            if own.find(download)?.is_none() {
                missing.push(file.name);
            }
        }
        return if missing.is_empty() { Ok(folder) } else { Err(not_here(published, &folder, &missing)) };
    }
    for download in &downloads {
        own.fetch(download, progress)?;
    }
    Ok(folder)
}

/// Where the files of a data set are kept.
pub(super) fn folder(cache: &Path, name: &str) -> PathBuf {
    cache.join("datasets").join(name)
}

fn downloads(published: &Published, mirrors: &[String]) -> Vec<Download> {
    let mirrors = mirrors.iter().map(|mirror| format!("{}/{}", mirror.trim_end_matches('/'), published.name));
    let bases: Vec<String> = mirrors.chain(published.addresses.iter().map(|address| (*address).to_owned())).collect();
    let download = |file: &table::PublishedFile| Download {
        file: file.name.to_owned(),
        addresses: bases.iter().map(|base| format!("{}/{}", base.trim_end_matches('/'), file.name)).collect(),
        sha256: Some(file.sha256.to_owned()),
        size: Some(file.size),
    };
    published.files.iter().map(download).collect()
}
