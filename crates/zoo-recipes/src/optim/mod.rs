//! Optimisers with PyTorch's and timm's formulas.
//!
//! Burn's own optimisers differ from PyTorch's in details (dampening, epsilon), and their saved state is keyed by a run's
//! random parameter ids and comes back on the default device. Here the state is keyed by the parameter's name.

mod groups;
mod kind;
mod lamb;
mod rule;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use zoo_core::params::{NamedTensor, Path, read_values};

use crate::gradients::{NamedGradients, parameter_name};

pub use groups::{Group, GroupRules, Groups};
pub use kind::{OptimizerConfig, OptimizerKind};
use rule::Knobs;

/// An optimiser and its state: for each parameter as many tensors as its rule keeps, flat, on the parameter's device.
#[derive(Debug, Clone)]
pub struct Optimizer {
    config: OptimizerConfig,
    groups: Groups,
    /// In place of the configured momentum, or first beta: a one-cycle schedule says it.
    momentum: Option<f64>,
    steps: usize,
    state: BTreeMap<String, Vec<Tensor<1>>>,
}

impl Optimizer {
    /// A fresh optimiser. Weight decay spares parameters with fewer than two axes: norms and biases.
    pub fn new(config: OptimizerConfig) -> Self {
        Self { config, groups: Groups::default(), momentum: None, steps: 0, state: BTreeMap::new() }
    }

    /// The same, with groups of parameters that decay and learn in their own way.
    #[must_use]
    pub fn with_groups(self, groups: Groups) -> Self {
        Self { groups, ..self }
    }

    /// Another momentum (of the Adams, `lamb` and `lion`: another first beta) from here on; `None` for the configured one.
    pub fn set_momentum(&mut self, momentum: Option<f64>) {
        self.momentum = momentum;
    }

    /// One step; parameters without a gradient stay as they are.
    pub fn step<M: Module>(&mut self, model: M, grads: &Gradients, lr: f64) -> M {
        let grads = NamedGradients::collect(&model, grads);
        self.apply(model, grads, lr)
    }

    /// One step with gradients that were collected; parameters without one stay as they are.
    pub fn apply<M: Module>(&mut self, model: M, mut grads: NamedGradients, lr: f64) -> M {
        self.steps += 1;
        if self.config.kind == OptimizerKind::Lamb {
            lamb::prepare(self, &model, &mut grads);
        }
        model.map(&mut Update { optimizer: self, grads, lr, path: Path::default() })
    }

    /// The state, flat, as `NAME/0`, `NAME/1`.
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

    /// Tensors that the rule keeps for each parameter.
    pub fn tensors(&self) -> usize {
        match self.config.kind {
            OptimizerKind::Sgd | OptimizerKind::Nesterov => usize::from(self.config.momentum > 0.0),
            OptimizerKind::Lion => 1,
            _ => 2,
        }
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

    /// The numbers of a parameter of `rank` axes, whose PyTorch name is `whole`.
    fn knobs(&self, whole: &str, rank: usize, lr: f64) -> Knobs {
        let plain = Group { lr_scale: 1.0, weight_decay: if rank < 2 { 0.0 } else { self.config.weight_decay } };
        let group = self.groups.get(whole).unwrap_or(plain);
        let mut config = self.config;
        if let Some(momentum) = self.momentum {
            config.momentum = momentum;
            config.betas = Some([momentum, config.betas()[1]]);
        }
        Knobs { config, lr: lr * group.lr_scale, decay: group.weight_decay, step: self.steps as f64 }
    }

    /// The state of a parameter, taken out; what a file had in another length does not count.
    fn take_state(&mut self, name: &str, length: usize) -> Option<Vec<Tensor<1>>> {
        self.state.remove(name).filter(|tensors| tensors.iter().all(|tensor| tensor.dims() == [length]))
    }

    fn put_state(&mut self, name: &str, state: Vec<Tensor<1>>) {
        if !state.is_empty() {
            self.state.insert(name.to_owned(), state);
        }
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
                let shape = tensor.shape();
                let length = shape.num_elements();
                let knobs = self.optimizer.knobs(&self.path.name(), D, self.lr);
                let before = self.optimizer.take_state(&name, length);
                let (new, state) = rule::step(knobs, tensor.inner().reshape([length]), grad, before);
                self.optimizer.put_state(&name, state);
                let new = Tensor::from_inner(new.reshape(shape));
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
