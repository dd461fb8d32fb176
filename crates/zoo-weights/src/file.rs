//! A file of weights: what it holds is known, values are read when they are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Named tensors, and what the file says about itself. Only names and shapes are in memory: the file must stay as it is
/// until its values were read.
#[derive(Debug, Clone, Default)]
pub struct WeightsFile {
    path: PathBuf,
    tensors: BTreeMap<String, Stored>,
    /// Names of what is no floating-point tensor; batch norm's counters are left out.
    integers: BTreeSet<String>,
    meta: WeightsMeta,
}

/// A tensor as a reader finds it.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    /// None for integers and the like.
    pub(crate) values: Option<Values>,
}

/// Values, or where they are.
#[derive(Debug)]
pub(crate) enum Values {
    Memory(Vec<f32>),
    Safe(safe::Place),
    Pickle(Box<pickle::Place>),
}

#[derive(Debug, Clone)]
struct Stored {
    shape: Vec<usize>,
    values: Arc<Values>,
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
        let stored = |Entry { name, shape, values }| Some((name, Stored { shape, values: Arc::new(values?) }));
        Ok(Self { path: path.to_owned(), tensors: entries.into_iter().filter_map(stored).collect(), integers, meta })
    }

    /// From tensors in memory.
    pub fn from_tensors(tensors: Vec<NamedTensor>, meta: WeightsMeta) -> Self {
        let stored = |t: NamedTensor| (t.name, Stored { shape: t.shape, values: Arc::new(Values::Memory(t.values)) });
        Self { tensors: tensors.into_iter().map(stored).collect(), meta, ..Self::default() }
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

    /// The shape of one tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|stored| stored.shape.as_slice())
    }

    /// The row-major values of one tensor as f32, read from the file; none where it has no such tensor.
    ///
    /// # Errors
    /// [`WeightsError::Corrupt`] where they cannot be read.
    pub fn values(&self, name: &str) -> Result<Option<Vec<f32>>, WeightsError> {
        self.tensors.get(name).map(|stored| self.read_values(name, stored)).transpose()
    }

    /// The tensors, sorted by key, with their values.
    ///
    /// # Errors
    /// [`WeightsError::Corrupt`] where values cannot be read.
    pub fn into_tensors(self) -> Result<Vec<NamedTensor>, WeightsError> {
        let read = |(name, stored): (&String, &Stored)| {
            Ok(NamedTensor { name: name.clone(), shape: stored.shape.clone(), values: self.read_values(name, stored)? })
        };
        self.tensors.iter().map(read).collect()
    }

    fn read_values(&self, name: &str, stored: &Stored) -> Result<Vec<f32>, WeightsError> {
        let read = match stored.values.as_ref() {
            Values::Memory(values) => return Ok(values.clone()),
            Values::Safe(place) => place.read(),
            Values::Pickle(place) => place.read(),
        };
        let whole = |values: &Vec<f32>| values.len() == stored.shape.iter().product::<usize>();
        read.and_then(|values| if whole(&values) { Ok(values) } else { Err("its size is not that of its shape".to_owned()) })
            .map_err(|reason| WeightsError::Corrupt { path: self.path.clone(), reason: format!("`{name}`: {reason}") })
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
