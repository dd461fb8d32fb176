//! Repositories of the Hugging Face hub.

use std::fs;
use std::path::{Path, PathBuf};

use crate::address::shown;
use crate::checkpoint::{CONFIG, WEIGHTS};
use crate::client::{Client, Linked};
use crate::download::Target;
use crate::hub::Wanted;
use crate::{Checkpoint, Hub, HubError, Progress, Repository, TimmConfig, name};

impl Hub {
    /// A model of timm: `config.json`, and `model.safetensors` or else `pytorch_model.bin`, both of one commit.
    ///
    /// A branch is looked up each time, because it moves; where the server cannot be reached, what it last stood for is used.
    /// Files are kept as huggingface_hub keeps them, without its links, in `CACHE/models--org--name/snapshots/COMMIT`.
    ///
    /// # Errors
    /// [`HubError`], one sentence each.
    pub fn repository(&self, repository: &Repository, progress: &mut dyn Progress) -> Result<Checkpoint, HubError> {
        let revision = self.commit(repository, progress)?;
        let config = TimmConfig::read(&self.obtain(&self.file(repository, &revision, CONFIG), progress)?)?;
        let weights = self.weights(repository, &revision, progress)?;
        Ok(Checkpoint { config, weights, commit: Some(revision).filter(|revision| name::is_commit(revision)) })
    }

    fn weights(&self, repository: &Repository, revision: &str, progress: &mut dyn Progress) -> Result<PathBuf, HubError> {
        let [preferred, fallback] = WEIGHTS.map(|name| self.file(repository, revision, name));
        // Before anything is asked for: a repository without the first is known by having the second here.
        for wanted in [&preferred, &fallback] {
            if let Some(path) = self.here(wanted, progress)? {
                return Ok(path);
            }
        }
        match self.obtain(&preferred, progress) {
            Err(error) if error.is_not_found() => self.obtain(&fallback, progress),
            other => other,
        }
    }

    /// The commit that a revision stands for. Without a network and without a cache, or where a mirror does not say it, the
    /// revision's own name is that of the folder.
    fn commit(&self, repository: &Repository, progress: &mut dyn Progress) -> Result<String, HubError> {
        let revision = repository.revision();
        if name::is_commit(revision) {
            return Ok(revision.to_owned());
        }
        let own = self.settings().cache.join(folder(repository)).join("refs").join(revision);
        let other = self.settings().hugging_face_cache.iter().map(|cache| cache.join(folder(repository)).join("refs").join(revision));
        let known = [own.clone()].into_iter().chain(other).find_map(|path| read_commit(&path));
        if self.settings().offline {
            return Ok(known.unwrap_or_else(|| revision.to_owned()));
        }
        match (self.ask_for_commit(repository, known.is_none(), progress), known) {
            (Ok(Some(commit)), known) => {
                if known.as_ref() != Some(&commit) {
                    // Only a help for the time when there is no network.
                    let _ = own.parent().map(fs::create_dir_all);
                    let _ = fs::write(&own, &commit);
                }
                Ok(commit)
            }
            (Ok(None), _) => Ok(revision.to_owned()),
            (Err(error), Some(known)) if error.is_transient() => {
                progress.note(&format!("{error}; using commit {known}, which `{revision}` was last time"));
                Ok(known)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Asks the server, and where `patient` again after failures that may pass.
    fn ask_for_commit(&self, repository: &Repository, patient: bool, progress: &mut dyn Progress) -> Result<Option<String>, HubError> {
        let address = self.address(repository, repository.revision(), CONFIG);
        let client = Client::new(self.settings())?;
        let retry = self.settings().retry;
        let mut failures = 0;
        loop {
            let result = client.head(&address).and_then(|reply| match (reply.status, reply.linked) {
                (200, Linked { commit, .. }) => Ok(commit),
                (status, _) => Err(HubError::Status { status, address: shown(&address) }),
            });
            match result {
                Err(error) if error.is_transient() && patient && failures < retry.count => retry.wait(failures, &error, progress),
                other => return other,
            }
            failures += 1;
        }
    }

    fn file(&self, repository: &Repository, revision: &str, file: &str) -> Wanted {
        let place = |cache: &Path| cache.join(folder(repository)).join("snapshots").join(revision.replace('/', "--")).join(file);
        let others = self.settings().hugging_face_cache.iter().map(|cache| {
            let path = place(cache);
            let sha256 = blob_sha256(&path);
            (path, sha256)
        });
        let target = Target { path: place(&self.settings().cache), name: file.to_owned(), sha256: None, size: None };
        Wanted { target, others: others.collect(), addresses: vec![self.address(repository, revision, file)] }
    }

    fn address(&self, repository: &Repository, revision: &str, file: &str) -> String {
        let endpoint = self.settings().endpoint.trim_end_matches('/');
        // A slash within a revision (`refs/pr/1`) would begin the file's path.
        format!("{endpoint}/{}/resolve/{}/{file}", repository.name(), revision.replace('/', "%2F"))
    }
}

/// The folder that huggingface_hub gives a repository.
fn folder(repository: &Repository) -> String {
    format!("models--{}", repository.name().replace('/', "--"))
}

fn read_commit(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| name::is_commit(text))
}

/// huggingface_hub's snapshots are links to files that are named by their SHA-256 (small ones by git's hash).
fn blob_sha256(path: &Path) -> Option<String> {
    let blob = fs::canonicalize(path).ok()?;
    Some(blob.file_name()?.to_str()?.to_owned()).filter(|name| name::is_sha256(name))
}
