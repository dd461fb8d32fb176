//! What the blocks of this crate have in common: their convolutions, the gate, and the way past their layers.

use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Children, DropPath, DropPathMode, SqueezeExcite, conv2d, init, maps};

/// A strided convolution with batch normalisation, where a block changes the shape.
pub(crate) type Downsample = Option<(Conv2d, BatchNorm2d)>;

/// A convolution without bias that keeps the size at stride 1.
pub(crate) fn conv(in_channels: usize, out_channels: usize, [kernel, stride, groups]: [usize; 3], device: &Device) -> Conv2d {
    let window = Window::new(kernel).stride(stride).padding(kernel / 2);
    init::kaiming_fan_out(conv2d(in_channels, out_channels, [window; 2], groups, false, device), device)
}

/// The last normalisation of a branch, which begins at zero, so that the block begins as its shortcut.
pub(crate) fn zero_norm(channels: usize, device: &Device) -> BatchNorm2d {
    let mut norm = BatchNorm2d::new(channels, device);
    norm.weight = Initializer::Zeros.init([channels], device);
    norm
}

/// The gate of the paper, with timm's initialisation: biases keep PyTorch's default.
pub(crate) fn squeeze_excite(channels: usize, squeeze_channels: usize, device: &Device) -> SqueezeExcite {
    SqueezeExcite::new(channels, squeeze_channels, ActivationKind::Relu, ActivationKind::Sigmoid, device).drawn_by(|mut conv| {
        let bias = conv.bias.take();
        let mut drawn = init::kaiming_fan_out(conv, device);
        drawn.bias = bias;
        drawn
    })
}

pub(crate) fn drop_path(rate: f64) -> Option<DropPath> {
    (rate > 0.0).then(|| DropPath::new(rate, DropPathMode::Row))
}

/// The rate of stochastic depth of each block: none at the first, `rate` at the last.
pub(crate) fn drop_path_rates(layers: &[usize], rate: f64) -> impl Iterator<Item = f64> + use<> {
    let blocks = layers.iter().sum::<usize>();
    (0..blocks).map(move |block| rate * block as f64 / (blocks - 1).max(1) as f64)
}

/// The branch, unless it is dropped, and what passes it by, then the activation.
pub(crate) fn add_shortcut(
    branch: Tensor<4>,
    x: Tensor<4>,
    downsample: &Downsample,
    drop_path: &Option<DropPath>,
    after: &Activation,
) -> Tensor<4> {
    let branch = match drop_path {
        Some(drop_path) => drop_path.forward(branch),
        None => branch,
    };
    match downsample {
        Some((conv, norm)) => maps::add(branch, norm.forward(maps::conv2d(conv, x)), after),
        None => maps::add(branch, x, after),
    }
}

/// The same as data flow.
pub(crate) fn describe_sum(children: &mut Children, mut branch: Vec<Flow>, downsample: &Downsample, drop_path: &Option<DropPath>) -> Flow {
    let projection = downsample.as_ref().map(|(conv, norm)| Node::sequential([conv.describe(), norm.describe()]));
    let projection = children.add_optional("downsample", projection);
    branch.push(children.add_optional("drop_path", drop_path.as_ref().map(Describe::describe)));
    Flow::Sum(vec![Flow::Chain(branch), projection])
}

/// A block as its stage sees it.
pub(crate) trait Residual: Module + Describe {
    /// Runs the block on `[batch, channels, height, width]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4>;
}

/// Runs the blocks of a stage.
pub(crate) fn run(layer: &[impl Residual], x: Tensor<4>) -> Tensor<4> {
    layer.iter().fold(x, |x, block| block.forward(x))
}
