//! A model that comes with its description, as timm publishes them.

use std::path::{Path, PathBuf};

use crate::{HubError, TimmConfig};

/// The description's name in a repository or folder.
pub(crate) const CONFIG: &str = "config.json";
/// The weights' names, in the order in which they are looked for.
pub(crate) const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];

/// A description and the weights that it describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What `config.json` says.
    pub config: TimmConfig,
    /// The file of weights.
    pub weights: PathBuf,
    /// The commit, where it comes from a repository that says it.
    pub commit: Option<String>,
}

impl Checkpoint {
    /// Reads a folder that holds `config.json` and `model.safetensors` or `pytorch_model.bin`. Nothing is downloaded.
    ///
    /// # Errors
    /// [`HubError::Missing`], [`HubError::Config`], [`HubError::Io`].
    pub fn from_folder(folder: &Path) -> Result<Self, HubError> {
        let missing = |what: String| HubError::Missing { folder: folder.to_owned(), what };
        if !folder.is_dir() {
            return Err(HubError::io("read", folder)(std::io::Error::from(std::io::ErrorKind::NotFound)));
        }
        let config = folder.join(CONFIG);
        if !config.is_file() {
            return Err(missing(CONFIG.to_owned()));
        }
        let weights = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        let weights = weights.ok_or_else(|| missing(WEIGHTS.join(" or ")))?;
        Ok(Self { config: TimmConfig::read(&config)?, weights, commit: None })
    }
}
