//! Training: a [`Recipe`] says everything, [`train`] does it, a run folder holds what came out.
//!
//! Nothing is printed here: a [`Progress`] hears what happens. An interrupted run goes on to the same last bit.

mod error;
mod evaluate;
mod folder;
mod interrupter;
mod optim;
mod recipe;
mod run;
mod schedule;

pub use error::RecipeError;
pub use evaluate::{Evaluation, evaluate};
pub use folder::Outcome;
pub use interrupter::Interrupter;
pub use optim::{Optimizer, OptimizerKind};
pub use recipe::Recipe;
pub use run::{DATA_SEED, Ended, EpochReport, Progress, StepReport, train};
pub use schedule::{Schedule, ScheduleKind};
