//! The exponential moving average of a model's weights.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use zoo_core::params::{NamedTensor, Path, read_values};

/// How an average is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmaConfig {
    /// Share of the average that stays at an update, in `[0, 1)`.
    pub decay: f64,
    /// The share grows with the steps: `1 - (1 + step) ^ (-2 / 3)`, up to `decay` (timm's `--model-ema-warmup`).
    pub warmup: bool,
    /// Steps from one update to the next (torchvision's `--model-ema-steps`).
    pub every: usize,
}

/// The average of weights and running statistics, as timm's `ModelEmaV3` (of every step) and torchvision's
/// `ExponentialMovingAverage` (of every few) keep it. The first update is a copy.
#[derive(Debug, Clone)]
pub struct Ema {
    config: EmaConfig,
    /// Flat, by name, without autodiff.
    values: BTreeMap<String, Tensor<1>>,
}

impl Ema {
    /// An average of nothing yet.
    pub fn new(config: EmaConfig) -> Self {
        Self { config, values: BTreeMap::new() }
    }

    /// The share of the average that stays at the update after so many steps, counted from 1.
    pub fn decay(&self, steps: usize) -> f64 {
        let updates = steps.saturating_sub(1) / self.config.every.max(1);
        match updates {
            0 => 0.0,
            _ if self.config.warmup => (1.0 - (1.0 + updates as f64).powf(-2.0 / 3.0)).min(self.config.decay),
            _ => self.config.decay,
        }
    }

    /// Takes the weights after so many steps, counted from 1, into the average.
    pub fn update<M: Module>(&mut self, model: &M, steps: usize) {
        let every = self.config.every.max(1);
        if !self.values.is_empty() && !steps.saturating_sub(1).is_multiple_of(every) {
            return;
        }
        let decay = self.decay(steps);
        let mut read = Read { path: Path::default(), found: BTreeMap::new() };
        model.visit(&mut read);
        for (name, now) in read.found {
            let mean = match self.values.remove(&name) {
                Some(mean) if decay > 0.0 => mean.clone() + (now - mean).mul_scalar(1.0 - decay),
                _ => now,
            };
            self.values.insert(name, mean);
        }
    }

    /// A model with the averages, for inference; before the first update with the model's own weights.
    pub fn model<M: Module>(&self, like: &M) -> M {
        // A clone would share the running statistics.
        like.valid().map(&mut Write { path: Path::default(), values: &self.values })
    }

    /// The averages, flat, by name.
    ///
    /// # Errors
    /// What the device says, where a read fails.
    pub fn state(&self) -> Result<Vec<NamedTensor>, String> {
        let read = |(name, tensor): (&String, &Tensor<1>)| {
            let values = read_values(tensor.clone())?;
            Ok(NamedTensor { name: name.clone(), shape: vec![values.len()], values })
        };
        self.values.iter().map(read).collect()
    }

    /// Puts saved averages back, on a device without autodiff.
    pub fn restore(&mut self, tensors: Vec<NamedTensor>, device: &Device) {
        let tensor = |tensor: NamedTensor| {
            let length = tensor.values.len();
            (tensor.name, Tensor::from_data(TensorData::new(tensor.values, [length]), device))
        };
        self.values = tensors.into_iter().map(tensor).collect();
    }
}

/// The name of a leaf; parts of a weight have one of their own.
fn leaf(path: &Path) -> String {
    match path.part() {
        Some(part) => format!("{}.{part}", path.name()),
        None => path.name(),
    }
}

struct Read {
    path: Path,
    found: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Read {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().without_autodiff();
        let length = value.shape().num_elements();
        self.found.insert(leaf(&self.path), value.reshape([length]));
    }
}

struct Write<'a> {
    path: Path,
    values: &'a BTreeMap<String, Tensor<1>>,
}

impl ModuleMapper for Write<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(mean) = self.values.get(&leaf(&self.path)) else { return param };
        let (id, old, mapper) = param.consume();
        Param::from_mapped_value(id, mean.clone().reshape(old.shape()), mapper)
    }
}

#[cfg(test)]
#[path = "ema_tests.rs"]
mod tests;
