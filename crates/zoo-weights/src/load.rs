//! From a file into a model, all or nothing.

use std::collections::{BTreeMap, BTreeSet};

use zoo_core::Classifier;
use zoo_core::params::{ParamInfo, is_statistic, param_table, write_params};

use crate::{Mismatch, Misshaped, WeightsError, WeightsFile};

/// What a load did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadReport {
    /// Number of parameters and buffers that were loaded.
    pub loaded: usize,
    /// Parameters of the last layer that kept their fresh values, because the file is for another number of classes.
    pub reinitialised: Vec<String>,
    /// Parameters whose values were adapted: a first convolution for another number of input channels, position
    /// embeddings of another picture size.
    pub adapted: Vec<String>,
    /// The file's number of classes, where it differs from the model's.
    pub file_classes: Option<usize>,
}

/// Loads all parameters and buffers of a model, or none.
///
/// - Keys that older files publish under other names are renamed ([`Classifier::rename_key`]).
/// - Where the file was made for another number of classes, the last layer keeps its fresh values, and a warning is
///   logged. A model without classes leaves the file's last layer out.
/// - A first convolution for another number of input channels is adapted as timm does: summed for one channel, repeated
///   and scaled for more.
///
/// # Errors
/// [`WeightsError::Mismatch`] with every missing, unexpected and mis-shaped key, [`WeightsError::Corrupt`]; the model is as
/// it was.
pub fn load<M: Classifier>(model: &mut M, file: &WeightsFile) -> Result<LoadReport, WeightsError> {
    let table = param_table(model);
    let heads = Heads(model.classifier_names());
    let known: BTreeSet<&str> = table.iter().map(|info| info.name.as_str()).collect();
    let mut sources: BTreeMap<String, &str> = BTreeMap::new();
    for name in file.names() {
        let ours = if known.contains(name) { name.to_owned() } else { model.rename_key(name).unwrap_or_else(|| name.to_owned()) };
        sources.insert(ours, name);
    }
    let find = |name: &str| sources.get(name).and_then(|source| file.shape(source));
    let read = |name: &str| sources.get(name).map_or(Ok(None), |source| file.values(source));
    let anew = heads.for_other_classes(&table, find);
    let stem = table.iter().find(|info| info.shape.len() == 4).map(|info| info.name.as_str());

    let mut report = LoadReport::default();
    let mut wrong = Mismatch::default();
    let mut values: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for info in &table {
        let Some(found) = find(&info.name) else {
            wrong.missing.push(info.name.clone());
            continue;
        };
        if heads.of(&info.name).is_some_and(|head| anew.contains(head)) {
            report.file_classes = found.first().copied();
            report.reinitialised.push(info.name.clone());
        } else if found == info.shape {
            report.loaded += 1;
        } else {
            let stem = stem == Some(info.name.as_str());
            let data = read(&info.name)?.unwrap_or_default();
            let adapted =
                if stem { adapt_stem(found, &data, &info.shape) } else { model.adapt_weight(&info.name, &info.shape, found, &data) };
            match adapted.filter(|new| new.len() == info.shape.iter().product::<usize>()) {
                Some(new) => {
                    report.adapted.push(info.name.clone());
                    values.insert(info.name.as_str(), new);
                }
                None => {
                    wrong.misshaped.push(Misshaped { name: info.name.clone(), expected: info.shape.clone(), found: found.to_vec() });
                }
            }
        }
    }
    let without_head = model.num_classes() == 0;
    let unexpected = sources.iter().filter(|(name, _)| !(known.contains(name.as_str()) || without_head && heads.of(name).is_some()));
    wrong.unexpected.extend(unexpected.map(|(_, source)| (*source).to_owned()));
    let indices: BTreeSet<String> = model.index_buffers().into_iter().map(|(name, ..)| name).collect();
    wrong.unexpected.extend(file.integer_names().filter(|name| !indices.contains(*name)).map(str::to_owned));
    if !wrong.is_empty() {
        return Err(WeightsError::Mismatch(Box::new(wrong)));
    }
    if let Some(classes) = report.file_classes {
        let (own, names) = (model.num_classes(), report.reinitialised.join(", "));
        log::warn!("the weights are for {classes} classes, the model for {own}: {names} start anew");
    }
    let skipped: BTreeSet<&str> = report.reinitialised.iter().map(String::as_str).collect();
    // Names and shapes were compared; only the file itself can still turn out to be damaged. A clone shares the model's
    // running statistics: they are read before, and written when everything else has come well. Of the rest one tensor at a
    // time is in memory beside the model.
    for info in table.iter().filter(|info| is_statistic(&info.name)) {
        if let Some(statistic) = read(&info.name)? {
            values.insert(info.name.as_str(), statistic);
        }
    }
    let mut damaged = None;
    let new = write_params(model.clone(), |info| {
        if damaged.is_some() || skipped.contains(info.name.as_str()) || is_statistic(&info.name) {
            return None;
        }
        let new = values.remove(info.name.as_str()).map_or_else(|| read(&info.name), |adapted| Ok(Some(adapted)));
        let new = new.unwrap_or_else(|error| {
            damaged = Some(error);
            None
        });
        warn_not_finite(&info.name, new.as_deref());
        new
    });
    if let Some(error) = damaged {
        return Err(error);
    }
    *model = write_params(new, |info| {
        let statistic = values.remove(info.name.as_str());
        warn_not_finite(&info.name, statistic.as_deref());
        statistic
    });
    Ok(report)
}

