//! What a caller is told while it waits.

/// Hears how a download goes on. All methods but [`Progress::advance`] are called a few times a file.
pub trait Progress {
    /// Bytes begin to come. Called again, with what is there by then, where a dropped connection is resumed.
    ///
    /// `total` is the file's length in bytes, where the server says it; `already` bytes of it are here.
    fn start(&mut self, name: &str, total: Option<u64>, already: u64);
    /// So many more bytes came.
    fn advance(&mut self, bytes: u64);
    /// One sentence about what is going on: waiting for another process, trying again, checking.
    fn note(&mut self, text: &str);
    /// The file is here and checked.
    fn finish(&mut self);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _: &str, _: Option<u64>, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn note(&mut self, _: &str) {}
    fn finish(&mut self) {}
}
