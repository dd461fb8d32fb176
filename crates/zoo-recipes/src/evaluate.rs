//! A model on a data set.

use burn::tensor::{Device, Tensor};
use burn_zoo::Classifier;
use serde::Serialize;
use zoo_core::params::read_values;
use zoo_datasets::Loader;

use crate::RecipeError;
use crate::score::Score;

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
    /// The wrong answers with the largest loss, the worst first; at most 24.
    pub mistakes: Vec<Mistake>,
}

/// A wrong answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mistake {
    /// The picture's index in its data set.
    pub index: usize,
    /// Its class.
    pub label: usize,
    /// The class that the model took it for.
    pub predicted: usize,
    /// The model's probability of `predicted`.
    pub probability: f64,
    /// The model's probability of `label`.
    pub label_probability: f64,
    /// Cross-entropy of this picture.
    pub loss: f64,
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
        let (labels, indices) = (batch.labels.clone(), batch.indices.clone());
        let (images, _) = batch.into_tensors(device);
        let logits = logits(images)?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(RecipeError::BadLogits.into());
        }
        for ((row, label), index) in logits.chunks(classes.max(1)).zip(labels).zip(indices) {
            score.add(row, label, index);
        }
    }
    if score.pictures() == 0 { Err(RecipeError::NoPictures.into()) } else { Ok(score.finish()) }
}
