//! Training: a [`Recipe`] says everything, [`train`] does it, a run folder holds what came out.
//!
//! Nothing is printed here: a [`Progress`] hears what happens. An interrupted run goes on to the same last bit.

#[cfg(feature = "tui")]
mod dashboard;
mod error;
mod evaluate;
mod folder;
mod optim;
mod pretrained;
mod progress;
mod recipe;
mod run;
mod schedule;

pub use burn_train::Interrupter;
#[cfg(feature = "tui")]
pub use dashboard::Dashboard;
pub use error::RecipeError;
pub use evaluate::{Evaluation, evaluate};
pub use folder::Outcome;
pub use optim::{Optimizer, OptimizerKind};
pub use pretrained::evaluation_transform;
pub use progress::{EpochReport, Progress, StartReport, StepReport};
pub use recipe::Recipe;
pub use run::{DATA_SEED, Ended, train};
pub use schedule::{Schedule, ScheduleKind};
