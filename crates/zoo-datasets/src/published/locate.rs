//! Where the files of a published data set lie in a folder.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::DataError;

use super::table::Published;

/// A file, compressed or not.
pub(super) struct Source {
    pub(super) path: PathBuf,
    gzip: bool,
}

impl Source {
    pub(super) fn new(path: PathBuf) -> Self {
        let gzip = path.extension().is_some_and(|extension| extension == "gz");
        Self { path, gzip }
    }

    /// Its contents, decompressed.
    pub(super) fn open(&self) -> Result<Box<dyn Read>, DataError> {
        let io = |source| DataError::Io { path: self.path.clone(), source };
        let file = BufReader::with_capacity(1 << 16, File::open(&self.path).map_err(io)?);
        Ok(if self.gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
    }
}

/// The files with these names: as published, or already decompressed; in the folder or where torchvision puts them in it.
pub(super) fn files(published: &Published, folder: &Path, names: &[&str]) -> Result<Vec<Source>, DataError> {
    let places = [folder.to_owned(), folder.join("raw"), folder.join(published.torchvision).join("raw")];
    let find = |name: &str| {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        places.iter().flat_map(|place| [place.join(name), place.join(plain)]).find(|path| path.is_file())
    };
    let found: Vec<Option<PathBuf>> = names.iter().map(|name| find(name)).collect();
    let missing: Vec<&str> = names.iter().zip(&found).filter(|(_, path)| path.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Err(not_here(published, folder, &missing));
    }
    Ok(found.into_iter().flatten().map(Source::new).collect())
}

/// One sentence that says which files to put where.
pub(super) fn not_here(published: &Published, folder: &Path, files: &[&str]) -> DataError {
    DataError::NotHere {
        name: published.name.to_owned(),
        files: files.join(", "),
        address: published.addresses[0].trim_end_matches('/').to_owned(),
        folder: folder.to_owned(),
    }
}
