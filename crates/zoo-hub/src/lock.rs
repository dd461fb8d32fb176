//! One download of a file at a time, over all processes.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::name::beside;
use crate::{HubError, Progress};

/// A lock that the system takes back when this is dropped, and also when the process dies.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "open is what it has to be")] File);

impl Lock {
    /// Waits until no other process downloads `target`. The file `TARGET.lock` stays: deleting it would let a third
    /// process lock a new file of that name while a second still waits for the old one.
    ///
    /// # Errors
    /// [`HubError::Io`], also where the file system knows no locks.
    pub(crate) fn take(target: &Path, progress: &mut dyn Progress) -> Result<Self, HubError> {
        let path = beside(target, "lock");
        let file = File::options().create(true).append(true).open(&path).map_err(HubError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.note(&format!("waiting for another process that downloads `{}`", target.display()));
                file.lock().map_err(HubError::io("lock", &path))?;
            }
            Err(TryLockError::Error(source)) => return Err(HubError::io("lock", &path)(source)),
        }
        Ok(Self(file))
    }
}
