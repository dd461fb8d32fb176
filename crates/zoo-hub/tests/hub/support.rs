//! Settings without a network, files to download, and an ear for progress.

use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use zoo_hub::{Download, Hub, HubError, Progress, Retry, Settings, Silent};

/// Bytes without a pattern, more than any buffer holds.
pub fn bytes() -> Vec<u8> {
    let mut state = 1u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..300_000).map(next).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A cache of its own, and no patience.
pub fn settings(cache: &Path) -> Settings {
    Settings {
        retry: Retry { count: 2, back_off: Duration::from_millis(1) },
        stall_timeout: Duration::from_secs(10),
        ..Settings::new(cache)
    }
}

pub fn hub(settings: Settings) -> Hub {
    Hub::new(settings)
}

/// `net.pth` at an address, with the checksum of these bytes.
pub fn download(address: &str, bytes: &[u8]) -> Download {
    Download {
        file: "net.pth".into(),
        addresses: vec![format!("{address}/net.pth")],
        sha256: Some(sha256(bytes)[..8].to_owned()),
        size: None,
    }
}

/// The sentence of a failed download.
pub fn failure(hub: &Hub, download: &Download) -> (HubError, String) {
    let error = hub.fetch(download, &mut Silent).unwrap_err();
    let text = error.to_string();
    (error, text)
}

/// All names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// Total and what was already there, of each start.
    pub starts: Vec<(Option<u64>, u64)>,
    pub bytes: u64,
    pub notes: Vec<String>,
    pub finished: usize,
}

impl Progress for Heard {
    fn start(&mut self, _: &str, total: Option<u64>, already: u64) {
        self.starts.push((total, already));
    }
    fn advance(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
    fn finish(&mut self) {
        self.finished += 1;
    }
}
