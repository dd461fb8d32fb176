//! Gradients by name: summed over several batches, and clipped.

mod adaptive;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use zoo_core::params::{Path, is_statistic, read_values};

/// The gradients of a model's parameters by name, flat and without autodiff.
#[derive(Debug, Clone, Default)]
pub struct NamedGradients(BTreeMap<String, Tensor<1>>);

impl NamedGradients {
    /// The gradients that a backward pass left; parameters without one are left out.
    pub fn collect<M: Module>(model: &M, grads: &Gradients) -> Self {
        let mut visitor = Collect { path: Path::default(), grads, found: BTreeMap::new() };
        model.visit(&mut visitor);
        Self(visitor.found)
    }

    /// Adds other gradients of the same model.
    pub fn add(&mut self, other: Self) {
        for (name, grad) in other.0 {
            let sum = match self.0.remove(&name) {
                Some(before) => before + grad,
                None => grad,
            };
            self.0.insert(name, sum);
        }
    }

    /// Multiplies all by a number.
    pub fn scale(&mut self, factor: f64) {
        for grad in self.0.values_mut() {
            *grad = grad.clone().mul_scalar(factor);
        }
    }

    /// The Euclidean norm of all gradients together; 0 where there are none.
    ///
    /// # Errors
    /// What the device says, where the read fails.
    pub fn norm(&self) -> Result<f64, String> {
        // One read for all: each would make a graphics device wait.
        let Some(total) = self.norm_tensor() else { return Ok(0.0) };
        Ok(read_values(total)?.first().map_or(f64::NAN, |norm| f64::from(*norm)))
    }

    /// The same as a tensor of one element; `None` where there are no gradients.
    pub(crate) fn norm_tensor(&self) -> Option<Tensor<1>> {
        if self.0.is_empty() {
            return None;
        }
        let squares = self.0.values().map(|grad| (grad.clone() * grad.clone()).sum()).collect();
        Some(Tensor::cat(squares, 0).sum().sqrt())
    }

    /// Replaces each by what a function makes of it.
    pub(crate) fn map(&mut self, mut change: impl FnMut(&str, Tensor<1>) -> Tensor<1>) {
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .map(|(name, grad)| {
                let grad = change(&name, grad);
                (name, grad)
            })
            .collect();
    }

    /// Scales all gradients such that their norm together is at most `max_norm`, as PyTorch's `clip_grad_norm_` does.
    /// Gives the norm before.
    ///
    /// # Errors
    /// As [`NamedGradients::norm`].
    pub fn clip(&mut self, max_norm: f64) -> Result<f64, String> {
        let norm = self.norm()?;
        let factor = max_norm / (norm + 1e-6);
        if factor < 1.0 {
            self.scale(factor);
        }
        Ok(norm)
    }

    /// Limits each number to `[-most, most]`, as PyTorch's `clip_grad_value_` does.
    pub fn clip_value(&mut self, most: f64) {
        self.map(|_, grad| grad.clamp(-most, most));
    }

    /// The gradient under a name, taken out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Tensor<1>> {
        self.0.remove(name)
    }

    /// Puts a gradient under a name.
    pub(crate) fn put(&mut self, name: String, grad: Tensor<1>) {
        self.0.insert(name, grad);
    }
}

/// The name of the parameter that a walk is at; the parts of a weight have names of their own. `None` for buffers, which may
/// not even be tracked.
pub(crate) fn parameter_name(path: &Path) -> Option<String> {
    let name = path.name();
    if is_statistic(&name) {
        return None;
    }
    Some(match path.part() {
        Some(part) => format!("{name}.{part}"),
        None => name,
    })
}

struct Collect<'a> {
    path: Path,
    grads: &'a Gradients,
    found: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(name) = parameter_name(&self.path) else { return };
        if let Some(grad) = param.val().grad(self.grads) {
            let length = grad.shape().num_elements();
            self.found.insert(name, grad.reshape([length]));
        }
    }
}

#[cfg(test)]
mod tests;
