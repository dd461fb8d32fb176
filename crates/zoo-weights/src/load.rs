//! From a file into a model, all or nothing.

use std::collections::BTreeSet;

use zoo_core::Classifier;
use zoo_core::params::{param_table, write_params};

use crate::{Mismatch, Misshaped, WeightsError, WeightsFile};

/// What a load did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadReport {
    /// Number of parameters and buffers that were loaded.
    pub loaded: usize,
    /// Parameters of the last layer that kept their fresh values, because the file is for another number of classes.
    pub reinitialised: Vec<String>,
    /// The file's number of classes, where it differs from the model's.
    pub file_classes: Option<usize>,
}

/// Loads all parameters and buffers of a model, or none.
///
/// Where the file was made for another number of classes, the last layer keeps its fresh values, and a warning is logged.
///
/// # Errors
/// [`WeightsError::Mismatch`] with every missing, unexpected and mis-shaped key; the model is as it was.
pub fn load<M: Classifier>(model: &mut M, file: &WeightsFile) -> Result<LoadReport, WeightsError> {
    let heads = model.classifier_names();
    let in_head = |name: &str| heads.iter().any(|head| name.strip_prefix(head.as_str()).is_some_and(|rest| rest.starts_with('.')));
    let table = param_table(model);
    let mut report = LoadReport::default();
    let mut wrong = Mismatch::default();
    for info in &table {
        match file.get(&info.name) {
            None => wrong.missing.push(info.name.clone()),
            Some((found, _)) if found == info.shape => report.loaded += 1,
            Some((found, _)) if in_head(&info.name) && found.len() == info.shape.len() && found.get(1..) == info.shape.get(1..) => {
                report.file_classes = found.first().copied();
                report.reinitialised.push(info.name.clone());
            }
            Some((found, _)) => {
                wrong.misshaped.push(Misshaped { name: info.name.clone(), expected: info.shape.clone(), found: found.to_vec() });
            }
        }
    }
    let known: BTreeSet<&str> = table.iter().map(|info| info.name.as_str()).collect();
    wrong.unexpected.extend(file.names().filter(|name| !known.contains(name)).map(str::to_owned));
    if !wrong.is_empty() {
        return Err(WeightsError::Mismatch(Box::new(wrong)));
    }
    if let Some(classes) = report.file_classes {
        log::warn!(
            "the weights are for {classes} classes, the model for {}: {} start anew",
            model.num_classes(),
            report.reinitialised.join(", ")
        );
    }
    let skipped: BTreeSet<&str> = report.reinitialised.iter().map(String::as_str).collect();
    // Cannot fail any more: every name and shape was compared.
    *model = write_params(model.clone(), |info| {
        file.get(&info.name).filter(|_| !skipped.contains(info.name.as_str())).map(|(_, values)| {
            if values.iter().any(|v| !v.is_finite()) {
                log::warn!("`{}` holds values that are not finite", info.name);
            }
            values.to_vec()
        })
    });
    Ok(report)
}
