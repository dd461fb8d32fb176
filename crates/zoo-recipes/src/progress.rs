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
    /// Steps between two lines of the log.
    pub log_interval: usize,
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
    /// Fraction of this step's pictures whose most probable class is right.
    pub top1: f64,
    /// Fraction of this step's pictures whose class is among the five most probable.
    pub top5: f64,
    /// Learning rate of this step.
    pub lr: f64,
    /// Pictures per second, so far.
    pub images_per_second: f64,
    /// Share of the time so far that was spent waiting for data.
    pub data_wait: f64,
    /// Seconds until the last epoch ends, as far as one can tell.
    pub seconds_left: f64,
}

impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, step, steps, loss, lr, images_per_second, .. } = *self;
        let [percent, top1, top5, wait] = [step as f64 / steps.max(1) as f64, self.top1, self.top5, self.data_wait].map(|v| v * 100.0);
        write!(f, "Train: {epoch} [{step:>4}/{steps} ({percent:>3.0}%)]  Loss: {loss:.4}  Acc@1: {top1:.1}  Acc@5: {top5:.1}")?;
        write!(f, "  LR: {lr:.3e}  {images_per_second:.0} img/s  Data: {wait:.1}%  Left: {}", duration(self.seconds_left))
    }
}

/// Seconds as `1h02m`, `2m03s` or `4s`.
pub fn duration(seconds: f64) -> String {
    // Never negative, and infinity becomes the largest.
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
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
    /// The average of the weights on the validation split, where one is kept.
    pub ema: Option<&'a Evaluation>,
    /// Whether it is the best so far.
    pub best: bool,
}

impl fmt::Display for EpochReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, train_loss, valid, ema, best } = self;
        let (top1, top5) = (valid.top1 * 100.0, valid.top5 * 100.0);
        write!(f, "Valid: {epoch}  Train loss: {train_loss:.4}  Loss: {:.4}  Acc@1: {top1:.2}  Acc@5: {top5:.2}", valid.loss)?;
        f.write_str(if *best { "  *" } else { "" })?;
        match ema {
            Some(ema) => write!(f, "  (EMA: {:.4}, {:.2})", ema.loss, ema.top1 * 100.0),
            None => Ok(()),
        }
    }
}

/// Hears what happens in a run.
pub trait Progress {
    /// Before a run of several, number `number` of `runs`, counted from 0.
    fn run(&mut self, _name: &str, _number: usize, _runs: usize) {}
    /// Before the first step.
    fn start(&mut self, report: &StartReport<'_>);
    /// Something the user should know, in one sentence.
    fn note(&mut self, text: &str);
    /// After each step.
    fn step(&mut self, report: &StepReport);
    /// After each epoch's validation.
    fn epoch(&mut self, report: &EpochReport<'_>);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _: &StartReport<'_>) {}
    fn note(&mut self, _: &str) {}
    fn step(&mut self, _: &StepReport) {}
    fn epoch(&mut self, _: &EpochReport<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let said = [0.2, 59.6, 3599.0, 3600.0, 90_061.0, -1.0].map(duration);
        assert_eq!(said, ["0s", "1m00s", "59m59s", "1h00m", "25h01m", "0s"]);
    }
}
