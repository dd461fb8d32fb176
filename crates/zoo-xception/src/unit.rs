//! What the modules of both kinds are stacked from.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Layer, NamedChildren, conv2d, forward_layers};

/// An entry of a stack.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the entries of a model are few
pub enum Unit {
    /// A depthwise and a 1x1 convolution, with what stands between and after them.
    Separable(NamedChildren<Layer>),
    /// A layer.
    Layer(Layer),
}

impl Unit {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Separable(layers) => forward_layers(layers, x),
            Self::Layer(layer) => layer.forward(x),
        }
    }
}

/// Applies the units in order to `[batch, channels, height, width]`.
pub(crate) fn forward_units(units: &[Unit], x: Tensor<4>) -> Tensor<4> {
    units.iter().fold(x, |x, unit| unit.forward(x))
}

impl Describe for Unit {
    fn describe(&self) -> Node {
        match self {
            Self::Separable(layers) => layers.describe().named("SeparableConv2d"),
            Self::Layer(layer) => layer.describe(),
        }
    }
}

/// A convolution without bias.
pub(crate) fn conv([in_channels, out_channels]: [usize; 2], window: Window, groups: usize, device: &Device) -> Layer {
    Layer::Conv(conv2d(in_channels, out_channels, [window; 2], groups, false, device))
}

/// ReLU.
pub(crate) fn relu(device: &Device) -> Layer {
    Layer::Activation(Activation::new(ActivationKind::Relu, device))
}

/// Layers under names of their own.
pub(crate) fn named<T>(layers: impl IntoIterator<Item = (&'static str, T)>) -> NamedChildren<T> {
    layers.into_iter().map(|(name, layer)| (name.to_owned(), layer)).collect()
}

/// Batch normalisation with the eps of TensorFlow's networks.
pub(crate) fn norm(channels: usize, device: &Device) -> Layer {
    Layer::BatchNorm(BatchNorm2d::with(channels, 1e-3, 0.1, device))
}
