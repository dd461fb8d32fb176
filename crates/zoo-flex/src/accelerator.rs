//! What the layers ask for, as operations.

use std::sync::{Arc, OnceLock};

use burn::backend::{DispatchDevice, DispatchTensor};
use burn::tensor::{DType, Device, Tensor};
use burn_flex::FlexTensor;
use zoo_kernels::{Activation, PoolKind, PoolSpec};
use zoo_layers::ActivationKind;
use zoo_layers::maps::{Accelerator, Convolution, Growing, Normalisation, Normalised, SgdRule, Windows};

use crate::operation::{MOST, apply, map};
use crate::ops::cat::Cat;
use crate::ops::conv::Conv;
use crate::ops::fork::{Accumulator, Branch, Fork};
use crate::ops::linear::Linear;
use crate::ops::norm::{Batch, Norm};
use crate::ops::norm_conv::{Fused, NormConv};
use crate::ops::norm_fixed::FixedNorm;
use crate::ops::pointwise::{Add, Scale, Unary};
use crate::ops::pool::{Pool, Rule};
use crate::ops::stack::{StackNormConv, Stacked};
use crate::sgd;

/// The kernels for Flex.
#[derive(Debug)]
pub(crate) struct Kernels;

fn activation(kind: Option<ActivationKind>) -> Option<Activation> {
    Some(match kind {
        None => Activation::Identity,
        Some(ActivationKind::Relu) => Activation::Relu,
        Some(ActivationKind::Relu6) => Activation::Relu6,
        Some(ActivationKind::LeakyRelu) => Activation::LeakyRelu(0.01),
        Some(ActivationKind::PRelu) => Activation::LeakyRelu(0.25),
        Some(ActivationKind::Sigmoid) => Activation::Sigmoid,
        Some(ActivationKind::Tanh) => Activation::Tanh,
        Some(ActivationKind::Silu) => Activation::Silu,
        Some(ActivationKind::HardSigmoid) => Activation::HardSigmoid,
        Some(ActivationKind::HardSwish) => Activation::HardSwish,
        Some(ActivationKind::Gelu) => Activation::Gelu,
        Some(_) => return None,
    })
}

/// What an operation applies itself, and what is applied in a pass of its own. Where the gradient is computed from the output, the
/// output must determine it.
fn split(kind: Option<ActivationKind>, by_output: bool) -> (Activation, Option<ActivationKind>) {
    let within =
        activation(kind).filter(|within| !by_output || matches!(within, Activation::Identity | Activation::Relu | Activation::Relu6));
    match within {
        Some(within) => (within, None),
        None => (Activation::Identity, kind),
    }
}

fn then(x: Tensor<4>, kind: Option<ActivationKind>) -> Tensor<4> {
    match kind {
        Some(kind) => kind.forward(x),
        None => x,
    }
}

fn spec(kind: PoolKind, windows: Windows) -> PoolSpec {
    let Windows { kernel, stride, padding, dilation, ceil_mode } = windows;
    PoolSpec { kind, kernel, stride, padding, dilation, ceil_mode }
}

/// The numbers of a tensor, without its history.
fn primitive<const D: usize>(x: Tensor<D>) -> FlexTensor {
    match x.without_autodiff().try_into_primitive::<burn::backend::Flex>() {
        Ok(tensor) => tensor,
        Err(_) => unreachable!("only tensors of Flex are taken"),
    }
}

fn numbers(x: Tensor<1>) -> Vec<f32> {
    crate::map::Flat::of(&primitive(x)).to_vec()
}

/// The batch's statistics as tensors without history.
fn statistics(found: &OnceLock<Batch>, device: &Device) -> Option<[Tensor<1>; 2]> {
    let device = device.clone().without_autodiff();
    found.get().map(|found| found.each_ref().map(|numbers| Tensor::from_floats(numbers.as_slice(), &device)))
}

impl Accelerator for Kernels {
    fn takes(&self, device: &Device, dtype: DType) -> bool {
        let device = device.clone().without_autodiff();
        matches!(device.as_dispatch(), DispatchDevice::Flex(_)) && dtype == DType::F32
    }

    fn conv2d(&self, x: Tensor<4>, conv: Convolution, kind: Option<ActivationKind>) -> Tensor<4> {
        let (within, rest) = split(kind, true);
        let inputs = [x.into_dispatch()].into_iter().chain(parameters(&conv)).collect();
        then(map(Conv::new(conv.windows, conv.groups, within), inputs), rest)
    }

    fn batch_norm(&self, x: Tensor<4>, with: Normalisation) -> Normalised {
        let device = x.device();
        let residual = with.residual.is_some();
        let (within, rest) = split(with.activation, residual);
        let inputs = [x.into_dispatch(), with.weight.into_dispatch(), with.bias.into_dispatch()];
        let inputs = inputs.into_iter().chain(with.residual.map(Tensor::into_dispatch)).collect();
        match with.statistics {
            None => {
                let found = Arc::default();
                let output = map(Norm { eps: with.eps, activation: within, residual, found: Arc::clone(&found) }, inputs);
                Normalised { output: then(output, rest), statistics: statistics(&found, &device) }
            }
            Some([mean, variance]) => {
                let inverse = numbers(variance).iter().map(|variance| 1.0 / (variance + with.eps as f32).sqrt()).collect();
                let output = map(FixedNorm { mean: numbers(mean), inverse, activation: within, residual }, inputs);
                Normalised { output: then(output, rest), statistics: None }
            }
        }
    }

