//! What MobileNet, MnasNet and EfficientNet share: blocks of convolutions with batch normalisation and
//! squeeze-and-excitation, a factor on all widths, and stages told apart by their stride.

use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Flow, Node};
use crate::maps::{self, After};
use crate::{ConvNormAct, DropPath, Layer, SqueezeExcite, forward_layers, forward_layers_add, init};

/// An entry of torchvision's inverted residual blocks, on maps `[batch, channels, height, width]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the entries of a model are few
pub enum MobileUnit {
    /// Convolution, batch normalisation and perhaps an activation: torchvision's `Conv2dNormActivation`.
    ConvNormAct(Vec<Layer>),
    /// A layer on its own.
    Layer(Layer),
    /// Squeeze-and-excitation.
    SqueezeExcite(SqueezeExcite),
}

impl MobileUnit {
    /// A `Conv2dNormActivation` with Kaiming normal weights (fan out).
    pub fn conv(block: ConvNormAct, device: &Device) -> Self {
        Self::ConvNormAct(block.layers(|conv| init::kaiming_fan_out(conv, device), device))
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::ConvNormAct(layers) => forward_layers(layers, x),
            Self::Layer(layer) => layer.forward(x),
            Self::SqueezeExcite(block) => block.forward(x),
        }
    }
}

/// Applies the units in order; `residual` adds the input to the result, which `drop_path` may drop before.
///
/// # Shapes
/// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
pub fn forward_residual(units: &[MobileUnit], drop_path: &DropPath, residual: bool, x: Tensor<4>) -> Tensor<4> {
    if !residual {
        return forward_units(units, x, None);
    }
    let [branch, shortcut] = maps::fork(x);
    if drop_path.rate() == 0.0 {
        return forward_units(units, branch, Some(shortcut));
    }
    maps::add(drop_path.forward(forward_units(units, branch, None)), shortcut, After::Nothing)
}

/// Applies the units in order, and adds a residual. Layers that follow each other go together, whichever units they belong to.
fn forward_units(units: &[MobileUnit], x: Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
    let (mut x, mut layers) = (x, vec![]);
    for unit in units {
        match unit {
            MobileUnit::ConvNormAct(more) => layers.extend(more),
            MobileUnit::Layer(layer) => layers.push(layer),
            MobileUnit::SqueezeExcite(block) => x = block.forward(forward_layers(layers.drain(..), x)),
        }
    }
    match residual {
        Some(residual) => forward_layers_add(layers, x, residual),
        None => forward_layers(layers, x),
    }
}

impl Describe for MobileUnit {
    fn describe(&self) -> Node {
        match self {
            Self::ConvNormAct(layers) => layers.describe().named("Conv2dNormActivation"),
            Self::Layer(layer) => layer.describe(),
            Self::SqueezeExcite(block) => block.describe(),
        }
    }
}

/// A shortcut around the child with index 0 and what follows it; without a shortcut, that child alone.
pub fn residual_flow(residual: bool, after: Option<Flow>) -> Flow {
    if !residual {
        return Flow::Child(0);
    }
    let branch = [Flow::Child(0)].into_iter().chain(after).collect();
    Flow::Sum(vec![Flow::Chain(branch), Flow::Chain(vec![])])
}

/// `channels` times `width`, to the nearest multiple of eight that is at least eight and not more than a tenth below.
pub fn scale_channels(channels: usize, width: f64) -> usize {
    let scaled = channels as f64 * width;
    let rounded = ((scaled + 4.0) as usize / 8 * 8).max(8);
    if (rounded as f64) < 0.9 * scaled { rounded + 8 } else { rounded }
}

/// `normal(0, sqrt(2 / fan_out))` for the weight, where the fan-out counts the output channels of one group alone, and
/// zero for the bias: TensorFlow's mobile networks, and timm's after them.
pub fn kaiming_group_fan_out(mut conv: Conv2d, device: &Device) -> Conv2d {
    let shape: [usize; 4] = conv.weight.lazy_shape().dims();
    let fan_out = (shape[0] * shape[2] * shape[3] / conv.groups) as f64;
    conv.weight = Initializer::Normal { mean: 0.0, std: (2.0 / fan_out).sqrt() }.init(shape, device);
    if conv.bias.is_some() {
        conv.bias = Some(Initializer::Zeros.init([shape[0]], device));
    }
    conv
}

/// The index of the last unit of each resolution, for units in a row that take maps of `in_channels`.
pub fn resolution_ends<T: Describe>(units: &[T], in_channels: usize) -> Vec<usize> {
    let node = Node::sequential(units.iter().map(Describe::describe));
    // Strides do not depend on the size, and every network of these families takes this one.
    let Ok(trace) = node.trace([in_channels, 224, 224]) else { return vec![] };
    let jumps: Vec<_> = (0..units.len()).map(|i| trace.output_of(&i.to_string()).map(|unit| unit.jump)).collect();
    (0..jumps.len()).filter(|&i| jumps.get(i + 1) != Some(&jumps[i])).collect()
}

/// Applies the units in order and keeps what each in `ends` gives, with its index.
///
/// # Shapes
/// - input and each output: `[batch, channels, height, width]`
pub fn forward_keeping<T>(
    units: &[T],
    ends: &[usize],
    forward: impl Fn(&T, Tensor<4>) -> Tensor<4>,
    x: Tensor<4>,
) -> Vec<(usize, Tensor<4>)> {
    let mut kept = vec![];
    let mut x = x;
    for (index, unit) in units.iter().enumerate() {
        x = forward(unit, x);
        if ends.contains(&index) {
            kept.push((index, x.clone()));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::shape::Window;

    #[test]
    fn widths_are_rounded_as_in_tensorflow() {
        let cases = [(32, 0.5, 16), (24, 0.5, 16), (16, 0.35, 8), (83, 1.0, 80), (84, 1.0, 88), (32, 0.35, 16), (1280, 1.4, 1792)];
        for (channels, width, want) in cases {
            assert_eq!(scale_channels(channels, width), want, "{channels} * {width}");
        }
    }

    #[test]
    fn each_resolution_ends_before_the_next_stride() {
        let device = Device::flex();
        let unit = |i, o, stride| MobileUnit::conv(ConvNormAct::batch_norm(i, o, Window::new(3).stride(stride).padding(1)), &device);
        let units = [unit(3, 4, 2), unit(4, 4, 1), unit(4, 6, 2), unit(6, 6, 1), unit(6, 2, 1)];
        assert_eq!(resolution_ends(&units, 3), [1, 4]);
        let kept = forward_keeping(&units, &[1, 4], MobileUnit::forward, Tensor::ones([1, 3, 9, 9], &device));
        assert_eq!(kept.into_iter().map(|(i, x)| (i, x.dims())).collect::<Vec<_>>(), [(1, [1, 4, 5, 5]), (4, [1, 2, 3, 3])]);
    }

    #[test]
    fn depthwise_weights_begin_larger_than_torchvisions() {
        let device = Device::flex();
        device.seed(3);
        let conv = burn::nn::conv::Conv2dConfig::new([64, 64], [3, 3]).with_groups(64).init(&device);
        let weights = kaiming_group_fan_out(conv, &device).weight.val().into_data().try_to_vec::<f32>().unwrap();
        let std = (weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32).sqrt();
        assert!((std / (2.0f32 / 9.0).sqrt() - 1.0).abs() < 0.15, "{std}");
    }
}
