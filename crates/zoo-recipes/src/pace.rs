//! How fast a run goes, and how long it will take.

use std::time::{Duration, Instant};

/// Times of this session's steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Moving average of a step's seconds; none before the first.
    step: Option<f64>,
    /// Seconds of the last validation.
    validation: f64,
}

/// Seconds of a step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StepTime {
    pub(crate) all: f64,
    /// Of these, waiting for data.
    pub(crate) data: f64,
}

/// Measures one step.
pub(crate) struct Stopwatch {
    begun: Instant,
    data: Duration,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { begun: Instant::now(), data: Duration::ZERO }
    }

    /// Does what waits for data.
    pub(crate) fn wait<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        self.data += begun.elapsed();
        result
    }

    pub(crate) fn stop(self) -> StepTime {
        StepTime { all: self.begun.elapsed().as_secs_f64(), data: self.data.as_secs_f64() }
    }
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { step: None, validation: 0.0 }
    }

    pub(crate) fn step(&mut self, time: StepTime) {
        // About the last fifty steps count; the first, which compiles kernels, is soon forgotten.
        self.step = Some(self.step.map_or(time.all, |average| average + (time.all - average) * 0.04));
    }

    pub(crate) fn validated(&mut self, seconds: f64) {
        self.validation = seconds;
    }

    /// Seconds that so many steps and validations will take.
    pub(crate) fn left(&self, steps: usize, validations: usize) -> f64 {
        self.step.unwrap_or(0.0) * steps as f64 + self.validation * validations as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_the_steps() {
        let mut pace = Pace::new();
        assert_eq!(pace.left(10, 1), 0.0);
        for seconds in [9.0].into_iter().chain([2.0; 400]) {
            pace.step(StepTime { all: seconds, data: 0.0 });
        }
        pace.validated(5.0);
        assert!((pace.left(100, 3) - 215.0).abs() < 0.1, "{}", pace.left(100, 3));
    }
}