    fn norm_conv(&self, x: Tensor<4>, with: Normalisation, conv: Convolution) -> Normalised {
        // Other convolutions read each pixel several times, so that it would have to be written after all.
        let pointwise = conv.windows.kernel == [1, 1] && conv.windows.padding == [[0; 2]; 2] && conv.groups == 1;
        let Some(within) = activation(with.activation).filter(|_| pointwise) else {
            return one_by_one(x, with, conv);
        };
        let device = x.device();
        let fused = fused(&with, &conv, within);
        let found = Arc::clone(&fused.found);
        let inputs = [x.into_dispatch()].into_iter().chain(norm_conv_parameters(with, &conv)).collect();
        Normalised { output: map(NormConv(fused), inputs), statistics: statistics(&found, &device) }
    }

    fn activation(&self, x: Tensor<4>, kind: ActivationKind) -> Option<Tensor<4>> {
        Some(map(Unary(activation(Some(kind))?), vec![x.into_dispatch()]))
    }

    fn add(&self, a: Tensor<4>, b: Tensor<4>, kind: Option<ActivationKind>) -> Tensor<4> {
        let (within, rest) = split(kind, true);
        then(map(Add(within), vec![a.into_dispatch(), b.into_dispatch()]), rest)
    }

    fn scale(&self, x: Tensor<4>, gate: Tensor<4>) -> Tensor<4> {
        map(Scale, vec![x.into_dispatch(), gate.into_dispatch()])
    }

    fn max_pool2d(&self, x: Tensor<4>, windows: Windows) -> Tensor<4> {
        map(Pool::new(Rule::Windows(spec(PoolKind::Max, windows))), vec![x.into_dispatch()])
    }

    fn avg_pool2d(&self, x: Tensor<4>, windows: Windows, count_padding: bool) -> Tensor<4> {
        map(Pool::new(Rule::Windows(spec(PoolKind::Average { count_padding }, windows))), vec![x.into_dispatch()])
    }

    fn adaptive_avg_pool2d(&self, x: Tensor<4>, output_size: [usize; 2]) -> Tensor<4> {
        map(Pool::new(Rule::Adaptive(output_size)), vec![x.into_dispatch()])
    }

    fn cat(&self, mut maps: Vec<Tensor<4>>) -> Tensor<4> {
        while maps.len() > MOST {
            let rest = maps.split_off(MOST);
            let first = self.cat(maps);
            maps = [first].into_iter().chain(rest).collect();
        }
        let channels = maps.iter().map(|map| map.dims()[1]).collect();
        map(Cat(channels), maps.into_iter().map(Tensor::into_dispatch).collect())
    }

    fn fork(&self, x: Tensor<4>, users: usize) -> Vec<Tensor<4>> {
        if users < 2 || !x.device().is_autodiff() {
            return vec![x; users];
        }
        let sum = Arc::new(Accumulator::default());
        let forked = map(Fork(Arc::clone(&sum)), vec![x.into_dispatch()]);
        (0..users).map(|_| map(Branch(Arc::clone(&sum)), vec![forked.clone().into_dispatch()])).collect()
    }

    fn linear(&self, x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let inputs = [x.into_dispatch(), weight.into_dispatch()].into_iter().chain(bias.map(Tensor::into_dispatch)).collect();
        Tensor::from_dispatch(apply(Arc::new(Linear), inputs))
    }

    fn sgd(&self, value: Tensor<1>, gradient: Tensor<1>, velocity: Option<Tensor<1>>, rule: SgdRule) -> [Tensor<1>; 2] {
        let [value, velocity] = sgd::step(primitive(value), &primitive(gradient), velocity.map(primitive), rule);
        [value, velocity].map(Tensor::from_primitive::<burn::backend::Flex>)
    }

    fn grow(&self, x: Tensor<4>, channels: usize) -> Box<dyn Growing> {
        let (device, values) = (x.device(), primitive(x.clone()));
        Box::new(Stack { stacked: Stacked::new(x.into_dispatch(), values, channels), device })
    }
}

fn fused(with: &Normalisation, conv: &Convolution, activation: Activation) -> Fused {
    Fused { eps: with.eps, activation, windows: conv.windows, groups: conv.groups, found: Arc::default() }
}

fn norm_conv_parameters(with: Normalisation, conv: &Convolution) -> Vec<DispatchTensor> {
    [with.weight, with.bias].map(Tensor::into_dispatch).into_iter().chain(parameters(conv)).collect()
}

/// Normalisation and convolution as two operations.
fn one_by_one(x: Tensor<4>, with: Normalisation, conv: Convolution) -> Normalised {
    let normed = Kernels.batch_norm(x, with);
    Normalised { output: Kernels.conv2d(normed.output, conv, None), ..normed }
}

fn parameters(conv: &Convolution) -> Vec<DispatchTensor> {
    [conv.weight.clone().into_dispatch()].into_iter().chain(conv.bias.clone().map(Tensor::into_dispatch)).collect()
}

#[derive(Debug)]
struct Stack {
    stacked: Stacked,
    device: Device,
}

impl Growing for Stack {
    fn push(&mut self, x: Tensor<4>) {
        let values = primitive(x.clone());
        self.stacked.push(x.into_dispatch(), values);
    }

    fn norm_conv(&self, with: Normalisation, conv: Convolution) -> Normalised {
        let Some(within) = activation(with.activation) else {
            return one_by_one(self.cat(), with, conv);
        };
        let fused = fused(&with, &conv, within);
        let found = Arc::clone(&fused.found);
        let output = StackNormConv::run(&self.stacked, fused, norm_conv_parameters(with, &conv));
        Normalised { output, statistics: statistics(&found, &self.device) }
    }

    fn cat(&self) -> Tensor<4> {
        self.stacked.cat()
    }
}
