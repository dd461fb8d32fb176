//! The loss, and what it says.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor};
use zoo_core::params::read_values;
use zoo_datasets::Batch;

use crate::recipe::Distillation;
use crate::score::rank;
use crate::standing::Sums;
use crate::{Recipe, RecipeError};

/// What the pictures of a batch are.
#[derive(Debug, Clone)]
pub(crate) enum Targets {
    /// A class each, `[batch]`.
    Classes(Tensor<1, Int>),
    /// A share of each class, smoothed, `[batch, classes]`.
    Shares(Tensor<2>),
}

/// The loss of a recipe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    bce: bool,
    threshold: Option<f64>,
    sum: bool,
    smoothing: f64,
}

impl Loss {
    pub(crate) fn of(recipe: &Recipe) -> Self {
        Self { bce: recipe.bce_loss, threshold: recipe.bce_target_thresh, sum: recipe.bce_sum, smoothing: recipe.smoothing }
    }

    /// The targets of a batch. Only what was mixed, and binary cross-entropy, need a share of each class.
    pub(crate) fn targets(&self, batch: &Batch, classes: usize, device: &Device) -> Targets {
        if batch.mix.is_none() && !self.bce {
            return Targets::Classes(batch.labels_tensor(device));
        }
        Targets::Shares(batch.soft_targets(classes, self.smoothing, device))
    }

    /// The mean loss of logits `[batch, classes]`.
    pub(crate) fn mean(&self, logits: Tensor<2>, targets: &Targets) -> Tensor<1> {
        match targets {
            Targets::Classes(labels) => cross_entropy(logits, labels.clone(), self.smoothing),
            Targets::Shares(shares) if self.bce => {
                let shares = match self.threshold {
                    Some(threshold) => shares.clone().greater_elem(threshold).float(),
                    None => shares.clone(),
                };
                binary_cross_entropy(logits, shares, self.sum)
            }
            Targets::Shares(shares) => (log_softmax(logits, 1) * shares.clone()).sum_dim(1).mean().neg(),
        }
    }
}

/// Mean cross-entropy of logits `[batch, classes]` with labels `[batch]`, smoothed as PyTorch does.
pub(crate) fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    let log = log_softmax(logits, 1);
    let hard = log.clone().gather(1, labels.unsqueeze_dim(1)).mean().neg();
    if smoothing == 0.0 { hard } else { hard.mul_scalar(1.0 - smoothing) - log.mean().mul_scalar(smoothing) }
}

/// Mean binary cross-entropy, over the pictures and the classes or the classes' sum (timm's `BinaryCrossEntropy`).
fn binary_cross_entropy(logits: Tensor<2>, shares: Tensor<2>, sum: bool) -> Tensor<1> {
    // log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which cannot overflow.
    let each = relu(logits.clone()) - logits.clone() * shares + logits.abs().neg().exp().log1p();
    if sum { each.sum_dim(1).mean() } else { each.mean() }
}

/// What a teacher's logits `[batch, classes]` have to say about a model's, as DeiT's `DistillationLoss`.
pub(crate) fn distillation(logits: Tensor<2>, teacher: Tensor<2>, kind: Distillation, tau: f64) -> Tensor<1> {
    match kind {
        Distillation::Hard => cross_entropy(logits, teacher.argmax(1).flatten(0, 1), 0.0),
        Distillation::Soft => {
            let (own, other) = (log_softmax(logits.div_scalar(tau), 1), log_softmax(teacher.div_scalar(tau), 1));
            // The mean over all numbers is DeiT's, who keep a bug of PyTorch's.
            (other.clone().exp() * (other - own)).mean().mul_scalar(tau * tau)
        }
    }
}

/// Reads a loss of one element.
pub(crate) fn read(loss: &Tensor<1>) -> Result<f64, RecipeError> {
    let values = read_values(loss.clone().without_autodiff()).map_err(RecipeError::Device)?;
    Ok(values.first().map_or(f64::NAN, |v| f64::from(*v)))
}

/// What a training batch with this mean loss adds to its epoch. Of mixed pictures the larger part counts as their class.
pub(crate) fn count(logits: Tensor<2>, labels: &[usize], loss: f64) -> Result<Sums, RecipeError> {
    let [pictures, classes] = logits.dims();
    let logits = read_values(logits.without_autodiff()).map_err(RecipeError::Device)?;
    let ranks = logits.chunks(classes.max(1)).zip(labels).map(|(row, &label)| rank(row, label));
    let mut sums = Sums { loss: loss * pictures as f64, pictures, ..Sums::default() };
    for rank in ranks {
        sums.correct += usize::from(rank == 0);
        sums.among_five += usize::from(rank < 5);
    }
    Ok(sums)
}

/// The class that most of each picture is.
pub(crate) fn main_labels(batch: &Batch) -> Vec<usize> {
    match &batch.mix {
        None => batch.labels.clone(),
        Some(mix) => {
            let parts = batch.labels.iter().zip(&mix.partners).zip(&mix.shares);
            parts.map(|((label, partner), share)| if *share >= 0.5 { *label } else { *partner }).collect()
        }
    }
}

#[cfg(test)]
#[path = "loss_tests.rs"]
mod tests;
