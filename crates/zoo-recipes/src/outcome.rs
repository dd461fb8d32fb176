//! What a run came to.

use serde::{Deserialize, Serialize};

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

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// All epochs were done, or nothing better came for long enough.
    Finished(Outcome),
    /// It was asked to stop, saved everything, and can go on.
    Interrupted {
        /// The epoch, from 0, in which it stopped.
        epoch: usize,
    },
}
