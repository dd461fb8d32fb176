//! The module of the aligned networks.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{DropPath, DropPathMode, Layer, NamedChildren, forward_layers, maps};

use crate::Unit;
use crate::unit::{conv, forward_units, named, norm, relu};

/// What a module is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModuleSpec {
    pub in_channels: usize,
    /// Output channels of its three convolutions.
    pub channels: [usize; 3],
    /// Stride of the last.
    pub stride: usize,
    /// Whether it has a shortcut, and ReLU before each convolution; otherwise ReLU follows each depthwise and 1x1 part.
    pub residual: bool,
}

/// Three separable convolutions, the last of which may stride, beside a shortcut (Chen et al. 2018, figure 4).
#[derive(Module, Debug)]
pub struct XceptionModule {
    /// A 1x1 convolution where the shape changes.
    shortcut: Option<NamedChildren<Layer>>,
    stack: NamedChildren<Unit>,
    drop_path: DropPath,
    residual: bool,
}

/// Depthwise 3x3 and 1x1 convolution, each with batch normalisation, under timm's names.
fn separable([inputs, outputs]: [usize; 2], stride: usize, activated: bool, device: &Device) -> Unit {
    let depthwise = Window::new(3).stride(stride).padding(1);
    let act = |name| activated.then(|| (name, relu(device)));
    let first = [("conv_dw", conv([inputs; 2], depthwise, inputs, device)), ("bn_dw", norm(inputs, device))];
    let second = [("conv_pw", conv([inputs, outputs], Window::POINT, 1, device)), ("bn_pw", norm(outputs, device))];
    Unit::Separable(named(first.into_iter().chain(act("act_dw")).chain(second).chain(act("act_pw"))))
}

impl XceptionModule {
    /// While training, the stack is dropped with probability `drop_path`, where there is a shortcut.
    pub(crate) fn new(spec: ModuleSpec, drop_path: f64, device: &Device) -> Self {
        let ModuleSpec { in_channels, channels, stride, residual } = spec;
        let out_channels = channels[2];
        let project = residual && (stride != 1 || in_channels != out_channels);
        let point = Window::POINT.stride(stride);
        let shortcut = || named([("conv", conv([in_channels, out_channels], point, 1, device)), ("bn", norm(out_channels, device))]);
        let mut stack = vec![];
        let mut inputs = in_channels;
        for (index, outputs) in channels.into_iter().enumerate() {
            if residual {
                stack.push((["act1", "act2", "act3"][index], Unit::Layer(relu(device))));
            }
            let stride = if index == 2 { stride } else { 1 };
            stack.push((["conv1", "conv2", "conv3"][index], separable([inputs, outputs], stride, !residual, device)));
            inputs = outputs;
        }
        Self { shortcut: project.then(shortcut), stack: named(stack), drop_path: DropPath::new(drop_path, DropPathMode::Row), residual }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, (height - 1) / stride + 1, (width - 1) / stride + 1]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        if self.shortcut.is_none() && !self.residual {
            return forward_units(&self.stack, x);
        }
        let [branch, shortcut] = maps::fork(x);
        let y = self.drop_path.forward(forward_units(&self.stack, branch));
        let shortcut = match &self.shortcut {
            Some(layers) => forward_layers(layers, shortcut),
            None => shortcut,
        };
        maps::add(y, shortcut, None)
    }
}

impl Describe for XceptionModule {
    fn describe(&self) -> Node {
        let shortcut = self.shortcut.as_ref().map(|shortcut| ("shortcut", shortcut.describe().named("ConvNormAct")));
        let stack = [("stack", self.stack.describe()), ("drop_path", self.drop_path.describe())];
        let first = usize::from(shortcut.is_some());
        let beside = if shortcut.is_some() { Flow::Child(0) } else { Flow::Chain(vec![]) };
        let flow = match self.residual {
            true => Flow::Sum(vec![Flow::Chain(vec![Flow::Child(first), Flow::Child(first + 1)]), beside]),
            false => Flow::Child(first),
        };
        Node::tree("XceptionModule", shortcut.into_iter().chain(stack)).with_flow(flow)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_description_says_what_forward_does() {
        let device = Device::flex();
        let x = Tensor::<4>::ones([2, 4, 7, 6], &device);
        let cases = [([4, 4, 4], 1, true, 0), ([4, 6, 6], 2, true, 4 * 6 + 12), ([4, 6, 6], 1, false, 0)];
        for (channels, stride, residual, shortcut) in cases {
            let module = XceptionModule::new(ModuleSpec { in_channels: 4, channels, stride, residual }, 0.0, &device);
            let trace = module.describe().trace([4, 7, 6]).unwrap();
            assert_eq!(module.forward(x.clone()).dims()[1..], trace.output[..]);
            let separable = |inputs: usize, outputs: usize| 9 * inputs + 2 * inputs + inputs * outputs + 2 * outputs;
            let [a, b, c] = channels;
            assert_eq!(trace.params, separable(4, a) + separable(a, b) + separable(b, c) + shortcut);
            // ReLU stands before each of three convolutions, or after both parts of each.
            assert_eq!(trace.layers.iter().filter(|row| row.kind == "ReLU").count(), if residual { 3 } else { 6 });
        }
    }
}
