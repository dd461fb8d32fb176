//! The way to a file: what is here is used, what is not is downloaded.

use std::fs;
use std::path::{Path, PathBuf};

use crate::address::{mirrored, shown};
use crate::client::Client;
use crate::download::{Target, Transfer};
use crate::lock::Lock;
use crate::name::{self, beside};
use crate::verified::{self, Verdict};
use crate::{HubError, PYTORCH, Progress, Settings, Silent};

/// Finds and downloads files.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Its name in the cache.
    pub file: String,
    /// Where it can be had; the next is tried where one fails.
    pub addresses: Vec<String>,
    /// Its SHA-256, or the first digits of it.
    pub sha256: Option<String>,
    /// Its length in bytes.
    pub size: Option<u64>,
}

/// A file that is wanted, wherever it may come from.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) target: Target,
    /// Files of other programs that would do, each with the checksum that it should have.
    pub(crate) others: Vec<(PathBuf, Option<String>)>,
    pub(crate) addresses: Vec<String>,
}

impl Download {
    /// A file of which the address says all, as torchvision's do: `resnet50-11ad3fa6.pth` has a SHA-256 that begins with
    /// `11ad3fa6`.
    ///
    /// # Errors
    /// [`HubError::Name`] where the address does not end in a file's name.
    pub fn from_address(address: &str) -> Result<Self, HubError> {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let file = path.rsplit('/').next().unwrap_or_default().to_owned();
        check_name(&file)?;
        // As torch.hub reads it: digits between a hyphen and a dot. Fewer than eight would be a part of the name.
        let digits = file.rsplit_once('-').and_then(|(_, end)| end.split('.').next());
        let sha256 = digits.filter(|digits| digits.len() >= 8 && name::is_hex(digits)).map(str::to_owned);
        Ok(Self { file, addresses: vec![address.to_owned()], sha256, size: None })
    }
}

impl Hub {
    /// Nothing is read, written or asked for yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// What it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The path of a file whose length and checksum are right: from our cache, from torch.hub's, or downloaded into ours.
    ///
    /// # Errors
    /// [`HubError`], one sentence each.
    pub fn fetch(&self, download: &Download, progress: &mut dyn Progress) -> Result<PathBuf, HubError> {
        self.obtain(&self.wanted(download)?, progress)
    }

    /// The path of a file if it is on this machine and right; nothing is downloaded.
    ///
    /// # Errors
    /// [`HubError::Name`], or [`HubError::Io`] where a file cannot be read.
    pub fn find(&self, download: &Download) -> Result<Option<PathBuf>, HubError> {
        self.here(&self.wanted(download)?, &mut Silent)
    }

    fn wanted(&self, download: &Download) -> Result<Wanted, HubError> {
        let Download { file, addresses, sha256, size } = download;
        check_name(file)?;
        if let Some(digits) = sha256.as_ref().filter(|digits| digits.len() > 64 || !name::is_hex(digits)) {
            let reason = "it is not up to 64 hexadecimal digits".to_owned();
            return Err(HubError::Name { name: digits.clone(), what: "SHA-256", reason });
        }
        let torch = self.settings.torch_checkpoints.iter().map(|folder| (folder.join(file), sha256.clone())).collect();
        let addresses = addresses.iter().flat_map(|address| mirrored(address, PYTORCH, &self.settings.mirrors)).collect();
        let target = Target { path: self.settings.cache.join(file), name: file.clone(), sha256: sha256.clone(), size: *size };
        Ok(Wanted { target, others: torch, addresses })
    }

    /// The file from here, or else from there.
    pub(crate) fn obtain(&self, wanted: &Wanted, progress: &mut dyn Progress) -> Result<PathBuf, HubError> {
        if let Some(path) = self.here(wanted, progress)? {
            return Ok(path);
        }
        let Target { path, name, .. } = &wanted.target;
        if self.settings.offline {
            let address = wanted.addresses.first().map_or("wherever it is published".to_owned(), |address| shown(address));
            return Err(HubError::Offline { file: name.clone(), path: path.clone(), address });
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(HubError::io("create", folder))?;
        let _lock = Lock::take(path, progress)?;
        // Another process may have brought it between the look and the lock; what is wrong with it was already said.
        if self.own(wanted, &mut Silent)? {
            return Ok(path.clone());
        }
        let client = Client::new(&self.settings)?;
        let mut errors = vec![];
        for address in &wanted.addresses {
            match Transfer::new(&client, address, &wanted.target).run(self.settings.retry, progress) {
                Ok(sha256) => {
                    verified::remember(path, &beside(path, "verified"), &sha256);
                    return Ok(path.clone());
                }
                Err(error) if error.is_local() => return Err(error),
                Err(error) => {
                    if errors.len() + 1 < wanted.addresses.len() {
                        progress.note(&format!("{error}; trying the next address"));
                    }
                    errors.push(error);
                }
            }
        }
        match errors.pop() {
            Some(error) if errors.is_empty() => Err(error),
            last => Err(HubError::Addresses { file: name.clone(), errors: errors.into_iter().chain(last).collect() }),
        }
    }

    /// The file where it is on this machine.
    pub(crate) fn here(&self, wanted: &Wanted, progress: &mut dyn Progress) -> Result<Option<PathBuf>, HubError> {
        if self.own(wanted, progress)? {
            return Ok(Some(wanted.target.path.clone()));
        }
        // The record of a file in another's folder is in ours, because nothing is written there.
        let record = beside(&wanted.target.path, "verified");
        for (path, sha256) in &wanted.others {
            match verified::check(path, &record, sha256.as_deref(), wanted.target.size) {
                Ok(Verdict::Good) => return Ok(Some(path.clone())),
                Ok(Verdict::Absent) => {}
                Ok(Verdict::Bad(reason)) => progress.note(&format!("`{}` is not used: {reason}", path.display())),
                // Another's folder may be closed to us.
                Err(error) => progress.note(&format!("`{}` is not used: {error}", path.display())),
            }
        }
        Ok(None)
    }

    /// Whether the file is in our cache. A damaged one stays until a good one takes its place.
    fn own(&self, wanted: &Wanted, progress: &mut dyn Progress) -> Result<bool, HubError> {
        let Target { path, sha256, size, .. } = &wanted.target;
        match verified::check(path, &beside(path, "verified"), sha256.as_deref(), *size).map_err(HubError::io("read", path))? {
            Verdict::Good => Ok(true),
            Verdict::Absent => Ok(false),
            Verdict::Bad(reason) => {
                progress.note(&format!("`{}` is damaged: {reason}", path.display()));
                Ok(false)
            }
        }
    }
}

fn check_name(file: &str) -> Result<(), HubError> {
    name::file(file).map_err(|reason| HubError::Name { name: file.to_owned(), what: "name of a file", reason: reason.to_owned() })
}
