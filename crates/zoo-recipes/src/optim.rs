//! SGD and AdamW with PyTorch's formulas.
//!
//! Burn's own optimisers differ from PyTorch's in details (dampening, epsilon), and their saved state is keyed by a run's
//! random parameter ids and comes back on the default device. Here the state is keyed by the parameter's name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use zoo_core::params::{NamedTensor, Path, read_values};

use crate::gradients::{NamedGradients, parameter_name};

/// The update rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OptimizerKind {
    /// Stochastic gradient descent with momentum; weight decay is added to the gradient.
    Sgd,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019); betas 0.9 and 0.999, epsilon 1e-8.
    #[default]
    AdamW,
}

const BETAS: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;

/// An optimiser and its state: one momentum (SGD) or two moments (AdamW) for each parameter, flat, on its device.
#[derive(Debug, Clone)]
pub struct Optimizer {
    kind: OptimizerKind,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    steps: usize,
    state: BTreeMap<String, Vec<Tensor<1>>>,
}

impl Optimizer {
    /// A fresh optimiser. Weight decay spares parameters with fewer than two axes: norms and biases.
    pub fn new(kind: OptimizerKind, momentum: f64, nesterov: bool, weight_decay: f64) -> Self {
        Self { kind, momentum, nesterov, weight_decay, steps: 0, state: BTreeMap::new() }
    }

    /// One step; parameters without a gradient stay as they are.
    pub fn step<M: Module>(&mut self, model: M, grads: &Gradients, lr: f64) -> M {
        let grads = NamedGradients::collect(&model, grads);
        self.apply(model, grads, lr)
    }

    /// One step with gradients that were collected; parameters without one stay as they are.
    pub fn apply<M: Module>(&mut self, model: M, grads: NamedGradients, lr: f64) -> M {
        self.steps += 1;
        model.map(&mut Update { optimizer: self, grads, lr, path: Path::default() })
    }

    /// The state, flat, as `NAME/0` (and `NAME/1` for AdamW).
    ///
    /// # Errors
    /// What the device says, where a read fails.
    pub fn state(&self) -> Result<Vec<NamedTensor>, String> {
        let entries = self.state.iter().flat_map(|(name, tensors)| tensors.iter().enumerate().map(move |(i, t)| (name, i, t)));
        entries
            .map(|(name, index, tensor)| {
                let values = read_values(tensor.clone())?;
                Ok(NamedTensor { name: format!("{name}/{index}"), shape: vec![values.len()], values })
            })
            .collect()
    }

    /// Number of steps so far.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Puts a saved state back, on a device without autodiff.
    pub fn restore(&mut self, steps: usize, tensors: Vec<NamedTensor>, device: &Device) {
        self.steps = steps;
        self.state.clear();
        let mut tensors = tensors;
        // The index is one digit, so that this is the order of the indices.
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        for tensor in tensors {
            let name = tensor.name.rsplit_once('/').map_or(tensor.name.as_str(), |(name, _)| name).to_owned();
            let length = tensor.values.len();
            self.state.entry(name).or_default().push(Tensor::from_data(TensorData::new(tensor.values, [length]), device));
        }
    }

    fn update<const D: usize>(&mut self, name: &str, value: Tensor<D>, grad: Tensor<1>, lr: f64) -> Tensor<D> {
        let decay = if D < 2 { 0.0 } else { self.weight_decay };
        let shape = value.shape();
        let length = shape.num_elements();
        let value: Tensor<1> = value.reshape([length]);
        let before = self.state.remove(name).filter(|tensors| tensors.iter().all(|t| t.dims() == [length]));
        let (new, state) = match self.kind {
            OptimizerKind::Sgd => {
                let grad = if decay == 0.0 { grad } else { grad + value.clone().mul_scalar(decay) };
                if self.momentum == 0.0 {
                    (value - grad.mul_scalar(lr), vec![])
                } else {
                    let velocity = match before.and_then(|mut t| t.pop()) {
                        Some(velocity) => velocity.mul_scalar(self.momentum) + grad.clone(),
                        None => grad.clone(),
                    };
                    let direction = if self.nesterov { grad + velocity.clone().mul_scalar(self.momentum) } else { velocity.clone() };
                    (value - direction.mul_scalar(lr), vec![velocity])
                }
            }
            OptimizerKind::AdamW => {
                let (first, second) = match before.map(<[Tensor<1>; 2]>::try_from) {
                    Some(Ok([first, second])) => (first, second),
                    _ => (grad.zeros_like(), grad.zeros_like()),
                };
                let first = first.mul_scalar(BETAS.0) + grad.clone().mul_scalar(1.0 - BETAS.0);
                let second = second.mul_scalar(BETAS.1) + (grad.clone() * grad).mul_scalar(1.0 - BETAS.1);
                let steps = self.steps as f64;
                let (correction1, correction2) = (1.0 - BETAS.0.powf(steps), 1.0 - BETAS.1.powf(steps));
                let denominator = second.clone().sqrt().div_scalar(correction2.sqrt()).add_scalar(EPSILON);
                let value = if decay == 0.0 { value } else { value.mul_scalar(1.0 - lr * decay) };
                (value - first.clone().mul_scalar(lr / correction1) / denominator, vec![first, second])
            }
        };
        if !state.is_empty() {
            self.state.insert(name.to_owned(), state);
        }
        new.reshape(shape)
    }
}

struct Update<'a> {
    optimizer: &'a mut Optimizer,
    grads: NamedGradients,
    lr: f64,
    path: Path,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(name) = parameter_name(&self.path) else { return param };
        let (id, tensor, mapper) = param.consume();
        let tensor = match self.grads.take(&name) {
            Some(grad) => {
                let checkpointing = tensor.gradient_checkpointing_strategy();
                let new = Tensor::from_inner(self.optimizer.update(&name, tensor.inner(), grad, self.lr));
                // A fresh tensor has the default strategy, and one operation on two strategies panics.
                let new = match checkpointing {
                    Some(strategy) => new.with_gradient_checkpointing_strategy(strategy),
                    None => new,
                };
                new.require_grad()
            }
            None => tensor,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
#[path = "optim_tests.rs"]
mod tests;