fn warn_not_finite(name: &str, values: Option<&[f32]>) {
    if values.into_iter().flatten().any(|v| !v.is_finite()) {
        log::warn!("`{name}` holds values that are not finite");
    }
}

/// The layers whose width is the number of classes.
struct Heads(Vec<String>);

impl Heads {
    /// The head that this parameter belongs to.
    fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|head| name.strip_prefix(head).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The heads that the file has for another number of classes: each whole, for a weight without its bias is no layer.
    fn for_other_classes<'a>(&self, table: &[ParamInfo], find: impl Fn(&str) -> Option<&'a [usize]>) -> BTreeSet<String> {
        let mut anew = BTreeSet::new();
        for head in &self.0 {
            let own: Vec<&ParamInfo> = table.iter().filter(|info| self.of(&info.name) == Some(head)).collect();
            let alike = |info: &&ParamInfo| {
                let Some(found) = find(&info.name) else { return false };
                found.len() == info.shape.len() && found.get(1..) == info.shape.get(1..)
            };
            let differs = |info: &&ParamInfo| find(&info.name).is_some_and(|found| found != info.shape);
            if own.iter().all(alike) && own.iter().any(differs) {
                anew.insert(head.clone());
            }
        }
        anew
    }
}

/// timm's rule for the weight `[out, in, height, width]` of a first convolution.
fn adapt_stem(found: &[usize], data: &[f32], shape: &[usize]) -> Option<Vec<f32>> {
    let (&[out, from, h, w], &[out2, to, h2, w2]) = (found, shape) else { return None };
    if [out, h, w] != [out2, h2, w2] || from == 0 || to == 0 || (to > 1 && from != 3) {
        return None;
    }
    let area = h * w;
    let scale = from as f32 / to as f32;
    let filter = |filter: &[f32]| -> Vec<f32> {
        if to == 1 {
            (0..area).map(|i| filter.iter().skip(i).step_by(area).sum()).collect()
        } else {
            (0..to * area).map(|i| filter[i / area % from * area + i % area] * scale).collect()
        }
    };
    Some(data.chunks(from * area).flat_map(filter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// timm's `adapt_input_conv`, by hand: one filter of 1x1 over three channels.
    #[test]
    fn stems_are_adapted_as_timm_does() {
        let adapt = |to: usize| adapt_stem(&[1, 3, 1, 1], &[1.0, 2.0, 3.0], &[1, to, 1, 1]);
        assert_eq!(adapt(1), Some(vec![6.0]));
        assert_eq!(adapt(4), Some(vec![0.75, 1.5, 2.25, 0.75]));
        assert_eq!(adapt_stem(&[1, 1, 1, 1], &[1.0], &[1, 3, 1, 1]), None);
        assert_eq!(adapt_stem(&[1, 3, 1, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1, 1, 1, 2]), Some(vec![9.0, 12.0]));
    }
}
