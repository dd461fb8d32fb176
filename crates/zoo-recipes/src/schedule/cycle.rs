//! Cosine and polynomial, with restarts, as timm has them.

use std::f64::consts::PI;

use super::{Schedule, ScheduleKind};

impl Schedule {
    /// The learning rate at a time after the warm-up.
    pub(super) fn cyclic(&self, t: f64) -> f64 {
        let (number, length, within) = self.cycle(t);
        // Beyond the last cycle; a number that is no number is beyond too.
        if number.is_nan() || number >= self.cycle_limit.max(1) as f64 {
            return self.min_lr;
        }
        let most = self.lr * self.cycle_decay.powf(number);
        let done = (within.powf(self.k_decay) / length.powf(self.k_decay)).clamp(0.0, 1.0);
        let share = match self.kind {
            ScheduleKind::Poly => (1.0 - done).powf(self.decay_rate),
            _ => 0.5 * (1.0 + (PI * done).cos()),
        };
        self.min_lr + (most - self.min_lr) * share
    }

    /// The cycle's number, its length, and the time within it.
    fn cycle(&self, t: f64) -> (f64, f64, f64) {
        let (first, mul) = (self.length.max(f64::MIN_POSITIVE), self.cycle_mul);
        if mul == 1.0 {
            let number = (t / first).floor();
            return (number, first, t - first * number);
        }
        let number = (1.0 - t / first * (1.0 - mul)).log(mul).floor();
        (number, mul.powf(number) * first, t - (1.0 - mul.powf(number)) / (1.0 - mul) * first)
    }
}
