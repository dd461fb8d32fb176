//! The convolution of 1989: weights shared over the map, a bias for every single unit, padding with -1, and maps that
//! see only some of the maps before.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor};
use zoo_layers::describe::{Describe, Node, Operation};
use zoo_layers::shape::{ShapeError, Window};

const WINDOW: Window = Window::new(5).stride(2).padding(2);

/// A 5x5 convolution with stride 2 whose units have a bias each, so that it fits one input size. The border is padded
/// with -1, the background of the digits.
#[derive(Module, Debug)]
pub struct LocalBiasConv {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<3>>,
    /// For each group of maps, which input maps it sees.
    #[module(skip)]
    sources: Vec<Vec<usize>>,
    in_channels: usize,
}

impl LocalBiasConv {
    /// With `out_channels` maps of `size` `[height, width]`, split evenly over the groups in `sources`, each of which lists the input
    /// maps it sees (equally many). Weights begin uniform in +-2.4 / fan-in, as in the paper; biases at zero.
    pub fn new(in_channels: usize, out_channels: usize, size: [usize; 2], sources: Vec<Vec<usize>>, device: &Device) -> Self {
        let seen = sources.first().map_or(in_channels, Vec::len);
        let bound = 2.4 / (seen * 25) as f64;
        Self {
            weight: Initializer::Uniform { min: -bound, max: bound }.init([out_channels, seen, 5, 5], device),
            bias: Initializer::Zeros.init([out_channels, size[0], size[1]], device),
            sources,
            in_channels,
        }
    }

    /// Output size for an input size.
    ///
    /// # Errors
    /// Where the window does not fit.
    pub fn output_size([height, width]: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        Ok([WINDOW.conv_output(height)?, WINDOW.conv_output(width)?])
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, height / 2, width / 2]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = x.pad([(2, 2), (2, 2)], PadMode::Constant(-1.0));
        let weight = self.weight.val();
        let maps = weight.dims()[0] / self.sources.len();
        let groups = self.sources.iter().enumerate().map(|(group, sources)| {
            let seen = sources.iter().map(|&map| x.clone().narrow(1, map, 1)).collect();
            let weight = weight.clone().narrow(0, group * maps, maps);
            conv2d(Tensor::cat(seen, 1), weight, None, ConvOptions::new([2, 2], [0, 0], [1, 1], 1))
        });
        Tensor::cat(groups.collect(), 1) + self.bias.val().unsqueeze::<4>()
    }
}

/// The same as data.
#[derive(Debug)]
struct LocalBiasConvOp {
    in_channels: usize,
    out_channels: usize,
    seen: usize,
    size: [usize; 2],
}

impl Operation for LocalBiasConvOp {
    fn name(&self) -> &'static str {
        "LocalBiasConv2d"
    }
    fn torch_args(&self) -> String {
        let [h, w] = self.size;
        format!("{}, {}, kernel_size=(5, 5), stride=(2, 2), maps_seen={}, bias=({h}, {w})", self.in_channels, self.out_channels, self.seen)
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let mismatch = |expected, actual, unit| ShapeError::Mismatch { layer: "LocalBiasConv2d", expected, actual, unit };
        let &[channels, height, width] = input else { return Err(mismatch(3, input.len(), "axes")) };
        if channels != self.in_channels {
            return Err(mismatch(self.in_channels, channels, "channels"));
        }
        let output = LocalBiasConv::output_size([height, width])?;
        if output != self.size {
            return Err(ShapeError::FixedSize { expected: self.size.map(|s| 2 * s), actual: [height, width] });
        }
        Ok(vec![self.out_channels, output[0], output[1]])
    }
    fn params(&self) -> usize {
        self.out_channels * (self.seen * 25 + self.size[0] * self.size[1])
    }
    fn macs(&self, _: &[usize], output: &[usize]) -> u64 {
        (output.iter().product::<usize>() * self.seen * 25) as u64
    }
    fn is_product(&self) -> bool {
        true
    }
    fn windows(&self, _: &[usize]) -> [Window; 2] {
        [WINDOW; 2]
    }
}

impl Describe for LocalBiasConv {
    fn describe(&self) -> Node {
        let weight = self.weight.lazy_shape();
        let bias = self.bias.lazy_shape();
        Node::leaf(LocalBiasConvOp { in_channels: self.in_channels, out_channels: weight[0], seen: weight[1], size: [bias[1], bias[2]] })
    }
}
