//! A model on a data set.

use burn::tensor::{DType, Device};
use burn_zoo::Classifier;
use serde::Serialize;
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
/// [`RecipeError::Data`], [`RecipeError::Input`] where a picture does not fit, [`RecipeError::Device`].
pub fn evaluate<M: Classifier>(model: &M, loader: &Loader, device: &Device) -> Result<Evaluation, RecipeError> {
    let classes = model.num_classes();
    let mut confusion = vec![vec![0; classes]; classes];
    let (mut pictures, mut correct, mut among_five, mut loss) = (0, 0, 0, 0.0);
    for batch in loader.epoch(0) {
        let batch = batch?;
        let [_, channels, height, width] = batch.shape;
        model.check_input([channels, height, width])?;
        let labels = batch.labels.clone();
        let (images, _) = batch.into_tensors(device);
        let data = model.forward(images).try_into_data().map_err(|e| RecipeError::Device(format!("{e:?}")))?;
        let logits = data.convert_dtype(DType::F32).try_to_vec::<f32>().map_err(|e| RecipeError::Device(format!("{e:?}")))?;
        for (row, label) in logits.chunks(classes).zip(labels) {
            let own = row[label];
            let better = |(i, v): &(usize, &f32)| **v > own || **v == own && *i < label;
            let rank = row.iter().enumerate().filter(better).count();
            let predicted = (0..classes).reduce(|a, b| if row[b] > row[a] { b } else { a }).unwrap_or(0);
            let largest = f64::from(row[predicted]);
            loss += row.iter().map(|v| (f64::from(*v) - largest).exp()).sum::<f64>().ln() + largest - f64::from(own);
            pictures += 1;
            correct += usize::from(predicted == label);
            among_five += usize::from(rank < 5);
            confusion[label][predicted] += 1;
        }
    }
    let share = |count: usize| count as f64 / f64::from(u32::try_from(pictures).unwrap_or(u32::MAX).max(1));
    Ok(Evaluation { top1: share(correct), top5: share(among_five), loss: loss / pictures.max(1) as f64, pictures, correct, confusion })
}
