//! Everything that decides a run, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zoo_core::{BuildOptions, nearest};
use zoo_datasets::Filter;

use crate::{OptimizerKind, RecipeError, ScheduleKind};

/// Everything that decides a run. Its TOML keys are the fields' names; the command line's flags are the same with dashes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Name of the model. Default `lenet5`.
    pub model: String,
    /// One of [`zoo_datasets::names`]. Default `digits`.
    pub dataset: String,
    /// `folder` and `shards`: the root. The published data sets: the folder with their files; [`Recipe::fetch_data`] writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Side of the model's input in pixels. Default: what the model was designed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_size: Option<usize>,
    /// Which pictures `shapes` draws, and which pictures of a `folder` without split folders are for validation and test.
    /// Apart from `seed`, so that runs with other seeds are tested on the same pictures.
    pub data_seed: u64,
    /// Only the first so many training pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Width of the last layer. Default: the data set's classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_classes: Option<usize>,
    /// Published weights to start from: a tag, or `DEFAULT` for the model's default ones. [`Recipe::fetch`] brings them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<String>,
    /// Weights to start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained_path: Option<PathBuf>,
    /// Mean of each channel, of values from 0 to 1. Default: the published weights' own, else the data set's, else 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<Vec<f32>>,
    /// Standard deviation of each channel. Default: the published weights' own, else the data set's, else 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<Vec<f32>>,
    /// `nearest`, `bilinear` or `bicubic`: how pictures are resized. Default: the published weights' own, else `bilinear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<Filter>,
    /// The text that defines a `custom` model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Dropout rate in `[0, 1)`. Default: the paper's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures in a step.
    pub batch_size: usize,
    /// `sgd` or `adamw`.
    pub opt: OptimizerKind,
    /// Learning rate after the warm-up. Where nothing says it, `sgd` has 0.1 for 256 pictures in a step and in proportion
    /// (torchvision's and timm's rule), `adamw` 4e-3 for models of less than a million parameters and 3e-4 for larger ones.
    pub lr: f64,
    /// `sgd`: momentum in `[0, 1)`.
    pub momentum: f64,
    /// `sgd`: Nesterov's form of momentum.
    pub nesterov: bool,
    /// Weight decay; norms and biases are spared.
    pub weight_decay: f64,
    /// `cosine`, `step` or `constant`.
    pub sched: ScheduleKind,
    /// Epochs of linear warm-up, part of `epochs`.
    pub warmup_epochs: usize,
    /// Learning rate at the beginning of the warm-up.
    pub warmup_lr: f64,
    /// Where the cosine ends.
    pub min_lr: f64,
    /// `step`: epochs between two decays.
    pub decay_epochs: usize,
    /// `step`: factor of a decay.
    pub decay_rate: f64,
    /// Label smoothing in `[0, 1)`.
    pub smoothing: f64,
    /// Probability of mirroring a training picture.
    pub hflip: f64,
    /// Batches whose gradients are averaged for one step: a step of `batch_size` times as many pictures.
    pub grad_accum_steps: usize,
    /// Largest norm of all gradients together; larger ones are scaled down to it. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_grad: Option<f64>,
    /// Epochs without a better validation accuracy after which the run ends. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// The best so many epochs are kept as `checkpoint-EPOCH.safetensors`, besides `best` and `last`.
    pub checkpoint_hist: usize,
    /// Steps between two checkpoints within an epoch; 0 for none.
    pub recovery_interval: usize,
    /// Minutes between two checkpoints within an epoch; 0 for none.
    pub recovery_minutes: f64,
    /// Steps between two lines of the log.
    pub log_interval: usize,
    /// The first so many training batches are drawn as `train-batch-N.png`.
    pub save_batches: usize,
    /// Compute cheap intermediate results anew in the backward pass in place of keeping them: less memory, more time, the
    /// same weights.
    pub grad_checkpointing: bool,
    /// Seed of the weights, the order and dropout.
    pub seed: u64,
    /// Threads that prepare pictures; the result does not depend on them.
    pub workers: usize,
    /// Name of the backend.
    pub backend: String,
    /// Number of the backend's device. Default: the backend's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<usize>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            model: "lenet5".to_owned(),
            dataset: "digits".to_owned(),
            data: None,
            image_size: None,
            data_seed: 0,
            limit: None,
            num_classes: None,
            pretrained: None,
            pretrained_path: None,
            mean: None,
            std: None,
            interpolation: None,
            definition: None,
            dropout: None,
            epochs: 40,
            batch_size: 16,
            opt: OptimizerKind::AdamW,
            lr: 4e-3,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.01,
            sched: ScheduleKind::Cosine,
            warmup_epochs: 0,
            warmup_lr: 1e-5,
            min_lr: 0.0,
            decay_epochs: 30,
            decay_rate: 0.1,
            smoothing: 0.0,
            hflip: 0.0,
            grad_accum_steps: 1,
            clip_grad: None,
            patience: None,
            checkpoint_hist: 0,
            recovery_interval: 0,
            recovery_minutes: 5.0,
            log_interval: 20,
            save_batches: 0,
            grad_checkpointing: false,
            seed: 42,
            workers: 2,
            backend: "flex".to_owned(),
            device: None,
        }
    }
}

