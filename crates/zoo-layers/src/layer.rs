//! The layers of a sequential network as one type, so that a `Vec` of them is a module whose parameters are named by
//! index, as in PyTorch's `nn.Sequential`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
use burn::nn::{Dropout, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Node};
use crate::lrn::CrossChannelNorm;
use crate::maps::{self, After};
use crate::shape::Window;
use crate::{Activation, ActivationKind, BatchNorm2d, FullyConnected, krizhevsky_lrn};

/// A layer on feature maps `[batch, channels, height, width]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the layers of a model are few
pub enum Layer {
    /// Convolution.
    Conv(Conv2d),
    /// Batch normalisation.
    BatchNorm(BatchNorm2d),
    /// Local response normalisation.
    Lrn(CrossChannelNorm),
    /// Activation.
    Activation(Activation),
    /// Max pooling.
    MaxPool(MaxPool2d),
    /// Average pooling.
    AvgPool(AvgPool2d),
    /// Average pooling to a given size.
    AdaptiveAvgPool(AdaptiveAvgPool2d),
    /// Dropout.
    Dropout(Dropout),
}

/// A layer on vectors `[batch, features]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum HeadLayer {
    /// Fully connected layer.
    Linear(FullyConnected),
    /// Activation.
    Activation(Activation),
    /// Dropout.
    Dropout(Dropout),
}

impl Layer {
    /// Applies the layer to `[batch, channels, height, width]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(layer) => maps::conv2d(layer, x),
            Self::BatchNorm(layer) => layer.forward(x),
            Self::Lrn(layer) => layer.forward(x),
            Self::Activation(layer) => layer.forward(x),
            Self::MaxPool(layer) => maps::max_pool2d(layer, x),
            Self::AvgPool(layer) => maps::avg_pool2d(layer, x),
            Self::AdaptiveAvgPool(layer) => maps::adaptive_avg_pool2d(layer, x),
            Self::Dropout(layer) => layer.forward(x),
        }
    }
}

impl Layer {
    /// Applies the layer, and the next one if that is an activation which can be computed in the same pass: whether it was.
    pub fn forward_with(&self, next: Option<&Self>, x: Tensor<4>) -> (Tensor<4>, bool) {
        match (self, next) {
            (Self::Conv(conv), Some(Self::Activation(activation))) => (maps::conv2d_then(conv, x, activation), true),
            (Self::BatchNorm(norm), Some(Self::Activation(activation))) => (norm.forward_then(x, activation), true),
            _ => (self.forward(x), false),
        }
    }
}

impl HeadLayer {
    /// Applies the layer to `[batch, features]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Linear(layer) => layer.forward(x),
            Self::Activation(layer) => layer.forward(x),
            Self::Dropout(layer) => layer.forward(x),
        }
    }
}

/// Applies the layers in order to `[batch, channels, height, width]`.
pub fn forward_layers<'a>(layers: impl IntoIterator<Item = &'a Layer>, x: Tensor<4>) -> Tensor<4> {
    forward_slice(&layers.into_iter().collect::<Vec<_>>(), x)
}

fn forward_slice(layers: &[&Layer], x: Tensor<4>) -> Tensor<4> {
    let (mut rest, mut x) = (layers, x);
    loop {
        match rest {
            [] => return x,
            [Layer::BatchNorm(norm), Layer::Activation(activation), Layer::Conv(conv), others @ ..] => {
                x = maps::norm_conv2d(norm, activation, conv, x);
                rest = others;
            }
            [layer, others @ ..] => {
                let used;
                (x, used) = layer.forward_with(others.first().copied(), x);
                rest = &others[usize::from(used)..];
            }
        }
    }
}

/// The same, and a `residual` of the result's shape added.
pub fn forward_layers_add<'a>(layers: impl IntoIterator<Item = &'a Layer>, x: Tensor<4>, residual: Tensor<4>) -> Tensor<4> {
    let layers: Vec<_> = layers.into_iter().collect();
    match &layers[..] {
        [others @ .., Layer::BatchNorm(norm)] => norm.forward_add(forward_slice(others, x), residual, After::Nothing),
        all => maps::add(forward_slice(all, x), residual, After::Nothing),
    }
}

/// Applies the layers in order to `[batch, features]`.
pub fn forward_head(layers: &[HeadLayer], x: Tensor<2>) -> Tensor<2> {
    layers.iter().fold(x, |x, layer| layer.forward(x))
}

impl Describe for Layer {
    fn describe(&self) -> Node {
        match self {
            Self::Conv(layer) => layer.describe(),
            Self::BatchNorm(layer) => layer.describe(),
            Self::Lrn(layer) => layer.describe(),
            Self::Activation(layer) => layer.describe(),
            Self::MaxPool(layer) => layer.describe(),
            Self::AvgPool(layer) => layer.describe(),
            Self::AdaptiveAvgPool(layer) => layer.describe(),
            Self::Dropout(layer) => layer.describe(),
        }
    }
}

