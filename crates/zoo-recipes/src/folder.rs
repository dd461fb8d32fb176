//! A run's folder. Every file but the log is replaced whole, so that a full disk or a power cut leaves what was there.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zoo_weights::write_atomically;

use crate::standing::Row;
use crate::{Recipe, RecipeError};

/// The folder, which no other process trains in.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held as long as any clone lives, and given back by the system however the process ends.
    _lock: Option<Arc<File>>,
}

const LOCK: &str = ".lock";
/// What `write_atomically` has before its rename.
const TEMPORARY: &str = ".writing-";

impl Folder {
    /// A folder for a new run. What a run left that was killed before it had written its recipe does not count.
    pub(crate) fn create(path: &Path) -> Result<Self, RecipeError> {
        fs::create_dir_all(path).map_err(|source| RecipeError::Io { action: "create", path: path.to_owned(), source })?;
        let folder = Self { path: path.to_owned(), _lock: None };
        let ours = |name: &String| name == LOCK || name.starts_with(TEMPORARY);
        if !folder.names()?.iter().all(ours) {
            return Err(RecipeError::OutputExists { path: path.to_owned() });
        }
        folder.take()
    }

    /// The folder of a run that goes on.
    pub(crate) fn open(path: &Path) -> Result<Self, RecipeError> {
        if !path.join("config.toml").is_file() {
            return Err(RecipeError::NotARun { path: path.to_owned(), reason: "it has no config.toml".to_owned() });
        }
        Self { path: path.to_owned(), _lock: None }.take()
    }

    /// The folder of a comparison that goes on.
    pub(crate) fn of_comparison(path: &Path) -> Result<Self, RecipeError> {
        Self { path: path.to_owned(), _lock: None }.take()
    }

    /// Locks the folder and removes what a killed process was writing.
    fn take(mut self) -> Result<Self, RecipeError> {
        let lock = self.path(LOCK);
        let file = File::create(&lock).map_err(|source| RecipeError::Io { action: "create", path: lock, source })?;
        match file.try_lock() {
            Ok(()) => self._lock = Some(Arc::new(file)),
            Err(TryLockError::WouldBlock) => return Err(RecipeError::Busy { path: self.path }),
            // Some network file systems know no locks: the run is no worse than without.
            Err(TryLockError::Error(_)) => {}
        }
        self.remove(self.names()?.into_iter().filter(|name| name.starts_with(TEMPORARY)));
        Ok(self)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Names of what is in it, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, RecipeError> {
        let io = |source| RecipeError::Io { action: "read", path: self.path.clone(), source };
        let mut names = vec![];
        for entry in fs::read_dir(&self.path).map_err(io)? {
            names.extend(entry.map_err(io)?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes files that are not needed any more. One that stays does no harm.
    pub(crate) fn remove(&self, names: impl IntoIterator<Item = String>) {
        for name in names {
            let _stays = fs::remove_file(self.path(&name));
        }
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RecipeError> {
        let path = self.path(name);
        write_atomically(&path, bytes).map_err(|source| RecipeError::Io { action: "write", path, source })
    }

    pub(crate) fn write_recipe(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        self.write("config.toml", recipe.to_toml()?.as_bytes())
    }

    pub(crate) fn write_rows(&self, rows: &[Row]) -> Result<(), RecipeError> {
        let failed = |e: csv::Error| RecipeError::Io { action: "write", path: self.path("summary.csv"), source: e.into() };
        let mut writer = csv::Writer::from_writer(vec![]);
        for row in rows {
            writer.serialize(row).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|e| failed(e.into_error().into()))?;
        self.write("summary.csv", &bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_process_at_a_time_and_no_leftovers() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let folder = Folder::create(&path).unwrap();
        assert!(matches!(Folder::create(&path), Err(RecipeError::Busy { .. })));
        assert!(matches!(Folder::open(&path), Err(RecipeError::NotARun { .. })));
        fs::write(path.join(".writing-abc"), "half").unwrap();
        drop(folder);
        // Killed before the recipe was there: the same command starts it again.
        let folder = Folder::create(&path).unwrap();
        assert_eq!(folder.names().unwrap(), [LOCK]);
        folder.write("config.toml", b"").unwrap();
        drop(folder);
        assert!(matches!(Folder::create(&path), Err(RecipeError::OutputExists { .. })));
        assert!(Folder::open(&path).is_ok());
    }
}
