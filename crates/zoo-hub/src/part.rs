//! The beginning of a file, as far as it came.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::HubError;
use crate::name::beside;

/// `FILE.part`, and `FILE.part.json`, which says of which file it is the beginning.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    state: PathBuf,
}

/// What the server said about the file whose beginning this is.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// A strong ETag, else the date of the last change: what a server compares before it sends the rest.
    pub(crate) validator: Option<String>,
    /// The whole file's bytes.
    pub(crate) total: Option<u64>,
    /// The whole file's SHA-256, or its first digits.
    pub(crate) sha256: Option<String>,
}

impl Part {
    pub(crate) fn of(target: &Path) -> Self {
        let path = beside(target, "part");
        Self { state: beside(&path, "json"), path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are here.
    pub(crate) fn len(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// What is known about the part; nothing where it was not written down.
    pub(crate) fn state(&self) -> State {
        fs::read(&self.state).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Opens the part to append to its first `length` bytes, and writes down what it is a part of.
    ///
    /// # Errors
    /// [`HubError::Io`], [`HubError::DiskFull`].
    pub(crate) fn open(&self, length: u64, state: &State) -> Result<File, HubError> {
        let file = File::options().create(true).append(true).open(&self.path).map_err(HubError::io("create", &self.path))?;
        if self.len() != length {
            file.set_len(length).map_err(HubError::writing(&self.path))?;
        }
        let text = serde_json::to_string(state).map_err(io::Error::other);
        text.and_then(|text| fs::write(&self.state, text)).map_err(HubError::writing(&self.path))?;
        Ok(file)
    }

    /// Forgets the part.
    ///
    /// # Errors
    /// [`HubError::Io`].
    pub(crate) fn clear(&self) -> Result<(), HubError> {
        for path in [&self.path, &self.state] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(HubError::io("delete", path)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the whole file of it.
    ///
    /// # Errors
    /// [`HubError::Io`].
    pub(crate) fn complete(&self, target: &Path) -> Result<(), HubError> {
        fs::rename(&self.path, target).map_err(HubError::io("write", target))?;
        let _ = fs::remove_file(&self.state);
        // The rename itself is on the disk only when the folder is; not every system lets a folder be opened.
        if let Some(Ok(folder)) = target.parent().map(File::open) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}
