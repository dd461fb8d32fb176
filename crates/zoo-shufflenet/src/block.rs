//! The repeating unit, and the two operations on channels that it is named after.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Operation};
use zoo_layers::shape::{ShapeError, Window};
use zoo_layers::{ConvNormAct, Layer, forward_layers, maps};

/// Two branches, joined and shuffled (Ma et al. 2018, figure 3). With stride 1 (c) half of the channels pass unchanged and
/// the other half goes through `branch2`; with stride 2 (d) both branches see all channels.
#[derive(Module, Debug)]
pub struct InvertedResidual {
    /// 3x3 depthwise and 1x1 convolution; empty with stride 1.
    branch1: Vec<Layer>,
    /// 1x1, 3x3 depthwise and 1x1 convolution.
    branch2: Vec<Layer>,
}

impl InvertedResidual {
    /// The unit that halves the resolution (d).
    pub fn downsampling(in_channels: usize, out_channels: usize, device: &Device) -> Self {
        let half = out_channels / 2;
        let mut branch1 = depthwise(in_channels, 2, device);
        branch1.extend(pointwise(in_channels, half, device));
        Self { branch1, branch2: branch2(in_channels, half, 2, device) }
    }

    /// The unit that keeps the shape (c). `channels` is even.
    pub fn basic(channels: usize, device: &Device) -> Self {
        Self { branch1: vec![], branch2: branch2(channels / 2, channels / 2, 1, device) }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, height / stride, width / stride]`, rounded up
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let branches = if self.branch1.is_empty() {
            let half = x.dims()[1] / 2;
            vec![x.clone().narrow(1, 0, half), forward_layers(&self.branch2, x.narrow(1, half, half))]
        } else {
            let [first, second] = maps::fork(x);
            vec![forward_layers(&self.branch1, first), forward_layers(&self.branch2, second)]
        };
        channel_shuffle(maps::cat(branches), 2)
    }
}

/// 1x1 convolution, batch norm, ReLU.
fn pointwise(in_channels: usize, out_channels: usize, device: &Device) -> Vec<Layer> {
    ConvNormAct::batch_norm(in_channels, out_channels, Window::POINT).layers(|conv| conv, device)
}

/// 3x3 depthwise convolution, batch norm; no activation (figure 3).
fn depthwise(channels: usize, stride: usize, device: &Device) -> Vec<Layer> {
    let conv = ConvNormAct::batch_norm(channels, channels, Window::new(3).stride(stride).padding(1));
    ConvNormAct { groups: channels, activation: None, ..conv }.layers(|conv| conv, device)
}

fn branch2(in_channels: usize, out_channels: usize, stride: usize, device: &Device) -> Vec<Layer> {
    let mut layers = pointwise(in_channels, out_channels, device);
    layers.extend(depthwise(out_channels, stride, device));
    layers.extend(pointwise(out_channels, out_channels, device));
    layers
}

/// Takes the channels of `[batch, channels, height, width]` from the groups in turn: the first of each, the second of each.
fn channel_shuffle(x: Tensor<4>, groups: usize) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, groups, channels / groups, height * width]).swap_dims(1, 2).reshape([batch, channels, height, width])
}

impl Describe for InvertedResidual {
    fn describe(&self) -> Node {
        let (kept, seen) = if self.branch1.is_empty() {
            let half = |name| Flow::op(name, ChannelHalf);
            (half("chunk.0"), Flow::Chain(vec![half("chunk.1"), Flow::Child(1)]))
        } else {
            (Flow::Child(0), Flow::Child(1))
        };
        Node::tree("InvertedResidual", [("branch1", self.branch1.describe()), ("branch2", self.branch2.describe())])
            .with_flow(Flow::Chain(vec![Flow::Concat(vec![kept, seen]), Flow::op("channel_shuffle", ChannelShuffle { groups: 2 })]))
    }
}

/// Half of the channels.
#[derive(Debug, Clone)]
pub struct ChannelHalf;

/// Channels taken from the groups in turn.
#[derive(Debug, Clone)]
pub struct ChannelShuffle {
    /// Number of groups.
    pub groups: usize,
}

impl Operation for ChannelHalf {
    fn name(&self) -> &'static str {
        "Chunk"
    }
    fn torch_args(&self) -> String {
        "chunks=2, dim=1".to_owned()
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let [channels, height, width] = *input else {
            return Err(ShapeError::Mismatch { layer: "Chunk", expected: 3, actual: input.len(), unit: "axes" });
        };
        Ok(vec![channels / 2, height, width])
    }
}

impl Operation for ChannelShuffle {
    fn name(&self) -> &'static str {
        "ChannelShuffle"
    }
    fn torch_args(&self) -> String {
        format!("groups={}", self.groups)
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shuffling_two_groups_interleaves_them() {
        let x = Tensor::<4>::from_floats([[[[0.0]], [[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]]]], &Device::flex());
        let y = channel_shuffle(x, 2).into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(y, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }

    #[test]
    fn half_of_the_channels_pass_the_basic_unit_unchanged() {
        let device = Device::flex();
        let unit = InvertedResidual::basic(8, &device);
        let x = Tensor::<4>::random([2, 8, 5, 4], burn::tensor::Distribution::Default, &device);
        let y = unit.forward(x.clone());
        assert_eq!(y.dims(), [2, 8, 5, 4]);
        assert_eq!(unit.describe().trace([8, 5, 4]).unwrap().output, [8, 5, 4]);
        for channel in 0..4 {
            assert_eq!(y.clone().narrow(1, 2 * channel, 1).into_data(), x.clone().narrow(1, channel, 1).into_data());
        }
    }

    #[test]
    fn the_downsampling_unit_halves_and_widens() {
        let device = Device::flex();
        let unit = InvertedResidual::downsampling(6, 16, &device);
        assert_eq!(unit.forward(Tensor::ones([1, 6, 7, 4], &device)).dims(), [1, 16, 4, 2]);
        assert_eq!(unit.describe().trace([6, 7, 4]).unwrap().output, [16, 4, 2]);
    }
}
