//! Where files are looked for, kept and downloaded from. The environment is read here and nowhere else.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{HubError, Progress};

/// Where torchvision's weights are published; what a mirror replaces.
pub const PYTORCH: &str = "https://download.pytorch.org/models";

/// What a [`crate::Hub`] goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder for downloads, created when needed.
    pub cache: PathBuf,
    /// `checkpoints` of torch.hub. Files there are used, and never written.
    pub torch_checkpoints: Option<PathBuf>,
    /// `hub` of huggingface_hub. Files there are used, and never written.
    pub hugging_face_cache: Option<PathBuf>,
    /// Downloads nothing.
    pub offline: bool,
    /// Addresses that are tried, in this order, in place of [`PYTORCH`].
    pub mirrors: Vec<String>,
    /// The Hugging Face hub.
    pub endpoint: String,
    /// The login for [`Self::endpoint`], sent to no other host.
    pub token: Option<Token>,
    /// Goes through the proxy that `HTTPS_PROXY` and its like name.
    pub proxy: bool,
    /// A PEM file with the certificates to trust in place of Mozilla's, for mirrors within a company.
    pub certificates: Option<PathBuf>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long nothing may come over a connection. The whole may take as long as it takes.
    pub stall_timeout: Duration,
    /// What happens after a failure that may pass.
    pub retry: Retry,
}

/// How often something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// So many failures in a row that brought no byte are waited out.
    pub count: u32,
    /// The wait after the first; it doubles with each further one.
    pub back_off: Duration,
}

impl Retry {
    /// Waits after a failure, which came after `failures` others, and says so.
    pub(crate) fn wait(self, failures: u32, error: &HubError, progress: &mut dyn Progress) {
        let wait = self.back_off.saturating_mul(1 << failures.min(16));
        progress.note(&format!("{error}; trying again in {:.1} s", wait.as_secs_f32()));
        std::thread::sleep(wait);
    }
}

/// A secret that does not show in debugging output.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// From the text that Hugging Face gives out.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Settings {
    /// The public addresses, this folder, and no other program's cache.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            torch_checkpoints: None,
            hugging_face_cache: None,
            offline: false,
            mirrors: vec![],
            endpoint: "https://huggingface.co".to_owned(),
            token: None,
            proxy: false,
            certificates: None,
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            retry: Retry { count: 3, back_off: Duration::from_millis(500) },
        }
    }

    /// What the environment says; `cache` (a flag of the command line) comes before it.
    ///
    /// | variable | what it sets |
    /// |---|---|
    /// | `BURN_ZOO_CACHE`, else `XDG_CACHE_HOME`, else `HOME` | the folder for downloads |
    /// | `BURN_ZOO_OFFLINE`, `HF_HUB_OFFLINE` | `1`: no downloads |
    /// | `BURN_ZOO_MIRROR` | addresses, separated by commas, in place of [`PYTORCH`] |
    /// | `HF_ENDPOINT`, `HF_TOKEN` | the Hugging Face hub and the login |
    /// | `TORCH_HOME`, `HF_HUB_CACHE`, `HF_HOME` | caches of others, which are only read |
    /// | `SSL_CERT_FILE` | certificates to trust |
    ///
    /// # Errors
    /// [`HubError::NoCacheFolder`].
    pub fn from_env(cache: Option<&Path>) -> Result<Self, HubError> {
        Self::from_variables(cache, &|name| std::env::var_os(name))
    }

    /// As [`Self::from_env`], from variables that are given.
    ///
    /// # Errors
    /// [`HubError::NoCacheFolder`].
    pub fn from_variables(cache: Option<&Path>, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        // An empty variable counts as none, as in a shell's `${NAME:-...}`.
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| get(name).and_then(|value| value.into_string().ok());
        let folder = |name: &str| get(name).map(PathBuf::from);
        let on = |name: &str| text(name).is_some_and(|v| ["1", "true", "yes", "on"].contains(&v.to_ascii_lowercase().as_str()));

        let home = folder("HOME").or_else(|| folder("USERPROFILE"));
        let caches = folder("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
        let within = |sub: &str| caches.as_ref().map(|caches| caches.join(sub));
        let cache = cache.map(Path::to_owned).or_else(|| folder("BURN_ZOO_CACHE")).or_else(|| within("burn-zoo"));
        let torch = folder("TORCH_HOME").or_else(|| within("torch"));
        let hugging_face = folder("HF_HOME").or_else(|| within("huggingface"));

        let mirrors = text("BURN_ZOO_MIRROR").unwrap_or_default();
        let defaults = Self::new(cache.ok_or(HubError::NoCacheFolder)?);
        Ok(Self {
            torch_checkpoints: torch.map(|torch| torch.join("hub").join("checkpoints")),
            hugging_face_cache: folder("HF_HUB_CACHE").or_else(|| hugging_face.map(|folder| folder.join("hub"))),
            offline: on("BURN_ZOO_OFFLINE") || on("HF_HUB_OFFLINE"),
            mirrors: mirrors.split(',').map(str::trim).filter(|mirror| !mirror.is_empty()).map(str::to_owned).collect(),
            endpoint: text("HF_ENDPOINT").unwrap_or(defaults.endpoint),
            token: text("HF_TOKEN").map(|token| Token::new(token.trim())),
            proxy: true,
            certificates: folder("SSL_CERT_FILE"),
            ..defaults
        })
    }
}
