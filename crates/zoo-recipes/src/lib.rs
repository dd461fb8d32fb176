//! Training: a [`Recipe`] says everything, [`train`] does it, a run folder holds what came out.
//!
//! Nothing is printed here: a [`Progress`] hears what happens. An interrupted run goes on to the same last bit.
//!
//! ```no_run
//! # use std::path::Path;
//! # use burn::tensor::Device;
//! # use zoo_recipes::{Interrupter, Progress, Recipe, RecipeError, train};
//! # fn example(device: &Device, progress: &mut dyn Progress) -> Result<(), RecipeError> {
//! // Activations are computed anew in the backward pass in place of being kept: `--grad-checkpointing`.
//! let recipe = Recipe { model: "resnet20_cifar".to_owned(), dataset: "shapes".to_owned(), grad_checkpointing: true, ..Recipe::default() };
//! train(&recipe, Path::new("output"), false, device, &Interrupter::new(), progress)?;
//! # Ok(())
//! # }
//! ```

mod artifacts;
mod average;
mod batch_size;
mod checkpoint;
mod comparison;
#[cfg(feature = "tui")]
mod dashboard;
mod data;
mod ema;
mod error;
mod evaluate;
mod events;
mod finder;
mod folder;
mod gradients;
mod log;
mod loss;
mod optim;
mod outcome;
mod pace;
mod plan;
mod pretrained;
mod progress;
mod recipe;
mod rehearsal;
mod run;
mod saver;
mod schedule;
mod score;
mod stand_in;
mod standing;

pub use artifacts::write_finder;
pub use average::average;
pub use batch_size::{FoundBatchSize, largest_batch_size};
pub use burn_train::Interrupter;
pub use comparison::{Compared, ComparedRun, Comparison, Spread, compare};
#[cfg(feature = "tui")]
pub use dashboard::Dashboard;
pub use ema::{Ema, EmaConfig};
pub use error::RecipeError;
pub use evaluate::{Evaluation, Mistake, evaluate, evaluate_by};
pub use finder::{FinderOptions, find_lr};
pub use gradients::NamedGradients;
pub use optim::{Group, GroupRules, Groups, Optimizer, OptimizerConfig, OptimizerKind};
pub use outcome::{Ended, Outcome};
pub use plan::DATA_SEED;
pub use pretrained::evaluation_transform;
pub use progress::{EpochReport, Progress, Silent, StartReport, StepReport, duration};
pub use recipe::{ClipMode, Distillation, Recipe, RecipeFile};
pub use rehearsal::{Rehearsal, rehearse};
pub use run::train;
pub use schedule::{OneCycle, Plateau, Schedule, ScheduleKind};
pub use zoo_report::{LrFinder, LrPoint};
