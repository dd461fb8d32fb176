//! B1's repeating unit.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::shape::Window;
use zoo_layers::{ConvNormAct, DropPath, DropPathMode, Layer, forward_layers, forward_layers_add, init, maps, residual_flow};

use crate::config::Stack;

/// Expansion by a 1x1 convolution, depthwise convolution, projection by a 1x1 convolution without activation; a shortcut
/// where the shape stays (figure 7 without the squeeze-and-excitation).
#[derive(Module, Debug)]
pub struct InvertedResidual {
    layers: Vec<Layer>,
    pub(crate) drop_path: DropPath,
    residual: bool,
}

/// A convolution with B1's batch normalisation and initialisation; `activated` puts a ReLU after it.
pub(crate) fn conv(block: ConvNormAct, activated: bool, device: &Device) -> Vec<Layer> {
    // TensorFlow's momentum of 0.9997 is the weight of the old value.
    let block = ConvNormAct { momentum: 1.0 - 0.9997, activation: block.activation.filter(|_| activated), ..block };
    block.layers(|conv| init::kaiming_fan_out(conv, device), device)
}

impl InvertedResidual {
    /// From `in_channels` to `out_channels`; kernel and expansion are the stack's. `drop_path` is its own rate.
    pub fn new([in_channels, out_channels]: [usize; 2], stride: usize, stack: &Stack, drop_path: f64, device: &Device) -> Self {
        let hidden = in_channels * stack.expansion;
        let window = Window::new(stack.kernel_size).stride(stride).padding(stack.kernel_size / 2);
        let depthwise = ConvNormAct { groups: hidden, ..ConvNormAct::batch_norm(hidden, hidden, window) };
        let layers = [
            conv(ConvNormAct::batch_norm(in_channels, hidden, Window::POINT), true, device),
            conv(depthwise, true, device),
            conv(ConvNormAct::batch_norm(hidden, out_channels, Window::POINT), false, device),
        ];
        Self {
            layers: layers.into_iter().flatten().collect(),
            drop_path: DropPath::new(drop_path, DropPathMode::Row),
            residual: stride == 1 && in_channels == out_channels,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        if !self.residual {
            return forward_layers(&self.layers, x);
        }
        let [branch, shortcut] = maps::fork(x);
        if self.drop_path.rate() == 0.0 {
            return forward_layers_add(&self.layers, branch, shortcut);
        }
        maps::add(self.drop_path.forward(forward_layers(&self.layers, branch)), shortcut, None)
    }
}

impl Describe for InvertedResidual {
    fn describe(&self) -> Node {
        Node::tree("_InvertedResidual", [("layers", self.layers.describe())]).with_flow(residual_flow(self.residual, self.drop_path.flow()))
    }
}

/// An entry of B1's `layers`, on maps `[batch, channels, height, width]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the entries of a model are few
pub enum MnasLayer {
    /// A layer of the stem or the last convolution.
    Layer(Layer),
    /// A stack of blocks.
    Stack(Vec<InvertedResidual>),
}

impl MnasLayer {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Layer(layer) => layer.forward(x),
            Self::Stack(blocks) => blocks.iter().fold(x, |x, block| block.forward(x)),
        }
    }

    /// Applies the entries in order; shapes as above.
    pub fn forward_all(entries: &[Self], x: Tensor<4>) -> Tensor<4> {
        let (mut rest, mut x) = (entries, x);
        while let Some((entry, others)) = rest.split_first() {
            let mut used = false;
            x = match (entry, others.first()) {
                (Self::Layer(layer), Some(Self::Layer(next))) => {
                    let y;
                    (y, used) = layer.forward_with(Some(next), x);
                    y
                }
                _ => entry.forward(x),
            };
            rest = &others[usize::from(used)..];
        }
        x
    }
}

impl Describe for MnasLayer {
    fn describe(&self) -> Node {
        match self {
            Self::Layer(layer) => layer.describe(),
            Self::Stack(blocks) => blocks.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::B1;

    #[test]
    fn shortcuts_stand_where_the_shape_stays() {
        let device = Device::flex();
        for (out_channels, stride, side) in [(8, 1, 5), (8, 2, 3), (16, 1, 5)] {
            let block = InvertedResidual::new([8, out_channels], stride, &B1[1], 0.0, &device);
            assert_eq!(block.residual, (out_channels, stride) == (8, 1));
            assert_eq!(block.forward(Tensor::ones([1, 8, 5, 5], &device)).dims(), [1, out_channels, side, side]);
            assert_eq!(block.describe().params(), 24 * (8 + 2 + 25 + 2 + out_channels) + 2 * out_channels);
        }
    }
}
