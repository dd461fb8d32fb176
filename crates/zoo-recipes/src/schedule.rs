//! The learning rate at each step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// Shape of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ScheduleKind {
    /// Half a cosine down to the minimum (Loshchilov and Hutter 2017, without restarts).
    #[default]
    Cosine,
    /// Times `decay_rate` every `decay_epochs`.
    Step,
    /// The same throughout.
    Constant,
}

/// The learning rate as a function of the step; the warm-up is part of the run, and linear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Shape after the warm-up.
    pub kind: ScheduleKind,
    /// Learning rate after the warm-up.
    pub lr: f64,
    /// Learning rate of the first warm-up step.
    pub warmup_lr: f64,
    /// Where the cosine ends.
    pub min_lr: f64,
    /// Steps of the warm-up.
    pub warmup_steps: usize,
    /// Steps of the whole run.
    pub total_steps: usize,
    /// `step`: steps between two decays.
    pub decay_steps: usize,
    /// `step`: factor of a decay.
    pub decay_rate: f64,
}

impl Schedule {
    /// The learning rate of a step, counted from 0.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            return self.warmup_lr + (self.lr - self.warmup_lr) * step as f64 / self.warmup_steps as f64;
        }
        match self.kind {
            ScheduleKind::Constant => self.lr,
            ScheduleKind::Step => self.lr * self.decay_rate.powi(i32::try_from(step / self.decay_steps.max(1)).unwrap_or(i32::MAX)),
            ScheduleKind::Cosine => {
                let length = self.total_steps.saturating_sub(self.warmup_steps).max(1);
                let done = ((step - self.warmup_steps) as f64 / length as f64).min(1.0);
                self.min_lr + 0.5 * (self.lr - self.min_lr) * (1.0 + (PI * done).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Schedule = Schedule {
        kind: ScheduleKind::Cosine,
        lr: 1.0,
        warmup_lr: 0.2,
        min_lr: 0.1,
        warmup_steps: 4,
        total_steps: 12,
        decay_steps: 5,
        decay_rate: 0.1,
    };

    #[test]
    fn values_by_hand() {
        let cosine: Vec<f64> = [0, 1, 3, 4, 8, 12, 99].map(|s| BASE.at(s)).to_vec();
        for (found, expected) in cosine.iter().zip([0.2, 0.4, 0.8, 1.0, 0.55, 0.1, 0.1]) {
            assert!((found - expected).abs() < 1e-12, "{cosine:?}");
        }
        let step = Schedule { kind: ScheduleKind::Step, warmup_steps: 0, ..BASE };
        for (at, expected) in [(0, 1.0), (4, 1.0), (5, 0.1), (10, 0.01)] {
            assert!((step.at(at) - expected).abs() < 1e-12);
        }
        assert_eq!(Schedule { kind: ScheduleKind::Constant, ..BASE }.at(11), 1.0);
    }
}
