//! Why a file is not there.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why weights could not be found or downloaded. Every message is one sentence.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// A name that would lead out of the cache, or that no file can have.
    #[error("`{name}` is no usable {what}: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What it should name.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The environment says nowhere where the cache could be.
    #[error("there is no folder for downloads: neither BURN_ZOO_CACHE nor XDG_CACHE_HOME nor HOME is set")]
    NoCacheFolder,
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// `read`, `write`, `create` or `lock`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No space left. What came so far is kept.
    #[error("the disk is full; the download will go on from what is kept in `{}`", path.display())]
    DiskFull {
        /// The part of the file.
        path: PathBuf,
    },
    /// The file is nowhere on this machine, and nothing may be downloaded.
    #[error("`{file}` is not here and downloads are switched off: put the file from {address} at `{}`", path.display())]
    Offline {
        /// The file's name.
        file: String,
        /// Where it would be found.
        path: PathBuf,
        /// Where it comes from.
        address: String,
    },
    /// The connection failed, broke or stalled, also when tried again.
    #[error("cannot download {address}: {reason}")]
    Network {
        /// What was asked for.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The server's answer has no file in it that could be used: redirects without end, a nonsensical header.
    #[error("cannot use the answer to {address}: {reason}")]
    Answer {
        /// What was asked for.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// The server has no such file, wants a login, or is broken.
    #[error("the server answered {status} ({}) for {address}{}", reason_phrase(*status), hint(*status, address))]
    Status {
        /// HTTP's status code.
        status: u16,
        /// What was asked for.
        address: String,
    },
    /// The file is not as long as it should be.
    #[error("the file from {address} is {found} bytes long instead of {expected}")]
    Length {
        /// Where it came from.
        address: String,
        /// Bytes.
        expected: u64,
        /// Bytes.
        found: u64,
    },
    /// The file is not the one that was published. It was deleted.
    #[error("the file from {address} was deleted because its SHA-256 is {found} instead of {expected}")]
    Checksum {
        /// Where it came from.
        address: String,
        /// The SHA-256, or its first digits.
        expected: String,
        /// The whole SHA-256.
        found: String,
    },
    /// None of several addresses gave the file.
    #[error("no address gave `{file}`: {}", sentences(errors))]
    Addresses {
        /// The file's name.
        file: String,
        /// What each address ended with, in the order in which they were tried.
        errors: Vec<HubError>,
    },
    /// `config.json` is not one of timm's.
    #[error("`{}` does not describe a model of timm: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A folder lacks what makes it a model.
    #[error("the folder `{}` has no {what}", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file, or the files of which one would do.
        what: String,
    },
}

impl HubError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// As [`Self::io`] for the part of a download, of which a full disk is no end.
    pub(crate) fn writing(part: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: part.to_owned() },
            _ => Self::io("write", part)(source),
        }
    }

    /// Whether the same request may do better in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Whether another address would end the same.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::DiskFull { .. } | Self::Name { .. })
    }

    /// Whether the server has no such file.
    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status == 404,
            Self::Addresses { errors, .. } => !errors.is_empty() && errors.iter().all(Self::is_not_found),
            _ => false,
        }
    }
}

fn reason_phrase(status: u16) -> &'static str {
    ureq::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("no known status")
}

/// Hugging Face answers 401 for what does not exist, and so says less than it seems.
fn hint(status: u16, address: &str) -> &'static str {
    match status {
        401 | 403 if address.contains("/resolve/") => "; it does not exist, or is private and needs the right HF_TOKEN",
        _ => "",
    }
}

fn sentences(errors: &[HubError]) -> String {
    if errors.is_empty() {
        return "none is known".to_owned();
    }
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
