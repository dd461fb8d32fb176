//! The flags that say where published weights come from, and what is seen of a download.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use zoo_hub::{Hub, Progress, Settings};

use crate::Failure;
use crate::output::say;

/// Where published weights come from.
#[derive(Debug, Clone, Default, Args)]
pub struct HubArgs {
    /// Folder for downloaded weights [default: $BURN_ZOO_CACHE, else burn-zoo in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Never use the network for weights: what is not here is an error that says which file to put where
    #[arg(long)]
    offline: bool,
    /// Address that stands in for torchvision's, tried first; may be given several times
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,
}

impl HubArgs {
    /// The hub by these flags and the environment.
    ///
    /// # Errors
    /// [`Failure::Usage`] where a setting makes no sense.
    pub fn open(&self) -> Result<Hub, Failure> {
        let mut settings = Settings::from_env(self.cache_dir.as_deref()).map_err(|e| Failure::usage(&e))?;
        settings.offline |= self.offline;
        settings.mirrors.splice(0..0, self.mirror.iter().cloned());
        Ok(Hub::new(settings))
    }
}

/// A download on standard error: a bar on a terminal, else a line at its beginning and its end.
#[derive(Debug, Default)]
pub struct DownloadReport {
    bar: Option<ProgressBar>,
    name: String,
}

impl Progress for DownloadReport {
    fn start(&mut self, name: &str, total: Option<u64>, already: u64) {
        name.clone_into(&mut self.name);
        if stderr().is_terminal() {
            let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
            let template = "{msg} {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(name.to_owned());
            bar.set_position(already);
            self.bar = Some(bar);
            return;
        }
        let size = total.map_or_else(String::new, |bytes| format!(" ({:.1} MB)", bytes as f64 / 1e6));
        let rest = if already > 0 { format!(", {:.1} MB of it are here", already as f64 / 1e6) } else { String::new() };
        say(&mut stderr(), &format!("downloading {name}{size}{rest}"));
    }

    fn advance(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    fn note(&mut self, text: &str) {
        let line = format!("note: {text}");
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&mut stderr(), &line)),
            None => say(&mut stderr(), &line),
        }
    }

    fn finish(&mut self) {
        match self.bar.take() {
            Some(bar) => bar.finish(),
            None if self.name.is_empty() => {}
            None => say(&mut stderr(), &format!("downloaded {}", self.name)),
        }
    }
}
