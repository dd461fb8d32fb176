//! Operations on feature maps `[batch, channels, height, width]` as the layers of all families use them.
//!
//! They are Burn's own operations, unless the process has an [`Accelerator`] for the tensor's device: `zoo_flex::register()`
//! gives it one for the CPU, which keeps maps channels last in memory and has its own kernels for forward and backward passes.
//! Values and gradients agree within rounding errors. Nothing here names a backend.

mod accelerator;
mod after;
mod stack;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
use burn::tensor::Tensor;

use crate::precision::in_wide;
use crate::{ActivationKind, BatchNorm2d};

pub(crate) use accelerator::accelerator;
pub use accelerator::{
    Accelerator, Convolution, Growing, Normalisation, Normalised, SgdRule, Windows, accelerate, set_accelerated, without_accelerator,
};
pub use after::After;
pub use stack::Stack;

/// Padding that does not depend on the input's size, as `[[top, bottom], [left, right]]`.
fn fixed(padding: &PaddingConfig2d) -> Option<[[usize; 2]; 2]> {
    match *padding {
        PaddingConfig2d::Valid => Some([[0; 2]; 2]),
        PaddingConfig2d::Explicit(top, left, bottom, right) => Some([[top, bottom], [left, right]]),
        PaddingConfig2d::Same => None,
    }
}

/// A layer's weights and windows, if an accelerator can have them.
pub(crate) fn convolution(layer: &Conv2d) -> Option<Convolution> {
    let Conv2d { kernel_size: kernel, stride, dilation, groups, .. } = *layer;
    let windows = Windows { kernel, stride, padding: fixed(&layer.padding)?, dilation, ceil_mode: false };
    Some(Convolution { weight: layer.weight.val(), bias: layer.bias.as_ref().map(|bias| bias.val()), windows, groups })
}

/// A convolution.
///
/// # Shapes
/// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
pub fn conv2d(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    conv2d_then(layer, x, After::Nothing)
}

/// A convolution and what follows; shapes as in [`conv2d`].
pub fn conv2d_then<'a>(layer: &Conv2d, x: Tensor<4>, after: impl Into<After<'a>>) -> Tensor<4> {
    let after = after.into();
    match accelerator(&x).and_then(|fast| Some((fast, convolution(layer)?))) {
        Some((fast, conv)) => {
            let (kind, rest) = after.split();
            rest.forward(fast.conv2d(x, conv, kind))
        }
        None => after.forward(layer.forward(x)),
    }
}

/// Normalisation, what follows it, and a convolution. While training, an accelerator need not keep, or even make, what is between
/// them.
///
/// # Shapes
/// As in [`conv2d`].
pub fn norm_conv2d<'a>(norm: &BatchNorm2d, after: impl Into<After<'a>>, layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let after = after.into();
    let fast = accelerator(&x).filter(|_| x.device().is_autodiff() && norm.is_training());
    if let (Some(fast), (kind, After::Nothing)) = (fast, after.split())
        && let Some(conv) = convolution(layer)
    {
        let [batch, _, height, width] = x.dims();
        return norm.keep(fast.norm_conv(x, norm.normalisation(None, kind), conv), batch * height * width);
    }
    conv2d(layer, norm.forward_then(x, after))
}

/// Max pooling.
///
/// # Shapes
/// - input: `[batch, channels, height, width]`; output: `[batch, channels, out_height, out_width]`
pub fn max_pool2d(layer: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    match (accelerator(&x), fixed(&layer.padding)) {
        (Some(fast), Some(padding)) => {
            let MaxPool2d { kernel_size: kernel, stride, dilation, ceil_mode, .. } = *layer;
            fast.max_pool2d(x, Windows { kernel, stride, padding, dilation, ceil_mode })
        }
        _ => layer.forward(x),
    }
}

/// Average pooling.
///
/// # Shapes
/// - input: `[batch, channels, height, width]`; output: `[batch, channels, out_height, out_width]`
pub fn avg_pool2d(layer: &AvgPool2d, x: Tensor<4>) -> Tensor<4> {
    match (accelerator(&x), fixed(&layer.padding)) {
        (Some(fast), Some(padding)) => {
            let AvgPool2d { kernel_size: kernel, stride, ceil_mode, count_include_pad, .. } = *layer;
            fast.avg_pool2d(x, Windows { kernel, stride, padding, dilation: [1; 2], ceil_mode }, count_include_pad)
        }
        _ => layer.forward(x),
    }
}

/// Average pooling to a given size.
///
/// # Shapes
/// - input: `[batch, channels, height, width]`; output: `[batch, channels, output_size[0], output_size[1]]`
pub fn adaptive_avg_pool2d(layer: &AdaptiveAvgPool2d, x: Tensor<4>) -> Tensor<4> {
    match accelerator(&x) {
        Some(fast) => fast.adaptive_avg_pool2d(x, layer.output_size),
        None => in_wide(x, |x| layer.forward(x)),
    }
}

