//! Why a run does not start, or stops.

use std::path::PathBuf;

use burn_zoo::{BuildError, InputError};
use thiserror::Error;
use zoo_datasets::{DataError, TransformError};
use zoo_report::ReportError;
use zoo_weights::WeightsError;

/// Why a run does not start, or stops.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// A key that no recipe has.
    #[error("unknown recipe key `{key}`{}", nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest one.
        nearest: Option<&'static str>,
    },
    /// Not TOML, or a value of the wrong type.
    #[error("the recipe cannot be read: {reason}")]
    Syntax {
        /// What the parser says, in one line.
        reason: String,
    },
    /// A value out of range.
    #[error("`{key}` is {value}, but must be {must_be}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What would do.
        must_be: &'static str,
    },
    /// Mixed precision where there is none.
    #[error("backend `{backend}` does not compute in bfloat16 on this device; leave --amp out, or take another backend")]
    NoBfloat16 {
        /// The backend's name.
        backend: String,
    },
    /// A file with several runs, of which none, or one that is not there, was named.
    #[error("the recipe has the runs {names}: --compare trains them all, --run NAME one of them")]
    WhichRun {
        /// Their names.
        names: String,
    },
    /// The output folder has something in it.
    #[error("the output folder `{}` is not empty; choose another, or continue that run with --resume", path.display())]
    OutputExists {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that is not that of a run which can go on.
    #[error("`{}` is no run that can be resumed: {reason}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// The model cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The pictures do not fit the model.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The pictures cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The preprocessing cannot be.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// Weights cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// `read`, `write` or `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Training diverged.
    #[error(
        "the {what} is {value} at step {step} (learning rate {lr:.3e}); {}",
        match checkpoint {
            Some(path) => format!("the last good checkpoint is `{}`: start from it by --pretrained-path with a smaller --lr or a --clip-grad", path.display()),
            None => "there is no good checkpoint yet; a smaller --lr or a --clip-grad may help".to_owned(),
        }
    )]
    NotFinite {
        /// `loss` or `norm of the gradients`.
        what: &'static str,
        /// It.
        value: f64,
        /// The step, counted from 0 over the whole run.
        step: usize,
        /// Learning rate of that step.
        lr: f64,
        /// The newest checkpoint whose weights are known to be good.
        checkpoint: Option<PathBuf>,
    },
    /// Something failed in the middle of a run.
    #[error("the run stopped, but what it had saved is whole (go on with --resume {})", path.display())]
    Stopped {
        /// What failed.
        source: Box<RecipeError>,
        /// The run's folder.
        path: PathBuf,
    },
    /// No size of a batch can be found.
    #[error("--batch-size auto: {reason}")]
    BatchSize {
        /// Why.
        reason: String,
    },
    /// Weights of different architectures cannot be averaged.
    #[error("`{}` and `{}` cannot be averaged: {what}", path.display(), first.display())]
    NotAlike {
        /// The one.
        path: PathBuf,
        /// The other.
        first: PathBuf,
        /// How the one differs.
        what: String,
    },
    /// Another process trains in this folder.
    #[error("another process is training in `{}`", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A model whose logits are not numbers.
    #[error("the logits are not finite numbers; are the weights damaged?")]
    BadLogits,
    /// A split without pictures.
    #[error("the split has no pictures")]
    NoPictures,
    /// A flag that would make a resumed run another one.
    #[error("--resume goes on with the run as it was; --{flag} cannot change it (only {may} can)")]
    FixedByRun {
        /// The flag.
        flag: String,
        /// The flags that may change.
        may: String,
    },
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
}

impl RecipeError {
    /// Whether something was asked for that cannot be, rather than that something failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Data(error) => matches!(
                error,
                DataError::UnknownDataset { .. }
                    | DataError::PathRequired { .. }
                    | DataError::InvalidOption { .. }
                    | DataError::Preprocess { .. }
            ),
            Self::Weights(_)
            | Self::Io { .. }
            | Self::NotFinite { .. }
            | Self::Stopped { .. }
            | Self::Busy { .. }
            | Self::Report(_)
            | Self::BadLogits
            | Self::NoPictures
            | Self::Device(_) => false,
            _ => true,
        }
    }
}
