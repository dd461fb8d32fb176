//! The loss, and what it says.

use burn::tensor::{Int, Tensor, activation::log_softmax};
use zoo_core::params::read_values;

use crate::RecipeError;
use crate::score::rank;
use crate::standing::Sums;

/// Mean cross-entropy of logits `[batch, classes]` with labels `[batch]`, smoothed as PyTorch does.
pub(crate) fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    let log = log_softmax(logits, 1);
    let hard = log.clone().gather(1, labels.unsqueeze_dim(1)).mean().neg();
    if smoothing == 0.0 { hard } else { hard.mul_scalar(1.0 - smoothing) - log.mean().mul_scalar(smoothing) }
}

/// Reads a loss of one element.
pub(crate) fn read(loss: &Tensor<1>) -> Result<f64, RecipeError> {
    let values = read_values(loss.clone().without_autodiff()).map_err(RecipeError::Device)?;
    Ok(values.first().map_or(f64::NAN, |v| f64::from(*v)))
}

/// What a training batch with this mean loss adds to its epoch.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn smoothing_is_pytorchs() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_data([[1.0, 2.0, 0.5, -1.0], [0.0, -2.0, 3.0, 0.25]], &device);
        let labels = Tensor::<1, Int>::from_data([1, 3], &device);
        // torch.nn.functional.cross_entropy(logits, labels, label_smoothing=...)
        for (smoothing, expected) in [(0.0, 1.6794574), (0.1, 1.7450824)] {
            let found = read(&cross_entropy(logits.clone(), labels.clone(), smoothing)).unwrap();
            assert!((found - expected).abs() < 1e-6, "{smoothing}: {found}");
        }
        let sums = count(logits, &[1, 3], 2.0).unwrap();
        assert_eq!(sums, Sums { loss: 4.0, pictures: 2, correct: 1, among_five: 2 });
    }
}