/// The average of each channel.
///
/// # Shapes
/// - input: `[batch, channels, height, width]`; output: `[batch, channels, 1, 1]`
pub fn global_avg_pool2d(x: Tensor<4>) -> Tensor<4> {
    match accelerator(&x) {
        Some(fast) => fast.adaptive_avg_pool2d(x, [1, 1]),
        None => in_wide(x, |x| x.mean_dim(2).mean_dim(3)),
    }
}

/// Maps of one shape, added, and what follows.
pub fn add<'a>(a: Tensor<4>, b: Tensor<4>, after: impl Into<After<'a>>) -> Tensor<4> {
    let after = after.into();
    match accelerator(&a).filter(|_| a.dims() == b.dims()) {
        Some(fast) => {
            let (kind, rest) = after.split();
            rest.forward(fast.add(a, b, kind))
        }
        None => after.forward(a + b),
    }
}

/// Each channel of a map times its gate.
///
/// # Shapes
/// - inputs: `[batch, channels, height, width]` and `[batch, channels, 1, 1]`; output: as the map
pub fn scale(x: Tensor<4>, gate: Tensor<4>) -> Tensor<4> {
    let [batch, channels, _, _] = x.dims();
    match accelerator(&x).filter(|_| gate.dims() == [batch, channels, 1, 1]) {
        Some(fast) => fast.scale(x, gate),
        None => x * gate,
    }
}

/// Maps side by side along the channels.
///
/// # Shapes
/// - inputs: `[batch, channels, height, width]` with any numbers of channels; output: with their sum
pub fn cat(maps: Vec<Tensor<4>>) -> Tensor<4> {
    match maps.first().and_then(accelerator) {
        Some(fast) => fast.cat(maps),
        None => Tensor::cat(maps, 1),
    }
}

/// The same map for several users, as a shortcut and the branch beside it: one tensor each. Where a map has more than one user,
/// this makes summing their gradients cheap.
pub fn fork<const N: usize>(x: Tensor<4>) -> [Tensor<4>; N] {
    match fork_for(&[(); N], x).try_into() {
        Ok(forked) => forked,
        Err(_) => unreachable!("an accelerator gives one for each user"),
    }
}

/// The same map for as many users as `users` are.
pub fn fork_for<T>(users: &[T], x: Tensor<4>) -> Vec<Tensor<4>> {
    match accelerator(&x) {
        Some(fast) => fast.fork(x, users.len()),
        None => vec![x; users.len()],
    }
}

/// `x weight + bias`.
///
/// # Shapes
/// - inputs: `[batch, in_features]`, `[in_features, out_features]`, `[out_features]`; output: `[batch, out_features]`
pub(crate) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    match accelerator(&x) {
        Some(fast) => fast.linear(x, weight, bias),
        None => match bias {
            Some(bias) => x.matmul(weight) + bias.unsqueeze(),
            None => x.matmul(weight),
        },
    }
}

/// A step of stochastic gradient descent of one flat parameter without autodiff, by an accelerator: the value and the velocity
/// after it. It gives the tensors back where there is none for them.
#[expect(clippy::result_large_err, reason = "what was not taken comes back")]
pub fn sgd(
    value: Tensor<1>,
    gradient: Tensor<1>,
    velocity: Option<Tensor<1>>,
    rule: SgdRule,
) -> Result<[Tensor<1>; 2], (Tensor<1>, Tensor<1>, Option<Tensor<1>>)> {
    let same = gradient.dtype() == value.dtype() && !value.device().is_autodiff() && !gradient.device().is_autodiff();
    match accelerator(&value).filter(|_| same) {
        Some(fast) => Ok(fast.sgd(value, gradient, velocity, rule)),
        None => Err((value, gradient, velocity)),
    }
}

/// An activation without parameters on maps, if the accelerator has it.
#[expect(clippy::result_large_err, reason = "what was not taken comes back")]
pub(crate) fn activation<const D: usize>(kind: ActivationKind, x: Tensor<D>) -> Result<Tensor<D>, Tensor<D>> {
    use std::any::Any;
    if D != 4 {
        return Err(x);
    }
    let any: Box<dyn Any> = Box::new(x.clone());
    let map = any.downcast_ref::<Tensor<4>>().cloned();
    let Some(y) = map.and_then(|map| accelerator(&map)?.activation(map, kind)) else { return Err(x) };
    let y: Box<dyn Any> = Box::new(y);
    match y.downcast::<Tensor<D>>() {
        Ok(y) => Ok(*y),
        Err(_) => unreachable!("it has four axes"),
    }
}
