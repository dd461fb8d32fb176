//! A run as its folder tells it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Evaluation, ReportError};

/// A run. Only its recipe must be there: a run under way has curves, and no result yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// The name that runs share which differ by their seeds alone, where they were made for a comparison.
    pub group: Option<String>,
    /// The recipe, key by key; keys of sections are `section.key`.
    pub config: Vec<(String, String)>,
    /// `summary.csv`.
    pub epochs: Vec<EpochRow>,
    /// The steps of `metrics.jsonl`.
    pub steps: Vec<Step>,
    /// `result.json`.
    pub result: Option<Outcome>,
    /// `evaluation.json`.
    pub evaluation: Option<Evaluation>,
    /// `lr-finder.json`.
    pub finder: Option<LrFinder>,
}

/// A search for a learning rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LrFinder {
    /// By growing learning rate.
    pub points: Vec<LrPoint>,
    /// Where the smoothed loss falls fastest; none where it hardly falls.
    pub suggestion: Option<f64>,
}

/// A step of a search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LrPoint {
    /// Learning rate.
    pub lr: f64,
    /// Loss of the step, before its update.
    pub loss: f64,
    /// Moving average of the losses.
    pub smoothed: f64,
}

/// An epoch. The optional fields are from `metrics.jsonl`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct EpochRow {
    /// From 0.
    pub epoch: usize,
    /// Mean training loss.
    pub train_loss: f64,
    /// Mean validation loss.
    pub eval_loss: f64,
    /// Fraction in `[0, 1]`.
    pub eval_top1: f64,
    /// Fraction in `[0, 1]`.
    pub eval_top5: f64,
    /// Learning rate of the last step.
    pub lr: f64,
    /// Mean validation loss of the average of the weights.
    #[serde(default)]
    pub ema_loss: Option<f64>,
    /// Its top-1 accuracy.
    #[serde(default)]
    pub ema_top1: Option<f64>,
    /// Top-1 accuracy on the training pictures while they were trained on.
    #[serde(default)]
    pub train_top1: Option<f64>,
    /// Training pictures per second of the run up to here.
    #[serde(default)]
    pub images_per_second: Option<f64>,
    /// Seconds of training up to here.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Steps of the run up to here.
    #[serde(default)]
    pub step: Option<usize>,
}

/// A logged training step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Step {
    /// From 1, over the whole run.
    pub step: usize,
    /// Loss.
    pub loss: f64,
    /// Learning rate.
    pub lr: f64,
}

/// What a finished run came to: `result.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// The model's name.
    pub model: String,
    /// The data set's name.
    pub dataset: String,
    /// Fraction in `[0, 1]`, of the epoch that was best on the validation split.
    pub test_top1: f64,
    /// Fraction in `[0, 1]`.
    pub test_top5: f64,
    /// Mean cross-entropy.
    pub test_loss: f64,
    /// Top-1 of the average of the weights, at its best on the validation split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema_test_top1: Option<f64>,
    /// Mean cross-entropy of the average of the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema_test_loss: Option<f64>,
    /// The epoch, from 0.
    pub best_epoch: usize,
    /// Epochs that were done.
    pub epochs: usize,
    /// Whether it ended before its last epoch, because nothing better came.
    pub stopped_early: bool,
    /// Seconds of training steps, waiting for data included, without validation.
    pub train_seconds: f64,
    /// Share of these that was spent waiting for data.
    pub data_wait: f64,
    /// Training pictures per second.
    pub images_per_second: f64,
    /// Trainable parameters.
    pub parameters: usize,
    /// The backend's name.
    pub backend: String,
    /// The seed.
    pub seed: u64,
}

/// A line of `metrics.jsonl`.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Train(Step),
    Epoch(EpochRow),
}

impl Run {
    /// Reads a run folder.
    ///
    /// # Errors
    /// [`ReportError::NotARun`] without a recipe; [`ReportError::Io`], [`ReportError::Damaged`].
    pub fn read(folder: &Path) -> Result<Self, ReportError> {
        let Some(config) = read(folder, "config.toml")? else { return Err(ReportError::NotARun { path: folder.to_owned() }) };
        let damaged = |name: &str, reason: &dyn std::fmt::Display| damaged(folder, name, reason);
        let table: toml::Table = config.parse().map_err(|e| damaged("config.toml", &e))?;
        let mut run = Self {
            name: name(folder),
            folder: folder.to_owned(),
            config: settings(table),
            result: json(folder, "result.json")?,
            evaluation: json(folder, "evaluation.json")?,
            finder: json(folder, "lr-finder.json")?,
            ..Self::default()
        };
        for row in csv::Reader::from_reader(read(folder, "summary.csv")?.unwrap_or_default().as_bytes()).deserialize() {
            run.epochs.push(row.map_err(|e| damaged("summary.csv", &e))?);
        }
        // A run under way may be writing the last line; what cannot be read is left out.
        let log = read(folder, "metrics.jsonl")?.unwrap_or_default();
        for line in log.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Train(step) => run.steps.push(step),
                Line::Epoch(epoch) => run.add(epoch),
            }
        }
        Ok(run)
    }

    fn add(&mut self, from: EpochRow) {
        if let Some(row) = self.epochs.iter_mut().find(|row| row.epoch == from.epoch) {
            *row = from;
        }
    }

    /// A key of the recipe.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.config.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// `MODEL on DATASET`.
    pub(crate) fn title(&self) -> String {
        format!("{} on {}", self.setting("model").unwrap_or("a model"), self.setting("dataset").unwrap_or("data"))
    }

    /// The epoch that was best on the validation pictures; of equals the first.
    pub(crate) fn best(&self) -> Option<&EpochRow> {
        self.epochs.iter().reduce(|best, row| if row.eval_top1 > best.eval_top1 { row } else { best })
    }
}

/// The keys with their values, those of sections last.
fn settings(table: toml::Table) -> Vec<(String, String)> {
    let (mut plain, mut sections) = (vec![], vec![]);
    for (key, value) in table {
        match value {
            toml::Value::Table(section) => {
                sections.extend(settings(section).into_iter().map(|(name, value)| (format!("{key}.{name}"), value)))
            }
            toml::Value::String(text) => plain.push((key, text)),
            value => plain.push((key, value.to_string())),
        }
    }
    plain.extend(sections);
    plain
}

fn name(folder: &Path) -> String {
    // `.` has no name of its own.
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn damaged(folder: &Path, name: &str, reason: &dyn std::fmt::Display) -> ReportError {
    let reason = reason.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    ReportError::Damaged { path: folder.join(name), reason }
}

fn read(folder: &Path, name: &str) -> Result<Option<String>, ReportError> {
    match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReportError::Io { action: "read", path: folder.join(name), source }),
    }
}

fn json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, ReportError> {
    let Some(text) = read(folder, name)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|e| damaged(folder, name, &e))
}
