//! What a run tells.

use std::fmt;

use crate::Evaluation;

/// A run that begins, or goes on.
#[derive(Debug, Clone, Copy)]
pub struct StartReport<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The data set's name.
    pub dataset: &'a str,
    /// Epoch, from 0, with which it begins.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Pictures of an epoch.
    pub images: usize,
}

/// A step that was done.
#[derive(Debug, Clone, Copy)]
pub struct StepReport {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Steps done in this epoch.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Pictures seen in this epoch.
    pub images: usize,
    /// Pictures of an epoch.
    pub images_of_epoch: usize,
    /// Loss of this step.
    pub loss: f64,
    /// Learning rate of this step.
    pub lr: f64,
    /// Pictures per second, so far.
    pub images_per_second: f64,
}

/// An epoch that was done.
#[derive(Debug, Clone, Copy)]
pub struct EpochReport<'a> {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Mean training loss.
    pub train_loss: f64,
    /// On the validation split.
    pub valid: &'a Evaluation,
    /// Whether it is the best so far.
    pub best: bool,
}

impl fmt::Display for EpochReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, train_loss, valid, best } = self;
        let (top1, top5) = (valid.top1 * 100.0, valid.top5 * 100.0);
        write!(f, "Valid: {epoch}  Train loss: {train_loss:.4}  Loss: {:.4}  Acc@1: {top1:.2}  Acc@5: {top5:.2}", valid.loss)?;
        if *best { f.write_str("  *") } else { Ok(()) }
    }
}

/// Hears what happens in a run.
pub trait Progress {
    /// Before the first step.
    fn start(&mut self, report: &StartReport<'_>);
    /// Something the user should know, in one sentence.
    fn note(&mut self, text: &str);
    /// After each step.
    fn step(&mut self, report: &StepReport);
    /// After each epoch's validation.
    fn epoch(&mut self, report: &EpochReport<'_>);
}