impl Describe for HeadLayer {
    fn describe(&self) -> Node {
        match self {
            Self::Linear(layer) => layer.describe(),
            Self::Activation(layer) => layer.describe(),
            Self::Dropout(layer) => layer.describe(),
        }
    }
}

/// Which normalisation follows a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// Batch normalisation, before the activation.
    Batch,
    /// Krizhevsky's local response normalisation, after the activation as in his paper.
    Lrn,
}

/// Convolution, normalisation, activation: the block from which most networks are stacked. It becomes two to four
/// entries of a `Vec<Layer>`, so that the parameters keep the indices that torchvision gives them.
#[derive(Debug, Clone, Copy)]
pub struct ConvNormAct {
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Window, alike along both axes.
    pub window: Window,
    /// Number of groups.
    pub groups: usize,
    /// Whether the convolution has a bias.
    pub bias: bool,
    /// Normalisation.
    pub norm: Option<Norm>,
    /// Batch normalisation: what is added to the variance.
    pub eps: f64,
    /// Batch normalisation: weight of the newest batch in the running statistics.
    pub momentum: f64,
    /// Activation.
    pub activation: Option<ActivationKind>,
}

impl ConvNormAct {
    /// A convolution with bias, without normalisation, with ReLU.
    pub const fn new(in_channels: usize, out_channels: usize, window: Window) -> Self {
        let activation = Some(ActivationKind::Relu);
        Self { in_channels, out_channels, window, groups: 1, bias: true, norm: None, eps: 1e-5, momentum: 0.1, activation }
    }

    /// A convolution without bias, batch normalisation with PyTorch's defaults, ReLU: torchvision's
    /// `Conv2dNormActivation`.
    pub const fn batch_norm(in_channels: usize, out_channels: usize, window: Window) -> Self {
        Self { bias: false, norm: Some(Norm::Batch), ..Self::new(in_channels, out_channels, window) }
    }

    /// The bare convolution, with Burn's (that is PyTorch's) default initialisation.
    ///
    /// # Panics
    /// Where `groups` does not divide both numbers of channels.
    pub fn conv(&self, device: &Device) -> Conv2d {
        conv2d(self.in_channels, self.out_channels, [self.window; 2], self.groups, self.bias, device)
    }

    /// The layers; `init` draws the convolution's weights (the identity keeps PyTorch's default).
    pub fn layers(&self, init: impl Fn(Conv2d) -> Conv2d, device: &Device) -> Vec<Layer> {
        let mut layers = vec![Layer::Conv(init(self.conv(device)))];
        if self.norm == Some(Norm::Batch) {
            layers.push(Layer::BatchNorm(BatchNorm2d::with(self.out_channels, self.eps, self.momentum, device)));
        }
        if let Some(kind) = self.activation {
            layers.push(Layer::Activation(Activation::new(kind, device)));
        }
        if self.norm == Some(Norm::Lrn) {
            layers.push(Layer::Lrn(krizhevsky_lrn()));
        }
        layers
    }
}

/// A convolution with windows along height and width, with Burn's (that is PyTorch's) default initialisation.
///
/// # Panics
/// Where `groups` does not divide both numbers of channels.
pub fn conv2d(in_channels: usize, out_channels: usize, windows: [Window; 2], groups: usize, bias: bool, device: &Device) -> Conv2d {
    let [vertical, horizontal] = windows.map(|w| w.padding);
    let padding = match [vertical, horizontal] {
        [0, 0] => PaddingConfig2d::Valid,
        _ => PaddingConfig2d::Explicit(vertical, horizontal, vertical, horizontal),
    };
    Conv2dConfig::new([in_channels, out_channels], windows.map(|w| w.kernel_size))
        .with_stride(windows.map(|w| w.stride))
        .with_dilation(windows.map(|w| w.dilation))
        .with_padding(padding)
        .with_groups(groups)
        .with_bias(bias)
        .init(device)
}

/// Applies the layers in order and keeps the last feature map of each resolution, with the index of its layer.
///
/// # Shapes
/// - input and each output: `[batch, channels, height, width]`
pub fn forward_intermediates(layers: &[Layer], x: Tensor<4>) -> Vec<(usize, Tensor<4>)> {
    let mut kept: Vec<(usize, Tensor<4>)> = vec![];
    let mut x = x;
    for (index, layer) in layers.iter().enumerate() {
        x = layer.forward(x);
        if kept.last().is_some_and(|(_, last)| last.dims()[2..] == x.dims()[2..]) {
            kept.pop();
        }
        kept.push((index, x.clone()));
    }
    kept
}
