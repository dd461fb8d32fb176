//! The schedule that watches: PyTorch's `ReduceLROnPlateau`.

use serde::{Deserialize, Serialize};

use super::Schedule;

/// Least change of the rate that is made.
const EPSILON: f64 = 1e-8;
/// By this share a value must be better than the best to count as better.
const THRESHOLD: f64 = 1e-4;

/// The state of PyTorch's `ReduceLROnPlateau`, for a value of which more is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The learning rate; none before the first value.
    pub lr: Option<f64>,
    /// The best value so far.
    pub best: Option<f64>,
    /// Values since, that were not better.
    pub bad: usize,
    /// Values that do not count any more after a decay.
    pub cooldown: usize,
}

impl Plateau {
    /// The learning rate of a step of a run with this schedule.
    pub fn rate(&self, schedule: &Schedule, step: usize) -> f64 {
        let plain = schedule.at(step);
        if schedule.warms_up(step) { plain } else { self.lr.unwrap_or(plain) }
    }

    /// Hears the value of an epoch, and gives the learning rate for the next one. The rate was `lr`; it is multiplied by
    /// `factor` once more than `patience` values were not better, down to `least`; then `cooldown` values do not count.
    pub fn hear(&mut self, value: f64, lr: f64, factor: f64, patience: usize, cooldown: usize, least: f64) -> f64 {
        let mut now = lr;
        // Relative, as PyTorch's mode `max`.
        if self.best.is_none_or(|best| value > best * (1.0 + THRESHOLD)) {
            (self.best, self.bad) = (Some(value), 0);
        } else {
            self.bad += 1;
        }
        if self.cooldown > 0 {
            self.cooldown -= 1;
            self.bad = 0;
        }
        if self.bad > patience {
            let new = (lr * factor).max(least);
            if lr - new > EPSILON {
                now = new;
            }
            (self.cooldown, self.bad) = (cooldown, 0);
        }
        self.lr = Some(now);
        now
    }
}
