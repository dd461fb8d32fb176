//! What the seeds of a group came to together.

use serde::Serialize;

use crate::Outcome;

use super::ComparedRun;

/// The runs of a group: means over its seeds, and how far they lie apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The group's name.
    pub group: String,
    /// Runs that are done.
    pub runs: usize,
    /// Mean of the test top-1, a fraction.
    pub test_top1: f64,
    /// Its sample standard deviation; 0 for one run.
    pub test_top1_std: f64,
    /// The lowest of the seeds.
    pub test_top1_min: f64,
    /// The highest of the seeds.
    pub test_top1_max: f64,
    /// Mean of the averaged weights' test top-1, where all runs have one.
    pub ema_test_top1: Option<f64>,
    /// Its sample standard deviation.
    pub ema_test_top1_std: Option<f64>,
    /// Mean of the test loss.
    pub test_loss: f64,
    /// Mean of the seconds of training.
    pub train_seconds: f64,
    /// Trainable parameters.
    pub parameters: usize,
}

/// What each group came to, in the order of its first run.
pub fn spreads(done: &[(&ComparedRun, Outcome)]) -> Vec<Spread> {
    let mut groups: Vec<(&str, Vec<&Outcome>)> = vec![];
    for (run, outcome) in done {
        match groups.iter_mut().find(|(group, _)| *group == run.group) {
            Some((_, outcomes)) => outcomes.push(outcome),
            None => groups.push((&run.group, vec![outcome])),
        }
    }
    groups.into_iter().map(|(group, outcomes)| spread(group, &outcomes)).collect()
}

fn spread(group: &str, outcomes: &[&Outcome]) -> Spread {
    let all = |of: fn(&Outcome) -> f64| outcomes.iter().map(|outcome| of(outcome)).collect::<Vec<f64>>();
    let (top1, loss, seconds) = (all(|o| o.test_top1), all(|o| o.test_loss), all(|o| o.train_seconds));
    let averaged: Option<Vec<f64>> = outcomes.iter().map(|outcome| outcome.ema_test_top1).collect();
    Spread {
        group: group.to_owned(),
        runs: outcomes.len(),
        test_top1: mean(&top1),
        test_top1_std: deviation(&top1),
        test_top1_min: top1.iter().copied().fold(f64::INFINITY, f64::min),
        test_top1_max: top1.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ema_test_top1: averaged.as_deref().map(mean),
        ema_test_top1_std: averaged.as_deref().map(deviation),
        test_loss: mean(&loss),
        train_seconds: mean(&seconds),
        parameters: outcomes.first().map_or(0, |outcome| outcome.parameters),
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The sample standard deviation; 0 for one value.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (squares / values.len().saturating_sub(1).max(1) as f64).sqrt()
}

/// A row a group.
pub(super) fn csv(spreads: &[Spread]) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = csv::Writer::from_writer(vec![]);
    for spread in spreads {
        writer.serialize(spread)?;
    }
    writer.into_inner().map_err(|e| e.into_error())
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [mean, std, low, high] = [self.test_top1, self.test_top1_std, self.test_top1_min, self.test_top1_max].map(|v| v * 100.0);
        write!(f, "{}: {mean:.2} %", self.group)?;
        if self.runs > 1 {
            write!(f, " ± {std:.2} ({low:.2} to {high:.2}, {} seeds)", self.runs)?;
        }
        if let (Some(mean), Some(std)) = (self.ema_test_top1, self.ema_test_top1_std) {
            write!(f, ", average of weights {:.2} %", mean * 100.0)?;
            if self.runs > 1 {
                write!(f, " ± {:.2}", std * 100.0)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_deviations_by_hand() {
        let outcome = |top1| Outcome { test_top1: top1, test_loss: top1 * 2.0, ema_test_top1: Some(top1), ..Outcome::default() };
        let outcomes = [outcome(0.9), outcome(0.96), outcome(0.93)];
        let found = spread("a", &outcomes.iter().collect::<Vec<_>>());
        assert!((found.test_top1 - 0.93).abs() < 1e-12 && (found.test_top1_std - 0.03).abs() < 1e-12, "{found:?}");
        assert_eq!((found.test_top1_min, found.test_top1_max, found.runs), (0.9, 0.96, 3));
        assert_eq!(found.to_string(), "a: 93.00 % ± 3.00 (90.00 to 96.00, 3 seeds), average of weights 93.00 % ± 3.00");
        assert_eq!(spread("b", &[&outcome(0.5)]).test_top1_std, 0.0);
    }
}
