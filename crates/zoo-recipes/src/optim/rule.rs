//! The rules, each on one flat parameter.

use burn::tensor::Tensor;
use zoo_layers::maps::{self, SgdRule};

use super::{OptimizerConfig, OptimizerKind};

/// What a rule needs besides the tensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Knobs {
    pub(super) config: OptimizerConfig,
    pub(super) lr: f64,
    pub(super) decay: f64,
    /// Counted from 1.
    pub(super) step: f64,
}

/// The state that was there before, as that many tensors; zeros where there is none yet.
fn state<const N: usize>(before: Option<Vec<Tensor<1>>>, like: &Tensor<1>) -> [Tensor<1>; N] {
    before.and_then(|tensors| tensors.try_into().ok()).unwrap_or_else(|| std::array::from_fn(|_| like.zeros_like()))
}

/// Weight decay as a part of the gradient.
fn decayed(grad: Tensor<1>, value: &Tensor<1>, decay: f64) -> Tensor<1> {
    if decay == 0.0 { grad } else { grad + value.clone().mul_scalar(decay) }
}

/// Weight decay apart from the gradient.
fn shrunk(value: Tensor<1>, knobs: Knobs) -> Tensor<1> {
    if knobs.decay == 0.0 { value } else { value.mul_scalar(1.0 - knobs.lr * knobs.decay) }
}

/// One step of a parameter: its new value and state. `lamb` comes in two halves instead.
pub(super) fn step(knobs: Knobs, value: Tensor<1>, grad: Tensor<1>, before: Option<Vec<Tensor<1>>>) -> (Tensor<1>, Vec<Tensor<1>>) {
    match knobs.config.kind {
        OptimizerKind::Sgd | OptimizerKind::Nesterov => sgd(knobs, value, grad, before),
        OptimizerKind::Adam => {
            let grad = decayed(grad, &value, knobs.decay);
            let (direction, state) = adam(knobs, grad, before);
            (value - direction.mul_scalar(knobs.lr), state)
        }
        OptimizerKind::AdamW => {
            let (direction, state) = adam(knobs, grad, before);
            (shrunk(value, knobs) - direction.mul_scalar(knobs.lr), state)
        }
        OptimizerKind::Lamb => {
            // What `lamb` prepared is the direction, as long as it is to be.
            (value - grad.mul_scalar(knobs.lr), before.unwrap_or_default())
        }
        OptimizerKind::RmsProp => rmsprop(knobs, value, grad, before),
        OptimizerKind::RmsPropTf => rmsprop_tf(knobs, value, grad, before),
        OptimizerKind::Lion => lion(knobs, value, grad, before),
    }
}

fn sgd(knobs: Knobs, value: Tensor<1>, grad: Tensor<1>, before: Option<Vec<Tensor<1>>>) -> (Tensor<1>, Vec<Tensor<1>>) {
    let momentum = knobs.config.momentum;
    let nesterov = knobs.config.kind == OptimizerKind::Nesterov;
    let fused = SgdRule { lr: knobs.lr, momentum, weight_decay: knobs.decay, nesterov };
    // In one pass where there is a kernel for it.
    let (value, grad, before) = match maps::sgd(value, grad, before.and_then(|mut tensors| tensors.pop()), fused) {
        Ok([value, _]) if momentum == 0.0 => return (value, vec![]),
        Ok([value, velocity]) => return (value, vec![velocity]),
        Err(unchanged) => unchanged,
    };
    let grad = decayed(grad, &value, knobs.decay);
    if momentum == 0.0 {
        return (value - grad.mul_scalar(knobs.lr), vec![]);
    }
    // The first velocity is the gradient itself: no dampening.
    let velocity = match before {
        Some(velocity) => velocity.mul_scalar(momentum) + grad.clone(),
        None => grad.clone(),
    };
    let direction = if nesterov { grad + velocity.clone().mul_scalar(momentum) } else { velocity.clone() };
    (value - direction.mul_scalar(knobs.lr), vec![velocity])
}

/// Adam's direction, of which a step is as many as the learning rate.
pub(super) fn adam(knobs: Knobs, grad: Tensor<1>, before: Option<Vec<Tensor<1>>>) -> (Tensor<1>, Vec<Tensor<1>>) {
    let [beta1, beta2] = knobs.config.betas();
    let [first, second] = state(before, &grad);
    let first = first.mul_scalar(beta1) + grad.clone().mul_scalar(1.0 - beta1);
    let second = second.mul_scalar(beta2) + (grad.clone() * grad).mul_scalar(1.0 - beta2);
    let (correction1, correction2) = (1.0 - beta1.powf(knobs.step), 1.0 - beta2.powf(knobs.step));
    let denominator = second.clone().sqrt().div_scalar(correction2.sqrt()).add_scalar(knobs.config.eps());
    (first.clone().div_scalar(correction1) / denominator, vec![first, second])
}

fn rmsprop(knobs: Knobs, value: Tensor<1>, grad: Tensor<1>, before: Option<Vec<Tensor<1>>>) -> (Tensor<1>, Vec<Tensor<1>>) {
    let (alpha, momentum) = (knobs.config.alpha(), knobs.config.momentum);
    let grad = decayed(grad, &value, knobs.decay);
    let [squares, velocity] = state(before, &grad);
    let squares = squares.mul_scalar(alpha) + (grad.clone() * grad.clone()).mul_scalar(1.0 - alpha);
    let direction = grad / squares.clone().sqrt().add_scalar(knobs.config.eps());
    let velocity = velocity.mul_scalar(momentum) + direction;
    (value - velocity.clone().mul_scalar(knobs.lr), vec![squares, velocity])
}

fn rmsprop_tf(knobs: Knobs, value: Tensor<1>, grad: Tensor<1>, before: Option<Vec<Tensor<1>>>) -> (Tensor<1>, Vec<Tensor<1>>) {
    let (alpha, momentum) = (knobs.config.alpha(), knobs.config.momentum);
    let grad = decayed(grad, &value, knobs.decay);
    let [squares, velocity] = before.and_then(|tensors| tensors.try_into().ok()).unwrap_or_else(|| [grad.ones_like(), grad.zeros_like()]);
    let squares = squares.clone() + (grad.clone() * grad.clone() - squares).mul_scalar(1.0 - alpha);
    let direction = grad / squares.clone().add_scalar(knobs.config.eps()).sqrt();
    // The rate of the step in which a gradient came stays with it.
    let velocity = velocity.mul_scalar(momentum) + direction.mul_scalar(knobs.lr);
    (value - velocity.clone(), vec![squares, velocity])
}

fn lion(knobs: Knobs, value: Tensor<1>, grad: Tensor<1>, before: Option<Vec<Tensor<1>>>) -> (Tensor<1>, Vec<Tensor<1>>) {
    let [beta1, beta2] = knobs.config.betas();
    let [average] = state(before, &grad);
    let direction = (average.clone().mul_scalar(beta1) + grad.clone().mul_scalar(1.0 - beta1)).sign();
    let average = average.mul_scalar(beta2) + grad.mul_scalar(1.0 - beta2);
    (shrunk(value, knobs) - direction.mul_scalar(knobs.lr), vec![average])
}
