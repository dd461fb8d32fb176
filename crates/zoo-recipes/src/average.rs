//! The mean of several weights of one model.

use std::path::PathBuf;

use zoo_core::params::NamedTensor;
use zoo_weights::{WeightsFile, WeightsMeta};

use crate::RecipeError;

/// The mean of the weights and running statistics of several files, checkpoints of one run, say (Izmailov et al. 2018,
/// <https://arxiv.org/abs/1803.05407>; timm's `avg_checkpoints.py`), and what the first of them says about itself.
///
/// # Errors
/// [`RecipeError::Weights`]; [`RecipeError::NotAlike`] where the files are not those of one architecture;
/// [`RecipeError::Value`] without a file.
pub fn average(paths: &[PathBuf]) -> Result<(Vec<NamedTensor>, WeightsMeta), RecipeError> {
    let Some((first, others)) = paths.split_first() else {
        return Err(RecipeError::Value { key: "files", value: "none".to_owned(), must_be: "at least one" });
    };
    let file = WeightsFile::read(first)?;
    let meta = WeightsMeta { epoch: None, ..file.meta().clone() };
    let mut sums = file.into_tensors()?;
    for path in others {
        let file = WeightsFile::read(path)?;
        let unlike = |what: String| RecipeError::NotAlike { path: path.clone(), first: first.clone(), what };
        if file.meta().model != meta.model {
            return Err(unlike(format!("it is a `{}`", file.meta().model.as_deref().unwrap_or("model without a name"))));
        }
        let tensors = file.into_tensors()?;
        if tensors.len() != sums.len() {
            return Err(unlike(format!("it has {} tensors, not {}", tensors.len(), sums.len())));
        }
        for (sum, tensor) in sums.iter_mut().zip(tensors) {
            if (&sum.name, &sum.shape) != (&tensor.name, &tensor.shape) {
                return Err(unlike(format!("its `{}` is {:?} where `{}` is {:?}", tensor.name, tensor.shape, sum.name, sum.shape)));
            }
            sum.values.iter_mut().zip(tensor.values).for_each(|(sum, value)| *sum += value);
        }
    }
    let share = 1.0 / paths.len() as f32;
    sums.iter_mut().flat_map(|tensor| &mut tensor.values).for_each(|value| *value *= share);
    Ok((sums, meta))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use zoo_weights::write_tensors;

    use super::*;

    #[test]
    fn the_mean_of_three_and_what_is_not_alike() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, model: &str, values: Vec<f32>| {
            let path = place.path().join(name);
            let tensor = NamedTensor { name: "a.weight".to_owned(), shape: vec![values.len()], values };
            let meta = WeightsMeta { model: Some(model.to_owned()), epoch: Some(3), ..WeightsMeta::default() };
            write_tensors(&path, &[tensor], &meta).unwrap();
            path
        };
        let files = [write("1", "m", vec![1.0, 2.0]), write("2", "m", vec![3.0, 4.0]), write("3", "m", vec![5.0, -3.0])];
        let (tensors, meta) = average(&files).unwrap();
        assert_eq!((tensors[0].values.clone(), meta.model.as_deref(), meta.epoch), (vec![3.0, 1.0], Some("m"), None));
        let error = |other| average(&[files[0].clone(), other]).unwrap_err().to_string();
        assert!(error(write("4", "n", vec![1.0, 2.0])).contains("it is a `n`"));
        assert!(error(write("5", "m", vec![1.0])).contains("[1] where `a.weight` is [2]"));
        assert!(average(&[]).is_err());
    }
}
