//! Stochastic gradient descent in one pass over a parameter.

use burn_backend::{Bytes, DType};
use burn_flex::FlexTensor;
use zoo_kernels::Sgd;
use zoo_layers::maps::SgdRule;

use crate::map::{Flat, with};
use crate::run::done;

/// The numbers of a tensor to be changed: the tensor's own if nobody else has them, otherwise a copy.
fn owned(tensor: FlexTensor) -> FlexTensor {
    let mut tensor = if tensor.is_contiguous() && tensor.layout().start_offset() == 0 { tensor } else { tensor.to_contiguous() };
    if tensor.try_storage_mut::<f32>().is_some() {
        return tensor;
    }
    let copy: Vec<f32> = Flat::of(&tensor).to_vec();
    tensor = FlexTensor::new(Bytes::from_elems(copy), tensor.layout().clone(), DType::F32);
    tensor
}

/// The value and the velocity after a step.
pub(crate) fn step(value: FlexTensor, gradient: &FlexTensor, velocity: Option<FlexTensor>, rule: SgdRule) -> [FlexTensor; 2] {
    let (isa, threads) = with();
    let gradient = Flat::of(gradient);
    let first = velocity.is_none();
    let mut value = owned(value);
    // Without momentum it is not used.
    let mut velocity = velocity.map_or_else(|| FlexTensor::zeros([gradient.len()].into(), DType::F32), owned);
    let sgd = Sgd {
        learning_rate: rule.lr as f32,
        momentum: rule.momentum as f32,
        dampening: 0.0,
        weight_decay: rule.weight_decay as f32,
        nesterov: rule.nesterov,
    };
    let len = gradient.len();
    let buffer = (rule.momentum != 0.0).then(|| &mut velocity.storage_mut::<f32>()[..len]);
    done(sgd.step(&mut value.storage_mut::<f32>()[..len], &gradient, buffer, first, isa, threads));
    [value, velocity]
}
