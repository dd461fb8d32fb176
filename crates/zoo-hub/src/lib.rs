//! Finds and downloads published weight files.
//!
//! [`Source::parse`] says what a name means: a model of the zoo with a tag, a repository of the Hugging Face hub or a
//! folder. [`Hub::fetch`] brings one file, [`Hub::repository`] a model of timm with its description. What is found was
//! checked: files come from our cache, from that of torch.hub or of Hugging Face (which are only read), or over the
//! network, where a download that was cut off goes on from where it stopped.
//!
//! ```ignore
//! let hub = Hub::new(Settings::from_env(None)?);
//! let path = hub.fetch(&Download::from_address("https://download.pytorch.org/models/resnet50-11ad3fa6.pth")?, &mut Silent)?;
//! ```
//!
//! Nothing here knows what a tensor is: there is no dependency on Burn.

mod address;
mod checkpoint;
mod client;
mod download;
mod error;
mod hub;
mod lock;
mod name;
mod part;
mod progress;
mod repository;
mod settings;
mod source;
mod timm_config;
mod verified;

pub use checkpoint::Checkpoint;
pub use error::HubError;
pub use hub::{Download, Hub};
pub use progress::{Progress, Silent};
pub use settings::{PYTORCH, Retry, Settings, Token};
pub use source::{Repository, Source, SourceError};
pub use timm_config::{Names, PretrainedCfg, TimmConfig};
