//! A model on a data set.

use burn::tensor::{Device, Tensor};
use burn_zoo::Classifier;
use serde::Serialize;
use zoo_core::params::read_values;
use zoo_datasets::Loader;

use crate::RecipeError;

/// How well a model does on a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Fraction of pictures whose most probable class is right.
    pub top1: f64,
    /// Fraction of pictures whose class is among the five most probable (of fewer classes: all).
    pub top5: f64,
    /// Mean cross-entropy, without smoothing.
    pub loss: f64,
    /// Pictures.
    pub pictures: usize,
    /// Pictures that are right.
    pub correct: usize,
    /// `confusion[label][prediction]`: number of pictures.
    pub confusion: Vec<Vec<usize>>,
}

/// Evaluates a model, which is on `device` (without autodiff), on one pass of a loader.
///
/// # Errors
/// [`RecipeError::Data`], [`RecipeError::Input`] where a picture does not fit, [`RecipeError::Device`],
/// [`RecipeError::BadLogits`] where logits are not finite, [`RecipeError::NoPictures`] where there is nothing to evaluate on.
pub fn evaluate<M: Classifier>(model: &M, loader: &Loader, device: &Device) -> Result<Evaluation, RecipeError> {
    let logits = |images: Tensor<4>| {
        let [_, channels, height, width] = images.dims();
        model.check_input([channels, height, width])?;
        read_values(model.forward(images)).map_err(RecipeError::Device)
    };
    evaluate_by(model.num_classes(), loader, device, logits)
}

/// The same for anything that gives logits `[batch, classes]`, row by row, of pictures `[batch, channels, height, width]`.
///
/// # Errors
/// As [`evaluate`], and what `logits` fails with.
pub fn evaluate_by<E: From<RecipeError>>(
    classes: usize,
    loader: &Loader,
    device: &Device,
    mut logits: impl FnMut(Tensor<4>) -> Result<Vec<f32>, E>,
) -> Result<Evaluation, E> {
    let mut score = Score::new(classes);
    for batch in loader.epoch(0) {
        let batch = batch.map_err(RecipeError::from)?;
        let labels = batch.labels.clone();
        let (images, _) = batch.into_tensors(device);
        let logits = logits(images)?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(RecipeError::BadLogits.into());
        }
        for (row, label) in logits.chunks(classes.max(1)).zip(labels) {
            score.add(row, label);
        }
    }
    if score.pictures == 0 { Err(RecipeError::NoPictures.into()) } else { Ok(score.finish()) }
}

/// Counts over a data set.
struct Score {
    pictures: usize,
    correct: usize,
    among_five: usize,
    loss: f64,
    confusion: Vec<Vec<usize>>,
}

impl Score {
    fn new(classes: usize) -> Self {
        Self { pictures: 0, correct: 0, among_five: 0, loss: 0.0, confusion: vec![vec![0; classes]; classes] }
    }

    /// Counts one picture. Among equal logits the class with the lower index is the prediction.
    fn add(&mut self, logits: &[f32], label: usize) {
        let own = logits[label];
        let better = |(index, logit): (usize, &f32)| *logit > own || *logit == own && index < label;
        let rank = logits.iter().enumerate().filter(|pair| better(*pair)).count();
        let predicted = (0..logits.len()).reduce(|a, b| if logits[b] > logits[a] { b } else { a }).unwrap_or(0);
        let largest = f64::from(logits[predicted]);
        self.loss += logits.iter().map(|v| (f64::from(*v) - largest).exp()).sum::<f64>().ln() + largest - f64::from(own);
        self.pictures += 1;
        self.correct += usize::from(rank == 0);
        self.among_five += usize::from(rank < 5);
        self.confusion[label][predicted] += 1;
    }

    fn finish(self) -> Evaluation {
        let total = self.pictures as f64;
        Evaluation {
            top1: self.correct as f64 / total,
            top5: self.among_five as f64 / total,
            loss: self.loss / total,
            pictures: self.pictures,
            correct: self.correct,
            confusion: self.confusion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let mut score = Score::new(6);
        score.add(&[0.0, 3.0, 0.0, 0.0, 0.0, 0.0], 1); // right
        score.add(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 4); // fifth
        score.add(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 5); // last
        score.add(&[0.0; 6], 0); // equal: the first class
        let found = score.finish();
        assert_eq!((found.top1, found.top5, found.pictures, found.correct), (0.5, 0.75, 4, 2));
        assert_eq!(found.confusion[1], [0, 1, 0, 0, 0, 0]);
        assert_eq!((found.confusion[4][0], found.confusion[5][0], found.confusion[0][0]), (1, 1, 1));
        // Python: ln(5 + e^3) - 3, then ln(sum(e^0..e^5)) - 1 and - 0, then ln 6.
        let expected = (0.222_291_5 + 4.456_193_3 + 5.456_193_3 + 1.791_759_5) / 4.0;
        assert!((found.loss - expected).abs() < 1e-6, "{} {expected}", found.loss);
    }
}
