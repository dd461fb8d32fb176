//! Checksums, and files that need not be checked again.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is known about a file whose checksum was computed. Kept in `FILE.verified`, in our cache also for files elsewhere.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// Where the file was.
    path: PathBuf,
    /// Bytes.
    size: u64,
    /// Nanoseconds since 1970.
    modified: u64,
    /// The whole SHA-256, in hexadecimal digits.
    sha256: String,
}

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no such file.
    Absent,
    /// It is what was expected.
    Good,
    /// It is something else: one sentence.
    Bad(String),
}

/// Checks a file. A file that was hashed before and has the same length and time since is not hashed again, because
/// half a gigabyte takes as long as loading it.
///
/// `expected` is a SHA-256 or its first digits. Without it, the file has to be what `record` says it was.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn check(file: &Path, record: &Path, expected: Option<&str>, size: Option<u64>) -> io::Result<Verdict> {
    let metadata = match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(Verdict::Absent),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Verdict::Absent),
        Err(error) => return Err(error),
    };
    if let Some(size) = size.filter(|size| *size != metadata.len()) {
        return Ok(Verdict::Bad(format!("it is {} bytes long instead of {size}", metadata.len())));
    }
    let known = Record::read(record).filter(|known| known.path == file);
    let unchanged = known.as_ref().filter(|known| known.size == metadata.len() && known.modified == modified(&metadata));
    let sha256 = match unchanged {
        Some(known) => known.sha256.clone(),
        None => sha256(file)?,
    };
    if let Some(expected) = expected.or(known.as_ref().map(|known| known.sha256.as_str())).filter(|e| !matches(&sha256, e)) {
        return Ok(Verdict::Bad(format!("its SHA-256 is {sha256} instead of {expected}")));
    }
    if unchanged.is_none() {
        remember(file, record, &sha256);
    }
    Ok(Verdict::Good)
}

/// Writes down that a file has this checksum. A record saves time, and so it does not matter where none can be written.
pub(crate) fn remember(file: &Path, record: &Path, sha256: &str) {
    let Ok(metadata) = fs::metadata(file) else { return };
    let known = Record { path: file.to_owned(), size: metadata.len(), modified: modified(&metadata), sha256: sha256.to_owned() };
    if let Ok(text) = serde_json::to_string(&known) {
        let _ = fs::write(record, text);
    }
}

/// The SHA-256 of a file, in lower-case hexadecimal digits.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => hash.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a SHA-256 begins with these digits.
pub(crate) fn matches(sha256: &str, expected: &str) -> bool {
    sha256.starts_with(&expected.to_ascii_lowercase())
}

impl Record {
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}

fn modified(metadata: &fs::Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