/// All keys; a test holds them to the fields.
const KEYS: &[&str] = &[
    "model",
    "dataset",
    "data",
    "image_size",
    "data_seed",
    "limit",
    "num_classes",
    "pretrained",
    "pretrained_path",
    "mean",
    "std",
    "interpolation",
    "definition",
    "dropout",
    "epochs",
    "batch_size",
    "opt",
    "lr",
    "momentum",
    "nesterov",
    "weight_decay",
    "sched",
    "warmup_epochs",
    "warmup_lr",
    "min_lr",
    "decay_epochs",
    "decay_rate",
    "smoothing",
    "hflip",
    "grad_accum_steps",
    "clip_grad",
    "patience",
    "checkpoint_hist",
    "recovery_interval",
    "recovery_minutes",
    "log_interval",
    "save_batches",
    "grad_checkpointing",
    "seed",
    "workers",
    "backend",
    "device",
];

impl Recipe {
    /// The defaults, overridden by a recipe file's text, overridden by flags.
    ///
    /// # Errors
    /// [`RecipeError::Syntax`], [`RecipeError::UnknownKey`], [`RecipeError::Value`].
    pub fn resolve(file: Option<&str>, flags: toml::Table) -> Result<Self, RecipeError> {
        let syntax = |e: &dyn std::fmt::Display| RecipeError::Syntax { reason: one_line(&e.to_string()) };
        let mut table: toml::Table = file.unwrap_or("").parse().map_err(|e: toml::de::Error| syntax(&e))?;
        table.extend(flags);
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let near = nearest(&key.replace('-', "_"), KEYS.iter().copied()).into_iter().next();
            return Err(RecipeError::UnknownKey { key: key.clone(), nearest: near });
        }
        let says_lr = table.contains_key("lr");
        let mut recipe: Self = table.try_into().map_err(|e: toml::de::Error| syntax(&e))?;
        if !says_lr {
            recipe.lr = recipe.default_lr();
        }
        recipe.check()?;
        Ok(recipe)
    }

    /// One rate for all would leave LeNet's sigmoids where they are, or blow a VGG up.
    fn default_lr(&self) -> f64 {
        match self.opt {
            OptimizerKind::Sgd => 0.1 * (self.batch_size * self.grad_accum_steps) as f64 / 256.0,
            OptimizerKind::AdamW => {
                let large = burn_zoo::info(&self.model).is_some_and(|info| info.params >= 1_000_000);
                if large { 3e-4 } else { Self::default().lr }
            }
        }
    }

    /// The recipe of a run that goes on, overridden by the flags that may change: how long it goes on, where and with how
    /// many threads it is computed, and how often it is saved.
    ///
    /// # Errors
    /// [`RecipeError::FixedByRun`] for any other flag that differs, and those of [`Recipe::resolve`].
    pub fn resume(file: &str, flags: toml::Table) -> Result<Self, RecipeError> {
        const MAY_CHANGE: [&str; 8] =
            ["epochs", "patience", "workers", "backend", "device", "checkpoint_hist", "recovery_interval", "recovery_minutes"];
        let before = Self::resolve(Some(file), toml::Table::new())?;
        let after = Self::resolve(Some(file), flags.clone())?;
        let syntax = |e: toml::ser::Error| RecipeError::Syntax { reason: one_line(&e.to_string()) };
        let (old, new) = (toml::Table::try_from(&before).map_err(syntax)?, toml::Table::try_from(&after).map_err(syntax)?);
        match flags.keys().find(|key| !MAY_CHANGE.contains(&key.as_str()) && old.get(*key) != new.get(*key)) {
            Some(key) => {
                let may = MAY_CHANGE.map(|key| format!("--{}", key.replace('_', "-"))).join(", ");
                Err(RecipeError::FixedByRun { flag: key.replace('_', "-"), may })
            }
            None => Ok(after),
        }
    }

    fn check(&self) -> Result<(), RecipeError> {
        let fraction = |v: f64| (0.0..1.0).contains(&v);
        let size = |v: f64| v.is_finite() && v >= 0.0;
        let checks: [(bool, &'static str, String, &'static str); 19] = [
            (self.epochs >= 1, "epochs", self.epochs.to_string(), "at least 1"),
            (self.batch_size >= 1, "batch_size", self.batch_size.to_string(), "at least 1"),
            (self.image_size != Some(0), "image_size", "0".to_owned(), "at least 1"),
            (size(self.lr) && self.lr > 0.0, "lr", self.lr.to_string(), "positive"),
            (fraction(self.momentum), "momentum", self.momentum.to_string(), "at least 0 and below 1"),
            (size(self.weight_decay), "weight_decay", self.weight_decay.to_string(), "at least 0"),
            (size(self.warmup_lr), "warmup_lr", self.warmup_lr.to_string(), "at least 0"),
            (size(self.min_lr), "min_lr", self.min_lr.to_string(), "at least 0"),
            (self.decay_epochs >= 1, "decay_epochs", self.decay_epochs.to_string(), "at least 1"),
            (size(self.decay_rate), "decay_rate", self.decay_rate.to_string(), "at least 0"),
            (fraction(self.smoothing), "smoothing", self.smoothing.to_string(), "at least 0 and below 1"),
            (self.grad_accum_steps >= 1, "grad_accum_steps", self.grad_accum_steps.to_string(), "at least 1"),
            (
                self.clip_grad.is_none_or(|v| size(v) && v > 0.0),
                "clip_grad",
                self.clip_grad.unwrap_or(0.0).to_string(),
                "positive; leave it out for no limit",
            ),
            (size(self.recovery_minutes), "recovery_minutes", self.recovery_minutes.to_string(), "at least 0"),
            (self.log_interval >= 1, "log_interval", self.log_interval.to_string(), "at least 1"),
            ((0.0..=1.0).contains(&self.hflip), "hflip", self.hflip.to_string(), "from 0 to 1"),
            (i64::try_from(self.seed).is_ok(), "seed", self.seed.to_string(), "below 2^63"),
            (i64::try_from(self.data_seed).is_ok(), "data_seed", self.data_seed.to_string(), "below 2^63"),
            (self.workers <= 256, "workers", self.workers.to_string(), "at most 256"),
        ];
        match checks.into_iter().find(|(good, ..)| !good) {
            Some((_, key, value, must_be)) => Err(RecipeError::Value { key, value, must_be }),
            None => Ok(()),
        }
    }

    /// The recipe as TOML.
    ///
    /// # Errors
    /// [`RecipeError::Syntax`] where a path is not Unicode.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|e| RecipeError::Syntax { reason: one_line(&e.to_string()) })
    }

    /// The model's options for a data set with so many classes and channels.
    pub(crate) fn options(&self, classes: usize, channels: usize) -> BuildOptions {
        BuildOptions {
            num_classes: Some(self.num_classes.unwrap_or(classes)),
            in_channels: Some(channels),
            dropout: self.dropout,
            image_size: self.image_size.map(|side| [side, side]),
            definition: self.definition.clone(),
            ..BuildOptions::default()
        }
    }

    /// The same recipe with everything said that was left to the model, the data or the place it was called from: a run
    /// folder's recipe means the same wherever and whenever it is read.
    pub(crate) fn explicit(&self, options: &BuildOptions, size: [usize; 2]) -> Self {
        // Defaults are square; a path that is not there any more stays as it was typed.
        let absolute = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        Self {
            image_size: Some(size[0]),
            num_classes: options.num_classes,
            data: self.data.as_ref().map(absolute),
            pretrained_path: self.pretrained_path.as_ref().map(absolute),
            ..self.clone()
        }
    }
}

