//! The Inception module, naive and with dimension reduction.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, maps};

use crate::config::{InceptionSpec, Pool};
use crate::style::{FiveByFive, Style};

const ONE_BY_ONE: Window = Window::POINT;
const THREE_BY_THREE: Window = Window::new(3).padding(1);
const FIVE_BY_FIVE: Window = Window::new(5).padding(2);

/// The Inception module, naive version: 1x1, 3x3 and 5x5 convolutions and 3x3 max pooling side by side. Its output is wider
/// than its input by all convolutions' channels, and the 5x5 convolution sees the whole input: why the paper does not
/// stack it. Szegedy et al. 2014, figure 2a.
#[derive(Module, Debug)]
pub struct NaiveInception {
    branch1: BasicConv2d,
    branch2: BasicConv2d,
    branch3: BasicConv2d,
    branch4: MaxPool2d,
}

impl NaiveInception {
    /// With so many channels of 1x1, 3x3 and 5x5 convolutions.
    pub fn new(in_channels: usize, ch1x1: usize, ch3x3: usize, ch5x5: usize, style: Style, device: &Device) -> Self {
        let conv = |out_channels, window| style.conv(in_channels, out_channels, window, device);
        Self {
            branch1: conv(ch1x1, ONE_BY_ONE),
            branch2: conv(ch3x3, THREE_BY_THREE),
            branch3: conv(ch5x5, FIVE_BY_FIVE),
            branch4: max_pool(1),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, ch1x1 + ch3x3 + ch5x5 + in_channels, height, width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [first, second, third, fourth] = maps::fork(x);
        let pooled = maps::max_pool2d(&self.branch4, fourth);
        maps::cat(vec![self.branch1.forward(first), self.branch2.forward(second), self.branch3.forward(third), pooled])
    }
}

impl Describe for NaiveInception {
    fn describe(&self) -> Node {
        let branches = [
            ("branch1", self.branch1.describe()),
            ("branch2", self.branch2.describe()),
            ("branch3", self.branch3.describe()),
            ("branch4", self.branch4.describe()),
        ];
        Node::tree("NaiveInception", branches).with_flow(Flow::Concat((0..4).map(Flow::Child).collect()))
    }
}

/// A layer of a branch.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a module has seven
pub enum BranchLayer {
    /// Convolution, normalisation, ReLU.
    Conv(BasicConv2d),
    /// Max pooling.
    MaxPool(MaxPool2d),
    /// Average pooling.
    AvgPool(AvgPool2d),
}

impl BranchLayer {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(layer) => layer.forward(x),
            Self::MaxPool(layer) => maps::max_pool2d(layer, x),
            Self::AvgPool(layer) => maps::avg_pool2d(layer, x),
        }
    }
}

impl Describe for BranchLayer {
    fn describe(&self) -> Node {
        match self {
            Self::Conv(layer) => layer.describe(),
            Self::MaxPool(layer) => layer.describe(),
            Self::AvgPool(layer) => layer.describe(),
        }
    }
}

/// The Inception module with dimension reduction: 1x1; 1x1 and 3x3; 1x1 and 5x5 (or what stands for it); pooling and 1x1,
/// side by side. Szegedy et al. 2014, figure 2b. With stride 2 the first branch is missing and pooling passes its channels
/// through (Ioffe and Szegedy 2015, figure 5).
#[derive(Module, Debug)]
pub struct Inception {
    branch1: Option<BasicConv2d>,
    branch2: Vec<BranchLayer>,
    branch3: Vec<BranchLayer>,
    branch4: Vec<BranchLayer>,
}

