//! What can be wrong with a file of weights.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Why weights could not be read, loaded or saved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The content is none of the formats that are known.
    #[error("`{}` is no file of weights: neither safetensors nor what torch.save writes", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("`{}` is damaged or incomplete: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The weights are not this model's.
    #[error("the weights do not fit the model: {0}")]
    Mismatch(Box<Mismatch>),
    /// The device could not be read.
    #[error("cannot read the parameters from the device: {0}")]
    Device(String),
}

/// A parameter that has another shape in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshaped {
    /// PyTorch's key.
    pub name: String,
    /// The model's shape.
    pub expected: Vec<usize>,
    /// The file's shape.
    pub found: Vec<usize>,
}

/// Every difference between a file's keys and a model's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mismatch {
    /// In the model, not in the file.
    pub missing: Vec<String>,
    /// In the file, not in the model.
    pub unexpected: Vec<String>,
    /// In both, with different shapes.
    pub misshaped: Vec<Misshaped>,
}

impl Mismatch {
    /// Whether there is no difference.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshaped.is_empty()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        let counts = (self.missing.len(), self.unexpected.len(), self.misshaped.len());
        write!(f, "{} missing, {} unexpected, {} of another shape", counts.0, counts.1, counts.2)?;
        let misshaped = self.misshaped.iter().map(|m| format!("{} (model {:?}, file {:?})", m.name, m.expected, m.found)).collect();
        for (what, names) in [("missing", &self.missing), ("unexpected", &self.unexpected), ("another shape", &misshaped)] {
            for name in names.iter().take(SHOWN) {
                write!(f, "\n  {what}: {name}")?;
            }
            if names.len() > SHOWN {
                write!(f, "\n  {what}: and {} more", names.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}