fn one_line(text: &str) -> String {
    let quoted = |line: &&str| !line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    text.lines().filter(quoted).map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_that_over_the_defaults() {
        let flags = "lr = 0.5".parse().unwrap();
        let recipe = Recipe::resolve(Some("lr = 0.25\nepochs = 3"), flags).unwrap();
        assert_eq!((recipe.lr, recipe.epochs, recipe.batch_size), (0.5, 3, Recipe::default().batch_size));
        assert_eq!(Recipe::resolve(Some(&recipe.to_toml().unwrap()), toml::Table::new()).unwrap(), recipe);
    }

    #[test]
    fn a_rate_that_nobody_says_fits_the_model() {
        let lr = |text: &str| Recipe::resolve(Some(text), toml::Table::new()).unwrap().lr;
        assert_eq!([lr(""), lr("model = \"vgg11_bn\""), lr("model = \"vgg11_bn\"\nlr = 4e-3")], [4e-3, 3e-4, 4e-3]);
        assert_eq!(lr("model = \"vgg11_bn\"\nopt = \"sgd\"\nbatch_size = 64"), 0.025);
    }

    #[test]
    fn a_run_that_goes_on_stays_the_same_run() {
        let resume = |flags: &str| Recipe::resume("lr = 0.25\nepochs = 3", flags.parse().unwrap());
        assert_eq!(resume("epochs = 5\nworkers = 0").unwrap().epochs, 5);
        assert!(resume("lr = 0.25").is_ok(), "what stays is no change");
        let error = resume("batch_size = 7").unwrap_err().to_string();
        assert!(error.contains("--batch-size cannot change"), "{error}");
    }

    #[test]
    fn wrong_keys_and_values_are_explained() {
        let error = |text| Recipe::resolve(Some(text), toml::Table::new()).unwrap_err().to_string();
        assert_eq!(error("epoch = 3"), "unknown recipe key `epoch`; did you mean `epochs`?");
        assert_eq!(error("smoothing = 1.0"), "`smoothing` is 1, but must be at least 0 and below 1");
        assert!(error("opt = \"adam\"").contains("adamw"));
        assert!(!error("epochs = [").contains('\n'));
    }

    #[test]
    fn every_field_is_a_key() {
        let full = Recipe {
            data: Some("d".into()),
            image_size: Some(1),
            limit: Some(1),
            num_classes: Some(1),
            pretrained: Some("t".into()),
            pretrained_path: Some("p".into()),
            mean: Some(vec![0.5]),
            std: Some(vec![0.5]),
            interpolation: Some(Filter::Bicubic),
            definition: Some(String::new()),
            dropout: Some(0.0),
            clip_grad: Some(1.0),
            patience: Some(1),
            device: Some(0),
            ..Recipe::default()
        };
        let table = toml::Table::try_from(&full).unwrap();
        let (mut found, mut expected): (Vec<_>, Vec<_>) = (table.keys().map(String::as_str).collect(), KEYS.to_vec());
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_recipes_in_configs_are_good() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
        assert!(files.len() >= 2);
        for file in files {
            Recipe::resolve(Some(&std::fs::read_to_string(&file).unwrap()), toml::Table::new()).unwrap();
        }
    }
}
