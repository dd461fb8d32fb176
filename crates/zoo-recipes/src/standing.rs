//! Where a run stands: all that decides how it goes on, but for the tensors.

use serde::{Deserialize, Serialize};

use crate::{Plateau, RecipeError};

/// Where a run stands. It travels in the checkpoints; together with the recipe and the tensors it is the whole state, as
/// order, preprocessing and dropout are drawn from the seed, the epoch and the step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Standing {
    pub(crate) epoch: usize,
    pub(crate) step_in_epoch: usize,
    pub(crate) optimizer_steps: usize,
    pub(crate) best_epoch: usize,
    /// Validation pictures that the best epoch had right; none before the first validation.
    pub(crate) best_correct: Option<usize>,
    /// Validation pictures that the average of the weights had right at its best.
    pub(crate) ema_best_correct: Option<usize>,
    /// The epochs whose weights are kept, the best first.
    pub(crate) kept: Vec<Kept>,
    /// Of the schedule that watches the accuracy.
    pub(crate) plateau: Plateau,
    /// Of this epoch, so far.
    pub(crate) sums: Sums,
    /// Seconds of training, waiting for data included.
    pub(crate) seconds: f64,
    /// Of these, seconds of waiting for data.
    pub(crate) data_seconds: f64,
    pub(crate) images: usize,
    pub(crate) rows: Vec<Row>,
    /// Length of the log at this point; what is behind it was written by a run that went on and was then killed.
    pub(crate) log_bytes: u64,
}

/// The file of an epoch whose weights are kept.
pub(crate) fn kept_name(epoch: usize) -> String {
    format!("checkpoint-{epoch}.safetensors")
}

/// An epoch whose weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) epoch: usize,
    pub(crate) correct: usize,
}

/// Sums over training pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) loss: f64,
    pub(crate) pictures: usize,
    pub(crate) correct: usize,
    pub(crate) among_five: usize,
}

impl Sums {
    pub(crate) fn add(&mut self, other: Self) {
        self.loss += other.loss;
        self.pictures += other.pictures;
        self.correct += other.correct;
        self.among_five += other.among_five;
    }

    /// Mean loss, and fractions of the pictures that are right and among the five most probable.
    pub(crate) fn means(&self) -> [f64; 3] {
        let pictures = self.pictures.max(1) as f64;
        [self.loss / pictures, self.correct as f64 / pictures, self.among_five as f64 / pictures]
    }
}

/// A row of `summary.csv`, with timm's columns, and those of the average of the weights where there is one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) epoch: usize,
    pub(crate) train_loss: f64,
    pub(crate) eval_loss: f64,
    pub(crate) eval_top1: f64,
    pub(crate) eval_top5: f64,
    pub(crate) lr: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ema_loss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ema_top1: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ema_top5: Option<f64>,
}

impl Standing {
    /// As text. TOML, because its numbers come back to the last bit; serde_json's do not without a feature of its own.
    pub(crate) fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|e| RecipeError::Device(e.to_string()))
    }

    pub(crate) fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Notes that the epoch had so many validation pictures right; whether that is the best so far. Of equals the first stays.
    pub(crate) fn judge(&mut self, correct: usize) -> bool {
        let best = self.best_correct.is_none_or(|before| correct > before);
        if best {
            (self.best_correct, self.best_epoch) = (Some(correct), self.epoch);
        }
        best
    }

    /// The same for the average of the weights.
    pub(crate) fn judge_ema(&mut self, correct: usize) -> bool {
        let best = self.ema_best_correct.is_none_or(|before| correct > before);
        if best {
            self.ema_best_correct = Some(correct);
        }
        best
    }

    /// Keeps the epoch where it is among the best `most`: whether it is, and the epochs that are kept no longer.
    pub(crate) fn keep(&mut self, correct: usize, most: usize) -> (bool, Vec<usize>) {
        let epoch = self.epoch;
        // An epoch that is done again, after a fall-back to an older checkpoint, takes its own place.
        self.kept.retain(|kept| kept.epoch != epoch);
        self.kept.push(Kept { epoch, correct });
        self.kept.sort_by_key(|kept| (std::cmp::Reverse(kept.correct), kept.epoch));
        let dropped: Vec<usize> = self.kept.split_off(most.min(self.kept.len())).into_iter().map(|kept| kept.epoch).collect();
        (!dropped.contains(&epoch), dropped)
    }

    /// Those of a folder's files that are named as an epoch's that is not kept: a run that is killed between its checkpoint and their
    /// removal leaves them.
    pub(crate) fn obsolete(&self, names: Vec<String>) -> impl Iterator<Item = String> {
        let epoch = |name: &str| name.strip_prefix("checkpoint-")?.strip_suffix(".safetensors")?.parse::<usize>().ok();
        names.into_iter().filter(move |name| epoch(name).is_some_and(|epoch| self.kept.iter().all(|kept| kept.epoch != epoch)))
    }

    /// Whether the last `patience` epochs brought nothing better.
    pub(crate) fn exhausted(&self, patience: Option<usize>) -> bool {
        patience.is_some_and(|patience| self.best_correct.is_some() && self.epoch > self.best_epoch + patience)
    }

    /// Pictures per second of the whole run so far.
    pub(crate) fn images_per_second(&self) -> f64 {
        self.images as f64 / self.seconds.max(1e-9)
    }

    /// Share of the time that was spent waiting for data.
    pub(crate) fn data_wait(&self) -> f64 {
        self.data_seconds / self.seconds.max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_best_are_kept_and_patience_ends() {
        let mut at = Standing::default();
        let mut stopped = None;
        let mut left = vec![];
        for (epoch, correct) in [5, 7, 7, 9, 6, 8, 9, 1].into_iter().enumerate() {
            if at.exhausted(Some(3)) {
                stopped = Some(epoch);
                break;
            }
            at.epoch = epoch;
            assert_eq!(at.judge(correct), [0, 1, 3].contains(&epoch), "{epoch}");
            let (kept, dropped) = at.keep(correct, 2);
            assert_eq!(kept, at.kept.iter().any(|k| k.epoch == epoch));
            left.extend(dropped);
            at.epoch += 1;
        }
        assert_eq!(stopped, Some(7), "epoch 3 was the best, 4, 5 and 6 were not better");
        assert_eq!(at.kept.iter().map(|k| k.epoch).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(left, [0, 2, 4, 1, 5]);
        assert!(!at.exhausted(None));
    }

    #[test]
    fn it_comes_back_to_the_last_bit() {
        for n in 0..2_000u64 {
            // Sums as they come, and numbers of all sizes.
            let loss = (1..n).map(|n| 1.0 / n as f64).sum();
            let seconds = f64::from_bits(0x3fe0_0000_0000_0000 + n * 0x000f_ffff_ffff_fff1 % 0x2000_0000_0000_0000);
            let row =
                Row { epoch: 1, train_loss: loss, eval_loss: seconds, eval_top1: 0.1 + 0.2, eval_top5: 1.0, lr: 1e-9, ..Row::default() };
            let at = Standing { sums: Sums { loss, ..Sums::default() }, seconds, rows: vec![row; 2], ..Standing::default() };
            assert_eq!(Standing::from_toml(&at.to_toml().unwrap()).unwrap(), at);
        }
    }
}
