//! A run's folder. Every file is replaced whole, so that a full disk or a power cut leaves what was there.

use std::path::{Path, PathBuf};

use burn::module::Module;
use serde::{Deserialize, Serialize};
use zoo_core::params::read_params;
use zoo_weights::{WeightsFile, WeightsMeta, write_atomically, write_tensors};

use crate::optim::Optimizer;
use crate::{Recipe, RecipeError};

/// What a finished run came to: `result.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The epoch, from 0.
    pub best_epoch: usize,
    /// Seconds of training steps, without validation.
    pub train_seconds: f64,
    /// Training pictures per second.
    pub images_per_second: f64,
    /// Trainable parameters.
    pub parameters: usize,
    /// The backend's name.
    pub backend: String,
    /// The seed.
    pub seed: u64,
}

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) epoch: usize,
    pub(crate) step_in_epoch: usize,
    pub(crate) optimizer_steps: usize,
    pub(crate) best_epoch: usize,
    /// Validation pictures that the best epoch had right; none before the first validation.
    pub(crate) best_correct: Option<usize>,
    pub(crate) loss_sum: f64,
    pub(crate) loss_count: usize,
    pub(crate) seconds: f64,
    pub(crate) images: usize,
    pub(crate) rows: Vec<Row>,
}

/// A row of `summary.csv`, with timm's columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) epoch: usize,
    pub(crate) train_loss: f64,
    pub(crate) eval_loss: f64,
    pub(crate) eval_top1: f64,
    pub(crate) eval_top5: f64,
    pub(crate) lr: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

const WEIGHTS: &str = "weights/";
const OPTIMIZER: &str = "optimizer/";

impl Folder {
    pub(crate) fn create(path: &Path) -> Result<Self, RecipeError> {
        let io = |source| RecipeError::Io { action: "create", path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(io)?;
        if std::fs::read_dir(path).map_err(io)?.next().is_some() {
            return Err(RecipeError::OutputExists { path: path.to_owned() });
        }
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RecipeError> {
        let path = self.path(name);
        write_atomically(&path, bytes).map_err(|source| RecipeError::Io { action: "write", path, source })
    }

    pub(crate) fn write_recipe(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        self.write("config.toml", recipe.to_toml()?.as_bytes())
    }

    pub(crate) fn write_rows(&self, rows: &[Row]) -> Result<(), RecipeError> {
        let failed = |e: csv::Error| RecipeError::Io { action: "write", path: self.path("summary.csv"), source: e.into() };
        let mut writer = csv::Writer::from_writer(vec![]);
        for row in rows {
            writer.serialize(row).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|e| failed(e.into_error().into()))?;
        self.write("summary.csv", &bytes)
    }

    /// Weights, optimiser and standing in one file, so that they cannot disagree.
    pub(crate) fn write_state<M: Module>(&self, model: &M, optimizer: &Optimizer, standing: &Standing) -> Result<(), RecipeError> {
        let mut tensors = read_params(model).map_err(RecipeError::Device)?;
        tensors.iter_mut().for_each(|t| t.name.insert_str(0, WEIGHTS));
        let state = optimizer.state().map_err(RecipeError::Device)?;
        tensors.extend(state.into_iter().map(|mut t| {
            t.name.insert_str(0, OPTIMIZER);
            t
        }));
        let mut meta = WeightsMeta::default();
        let value = serde_json::to_value(standing).map_err(|e| RecipeError::Device(e.to_string()))?;
        meta.extra.insert("standing".to_owned(), value);
        Ok(write_tensors(&self.path("state.safetensors"), &tensors, &meta)?)
    }

    /// The weights, the optimiser's state and the standing.
    pub(crate) fn read_state(&self) -> Result<(WeightsFile, Vec<zoo_core::params::NamedTensor>, Standing), RecipeError> {
        let path = self.path("state.safetensors");
        let not = |reason: String| RecipeError::NotARun { path: self.0.clone(), reason };
        if !path.is_file() {
            return Err(not("it has no state.safetensors".to_owned()));
        }
        let file = WeightsFile::read(&path)?;
        let value = file.meta().extra.get("standing").cloned().ok_or_else(|| not("its state has no standing".to_owned()))?;
        let standing = serde_json::from_value(value).map_err(|e| not(e.to_string()))?;
        let (mut weights, mut state) = (vec![], vec![]);
        for mut tensor in file.into_tensors()? {
            for (prefix, to) in [(WEIGHTS, &mut weights), (OPTIMIZER, &mut state)] {
                if let Some(rest) = tensor.name.strip_prefix(prefix) {
                    tensor.name = rest.to_owned();
                    to.push(tensor);
                    break;
                }
            }
        }
        Ok((WeightsFile::from_tensors(weights, WeightsMeta::default()), state, standing))
    }
}
