//! Everything that decides a run, as data.

mod augment;
mod check;
mod default_lr;
mod file;
mod optimization;
mod plan;
mod resolve;
mod table;

pub use file::RecipeFile;
pub use table::{ClipMode, Distillation, Recipe};

#[cfg(test)]
mod tests;
