//! The repeating unit and the stem.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Layer, NamedChildren, conv2d, forward_layers, maps};

/// An entry of a block.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the entries of a model are few
pub enum Unit {
    /// A shortcut around layers, which are its child `fn`: no field can have that name.
    Residual(NamedChildren<Vec<Layer>>),
    /// A layer.
    Layer(Layer),
}

/// Convolution, activation and batch normalisation, in this order: the paper's normalises what was activated.
fn conv_act_norm(conv: Conv2d, activation: ActivationKind, device: &Device) -> Vec<Layer> {
    let channels = conv.weight.lazy_shape()[0];
    let norm = BatchNorm2d::new(channels, device);
    vec![Layer::Conv(conv), Layer::Activation(Activation::new(activation, device)), Layer::BatchNorm(norm)]
}

/// Patches of `patch_size` x `patch_size` pixels as places of a map (Trockman and Kolter 2022, equation 1).
pub(crate) fn stem(in_channels: usize, dim: usize, patch_size: usize, activation: ActivationKind, device: &Device) -> Vec<Layer> {
    let patches = Window::new(patch_size).stride(patch_size);
    conv_act_norm(conv2d(in_channels, dim, [patches; 2], 1, true, device), activation, device)
}

/// A depthwise convolution beside a shortcut mixes places, a 1x1 convolution mixes channels (equations 2 and 3).
pub(crate) fn block(dim: usize, kernel_size: usize, activation: ActivationKind, device: &Device) -> Vec<Unit> {
    let window = Window::new(kernel_size).padding(kernel_size / 2);
    let depthwise = conv_act_norm(conv2d(dim, dim, [window; 2], dim, true, device), activation, device);
    let pointwise = conv_act_norm(conv2d(dim, dim, [Window::POINT; 2], 1, true, device), activation, device);
    let residual = Unit::Residual([("fn".to_owned(), depthwise)].into_iter().collect());
    [residual].into_iter().chain(pointwise.into_iter().map(Unit::Layer)).collect()
}

impl Unit {
    /// # Shapes
    /// - input and output: `[batch, channels, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Residual(around) => {
                let [branch, shortcut] = maps::fork(x);
                maps::add(around.iter().fold(branch, |x, layers| forward_layers(layers, x)), shortcut, None)
            }
            Self::Layer(layer) => layer.forward(x),
        }
    }
}

impl Describe for Unit {
    fn describe(&self) -> Node {
        match self {
            Self::Residual(around) => around.describe().named("Residual").with_flow(Flow::Sum(vec![Flow::Child(0), Flow::Chain(vec![])])),
            Self::Layer(layer) => layer.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_core::params;

    #[test]
    fn a_block_keeps_the_shape_and_has_timms_keys() {
        let device = Device::flex();
        let units = block(4, 5, ActivationKind::Gelu, &device);
        let y = units.iter().fold(Tensor::<4>::ones([2, 4, 3, 6], &device), |x, unit| unit.forward(x));
        assert_eq!(y.dims(), [2, 4, 3, 6]);
        let trace = units.describe().trace([4, 3, 6]).unwrap();
        assert_eq!((trace.output, trace.params), (vec![4, 3, 6], (4 * 25 + 4) + 8 + (4 * 4 + 4) + 8));
        let names: Vec<_> = params::param_table(&units).into_iter().filter(|p| p.name.ends_with("weight")).map(|p| p.name).collect();
        assert_eq!(names, ["0.fn.0.weight", "0.fn.2.weight", "1.weight", "3.weight"]);
    }
}