impl Inception {
    /// The module of one row of a table.
    pub fn new(in_channels: usize, spec: &InceptionSpec, style: Style, device: &Device) -> Self {
        let conv = |i, o, window| BranchLayer::Conv(style.conv(i, o, window, device));
        let strided = THREE_BY_THREE.stride(spec.stride);
        let mut branch3 = vec![conv(in_channels, spec.ch5x5red, ONE_BY_ONE)];
        match style.five_by_five {
            FiveByFive::One5x5 => branch3.push(conv(spec.ch5x5red, spec.ch5x5, FIVE_BY_FIVE.stride(spec.stride))),
            FiveByFive::One3x3 => branch3.push(conv(spec.ch5x5red, spec.ch5x5, strided)),
            FiveByFive::Two3x3 => {
                branch3.extend([conv(spec.ch5x5red, spec.ch5x5, THREE_BY_THREE), conv(spec.ch5x5, spec.ch5x5, strided)]);
            }
        }
        let mut branch4 = vec![match spec.pool {
            Pool::Max => BranchLayer::MaxPool(max_pool(spec.stride)),
            Pool::Avg => BranchLayer::AvgPool(
                AvgPool2dConfig::new([3, 3]).with_strides([spec.stride; 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(),
            ),
        }];
        branch4.extend((spec.pool_proj > 0).then(|| conv(in_channels, spec.pool_proj, ONE_BY_ONE)));
        Self {
            branch1: (spec.ch1x1 > 0).then(|| style.conv(in_channels, spec.ch1x1, ONE_BY_ONE, device)),
            branch2: vec![conv(in_channels, spec.ch3x3red, ONE_BY_ONE), conv(spec.ch3x3red, spec.ch3x3, strided)],
            branch3,
            branch4,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, height / stride, width / stride]`, rounded up, with the channels of
    ///   [`InceptionSpec::out_channels`]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let run = |branch: &[BranchLayer], x| branch.iter().fold(x, |x, layer| layer.forward(x));
        let [first, second, third, fourth] = maps::fork(x);
        let first = self.branch1.as_ref().map(|branch| branch.forward(first));
        let others = [run(&self.branch2, second), run(&self.branch3, third), run(&self.branch4, fourth)];
        maps::cat(first.into_iter().chain(others).collect())
    }
}

impl Describe for Inception {
    fn describe(&self) -> Node {
        let first = self.branch1.as_ref().map(|branch| ("branch1", branch.describe()));
        let others = [("branch2", self.branch2.describe()), ("branch3", self.branch3.describe()), ("branch4", self.branch4.describe())];
        let branches: Vec<_> = first.into_iter().chain(others).collect();
        let flow = Flow::Concat((0..branches.len()).map(Flow::Child).collect());
        Node::tree("Inception", branches).with_flow(flow)
    }
}

/// 3x3 max pooling, padded, so that it gives the size that the convolutions beside it give.
fn max_pool(stride: usize) -> MaxPool2d {
    MaxPool2dConfig::new([3, 3])
        .with_strides([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        // With stride 1 it changes nothing; torchvision says so.
        .with_ceil_mode(stride == 1)
        .init()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::style::Init;
    use zoo_core::params;

    const STYLE: Style = Style { batch_norm: false, five_by_five: FiveByFive::One5x5, init: Init::Caffe };
    const SPEC: InceptionSpec =
        InceptionSpec { ch1x1: 2, ch3x3red: 3, ch3x3: 4, ch5x5red: 1, ch5x5: 5, pool: Pool::Max, pool_proj: 6, stride: 1 };

    #[test]
    fn the_naive_module_widens_by_its_input_and_reduction_saves_work() {
        let device = Device::flex();
        let naive = NaiveInception::new(8, 2, 4, 5, STYLE, &device);
        let y = naive.forward(Tensor::ones([2, 8, 7, 6], &device));
        assert_eq!(y.dims(), [2, 2 + 4 + 5 + 8, 7, 6]);
        let trace = naive.describe().trace([8, 7, 6]).unwrap();
        assert_eq!(trace.output, y.dims()[1..]);
        assert_eq!(trace.params, params::num_trainable(&naive));
        assert_eq!(trace.macs, 7 * 6 * 8 * (2 + 4 * 9 + 5 * 25));

        // Pooling passes the input through: the largest of ones is one.
        let pooled = y.narrow(1, 11, 8).into_data().try_to_vec::<f32>().unwrap();
        assert!(pooled.iter().all(|v| *v == 1.0));

        let reduced = Inception::new(8, &SPEC, STYLE, &device);
        assert_eq!(reduced.forward(Tensor::ones([2, 8, 7, 6], &device)).dims(), [2, SPEC.out_channels(8), 7, 6]);
        let less = reduced.describe().trace([8, 7, 6]).unwrap();
        assert_eq!(less.params, params::num_trainable(&reduced));
        assert!(less.macs < trace.macs / 2, "{} of {}", less.macs, trace.macs);
    }

    #[test]
    fn the_strided_module_passes_its_input_through_at_any_size() {
        let device = Device::flex();
        let spec = InceptionSpec { ch1x1: 0, pool_proj: 0, stride: 2, ..SPEC };
        let module = Inception::new(8, &spec, Style { batch_norm: true, five_by_five: FiveByFive::Two3x3, ..STYLE }, &device);
        for (size, half) in [(7, 4), (8, 4), (1, 1)] {
            let y = module.forward(Tensor::ones([1, 8, size, size], &device));
            assert_eq!(y.dims(), [1, 4 + 5 + 8, half, half]);
            assert_eq!(module.describe().trace([8, size, size]).unwrap().output, y.dims()[1..]);
        }
        let names: Vec<_> = params::param_table(&module).into_iter().map(|p| p.name).filter(|n| n.ends_with("conv.weight")).collect();
        let convs = ["branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch3.2"];
        assert_eq!(names, convs.map(|c| format!("{c}.conv.weight")));
    }
}
