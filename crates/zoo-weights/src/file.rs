//! A file of weights, read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use zoo_core::BuildOptions;
use zoo_core::params::NamedTensor;

use crate::{WeightsError, pickle, safe};

/// What a file of ours says about itself, so that it can be used without being told what it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WeightsMeta {
    /// The model's name in the zoo.
    pub model: Option<String>,
    /// The options it was built with.
    pub options: Option<BuildOptions>,
    /// Names of the classes, in the order of the logits.
    pub classes: Option<Vec<String>>,
    /// The preprocessing it was trained with.
    pub transform: Option<serde_json::Value>,
    /// The epoch after which it was saved, from 0.
    pub epoch: Option<usize>,
    /// Whatever else.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// Named tensors, as f32, and what the file says about itself.
#[derive(Debug, Clone, Default)]
pub struct WeightsFile {
    tensors: BTreeMap<String, NamedTensor>,
    /// Names of what is no floating-point tensor; batch norm's counters are left out.
    integers: BTreeSet<String>,
    meta: WeightsMeta,
}

/// A tensor as a reader finds it.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    /// None for integers and the like.
    pub(crate) values: Option<Vec<f32>>,
}

/// Under these keys checkpoints keep the model's own dictionary; the first that is there counts.
const WRAPPERS: [&str; 5] = ["state_dict.", "model_state_dict.", "model.", "state_dict_ema.", "model_ema."];

impl WeightsFile {
    /// Reads a file. The format is found by its content, not by its name.
    ///
    /// # Errors
    /// [`WeightsError::Io`], [`WeightsError::UnknownFormat`], [`WeightsError::Corrupt`].
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let io = |source| WeightsError::Io { action: "read", path: path.to_owned(), source };
        let mut head = [0; 9];
        let length = {
            use std::io::Read;
            let mut file = std::fs::File::open(path).map_err(io)?;
            if file.metadata().map_err(io)?.is_dir() {
                return Err(io(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
            }
            let mut length = 0;
            while length < head.len() {
                match file.read(&mut head[length..]).map_err(io)? {
                    0 => break,
                    n => length += n,
                }
            }
            length
        };
        let (tensors, meta) =
            if length == head.len() && head[8] == b'{' { safe::read(path)? } else { (pickle::read(path)?, WeightsMeta::default()) };
        // Files of ours hold a model's keys as they are; only others' checkpoints wrap them.
        let ours = meta != WeightsMeta::default();
        let mut entries = if ours { tensors } else { unwrap(tensors) };
        // Batch norm counts its batches; nothing here depends on the count.
        entries.retain(|entry| entry.values.is_some() || !entry.name.ends_with("num_batches_tracked"));
        let integers = entries.iter().filter(|entry| entry.values.is_none()).map(|entry| entry.name.clone()).collect();
        let tensors = entries.into_iter().filter_map(|Entry { name, shape, values }| Some(NamedTensor { name, shape, values: values? }));
        Ok(Self { integers, ..Self::from_tensors(tensors.collect(), meta) })
    }

    /// From tensors in memory.
    pub fn from_tensors(tensors: Vec<NamedTensor>, meta: WeightsMeta) -> Self {
        Self { tensors: tensors.into_iter().map(|t| (t.name.clone(), t)).collect(), integers: BTreeSet::new(), meta }
    }

    /// What the file says about itself; empty for files that are not ours.
    pub fn meta(&self) -> &WeightsMeta {
        &self.meta
    }

    /// All keys of floating-point tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Names of tensors that hold no floating-point numbers, sorted; batch norm's counters are left out.
    pub fn integer_names(&self) -> impl Iterator<Item = &str> {
        self.integers.iter().map(String::as_str)
    }

    /// Shape and row-major values of one tensor.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.tensors.get(name).map(|t| (t.shape.as_slice(), t.values.as_slice()))
    }

    /// The tensors, sorted by key.
    pub fn into_tensors(self) -> Vec<NamedTensor> {
        self.tensors.into_values().collect()
    }
}

/// Takes the model's dictionary out of a training checkpoint, and the prefix of data-parallel training off.
fn unwrap(mut tensors: Vec<Entry>) -> Vec<Entry> {
    // A wrapper and a model's part of that name look the same from outside, so PyTorch's convention decides.
    if let Some(wrapper) = WRAPPERS.iter().find(|w| tensors.iter().any(|t| t.name.starts_with(**w))) {
        tensors.retain(|t| t.name.starts_with(*wrapper));
        strip(&mut tensors, wrapper);
    }
    if !tensors.is_empty() && tensors.iter().all(|t| t.name.starts_with("module.")) {
        strip(&mut tensors, "module.");
    }
    tensors
}

fn strip(tensors: &mut [Entry], prefix: &str) {
    for tensor in tensors {
        tensor.name.replace_range(..prefix.len(), "");
    }
}
