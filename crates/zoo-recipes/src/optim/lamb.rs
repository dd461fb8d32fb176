//! LAMB, which must know whole weights before it takes a step: a fully connected one may be kept in parts.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use zoo_core::params::Path;

use crate::gradients::{NamedGradients, parameter_name};

use super::Optimizer;
use super::rule::adam;

/// Makes of the gradients the directions of the step, as timm's `Lamb` with its defaults: gradients whose norm together is
/// above 1 are scaled to 1; then Adam; then, where there is weight decay, each weight's direction gets the norm of the weight.
pub(super) fn prepare<M: Module>(optimizer: &mut Optimizer, model: &M, grads: &mut NamedGradients) {
    if let Some(norm) = grads.norm_tensor() {
        let factor = norm.clamp_min(1.0).recip();
        grads.map(|_, grad| grad * factor.clone());
    }
    let mut visitor = Directions { path: Path::default(), optimizer, grads: &mut *grads, squares: BTreeMap::new() };
    model.visit(&mut visitor);
    let squares = visitor.squares;
    let ratios: BTreeMap<String, Tensor<1>> = squares.into_iter().map(|(name, sums)| (name, ratio(sums))).collect();
    grads.map(|name, direction| match ratios.get(whole(name, &ratios)) {
        Some(ratio) => direction * ratio.clone(),
        None => direction,
    });
}

/// Norm of the weight over that of the direction; 1 where either is zero.
fn ratio([weight, direction]: [Tensor<1>; 2]) -> Tensor<1> {
    let zero = (weight.clone() * direction.clone()).equal_elem(0.0);
    (weight / direction).sqrt().mask_fill(zero, 1.0)
}

/// The name of the whole of which a part is named.
fn whole<'a>(name: &'a str, known: &BTreeMap<String, Tensor<1>>) -> &'a str {
    match name.rsplit_once('.') {
        Some((whole, part)) if !known.contains_key(name) && part.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => name,
    }
}

struct Directions<'a> {
    path: Path,
    optimizer: &'a mut Optimizer,
    grads: &'a mut NamedGradients,
    /// By the whole's name: sums of squares of the weight and of the direction.
    squares: BTreeMap<String, [Tensor<1>; 2]>,
}

impl ModuleVisitor for Directions<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(name) = parameter_name(&self.path) else { return };
        let Some(grad) = self.grads.take(&name) else { return };
        let [length] = grad.dims();
        let whole = self.path.name();
        // The rate is of no account here.
        let knobs = self.optimizer.knobs(&whole, D, 1.0);
        let before = self.optimizer.take_state(&name, length);
        let (mut direction, state) = adam(knobs, grad, before);
        self.optimizer.put_state(&name, state);
        if knobs.decay != 0.0 {
            let value = param.val().inner().reshape([length]);
            direction = direction + value.clone().mul_scalar(knobs.decay);
            let sum = |tensor: &Tensor<1>| (tensor.clone() * tensor.clone()).sum();
            let sums = [sum(&value), sum(&direction)];
            let sums = match self.squares.remove(&whole) {
                Some([weight, other]) => {
                    let [more_weight, more] = sums;
                    [weight + more_weight, other + more]
                }
                None => sums,
            };
            self.squares.insert(whole, sums);
        }
        self.grads.put(name, direction);
    }
}
