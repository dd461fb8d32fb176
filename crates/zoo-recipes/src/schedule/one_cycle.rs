//! Smith's one-cycle policy as PyTorch's `OneCycleLR` has it, with cosines.

use std::f64::consts::PI;

/// The numbers of the one-cycle policy (Smith and Topin 2019, <https://arxiv.org/abs/1708.07120>).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    /// Steps of the run.
    pub total_steps: usize,
    /// Share of the steps in which the rate rises.
    pub pct_start: f64,
    /// The first rate is the highest over this.
    pub div_factor: f64,
    /// The last rate is the first over this.
    pub final_div_factor: f64,
    /// Lowest and highest momentum, which goes the other way than the rate; `None` leaves it alone.
    pub momentum: Option<[f64; 2]>,
}

impl Default for OneCycle {
    /// PyTorch's.
    fn default() -> Self {
        Self { total_steps: 1, pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4, momentum: Some([0.85, 0.95]) }
    }
}

impl OneCycle {
    /// The learning rate of a step, where `most` is the highest.
    pub(super) fn lr(&self, most: f64, step: usize) -> f64 {
        let first = most / self.div_factor;
        self.between(step, [first, most, first / self.final_div_factor])
    }

    /// The momentum of a step.
    pub(super) fn momentum(&self, step: usize) -> Option<f64> {
        let [low, high] = self.momentum?;
        Some(self.between(step, [high, low, high]))
    }

    /// From the first number to the second to the third.
    fn between(&self, step: usize, [first, middle, last]: [f64; 3]) -> f64 {
        let end = self.total_steps.saturating_sub(1) as f64;
        let step = (step as f64).min(end);
        let turn = self.pct_start * self.total_steps as f64 - 1.0;
        // Of a run of a few steps nothing may be left for the rise.
        if step <= turn && turn > 0.0 {
            return cosine(first, middle, step / turn);
        }
        cosine(middle, last, (step - turn) / (end - turn).max(f64::MIN_POSITIVE))
    }
}

fn cosine(from: f64, to: f64, done: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (PI * done.clamp(0.0, 1.0)).cos())
}
