//! Why there is no report.

use std::path::PathBuf;

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A folder without what a run leaves.
    #[error("`{}` is no run folder: it has no config.toml", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// A file of a run folder that cannot be understood.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser says, in one line.
        reason: String,
    },
    /// A picture that cannot be drawn.
    #[error("a picture of {width}x{height} pixels cannot be drawn: {reason}")]
    Picture {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Why.
        reason: String,
    },
}
