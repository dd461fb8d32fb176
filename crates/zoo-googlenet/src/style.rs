//! How the units of a variant are made.

use burn::nn::Initializer;
use burn::nn::conv::Conv2d;
use burn::tensor::Device;
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, FullyConnected, init};

/// What a module has where the 2014 paper has a 5x5 convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiveByFive {
    /// That convolution.
    One5x5,
    /// One 3x3 convolution: torchvision.
    One3x3,
    /// Two 3x3 convolutions: BN-Inception.
    Two3x3,
}

/// How weights begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// normal(0, 0.01), zero biases: torchvision.
    Normal,
    /// Uniform in `+-sqrt(3 / fan_in)`, biases 0.2 in convolutions and 0 elsewhere: BVLC's Caffe model.
    Caffe,
    /// Kaiming normal (fan out) for convolutions, normal(0, 0.01) for fully connected layers, zero biases.
    Kaiming,
}

/// How the units of a variant are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether batch normalisation follows each convolution; without it, convolutions have biases.
    pub batch_norm: bool,
    /// The third branch of a module.
    pub five_by_five: FiveByFive,
    /// How weights begin.
    pub init: Init,
}

impl Style {
    /// A convolution with its normalisation and ReLU; `window` is alike along both axes.
    pub fn conv(self, in_channels: usize, out_channels: usize, window: Window, device: &Device) -> BasicConv2d {
        BasicConv2d::new(in_channels, out_channels, [window; 2], self.batch_norm, device).init(|conv| self.draw(conv, device))
    }

    /// A fully connected layer.
    pub fn linear(self, in_features: usize, out_features: usize, device: &Device) -> FullyConnected {
        match self.init {
            Init::Normal | Init::Kaiming => FullyConnected::normal(in_features, out_features, 0.01, 0.0, device),
            Init::Caffe => FullyConnected::uniform(in_features, out_features, (3.0 / in_features as f64).sqrt(), device),
        }
    }

    fn draw(self, mut conv: Conv2d, device: &Device) -> Conv2d {
        match self.init {
            Init::Normal => init::normal_conv(conv, 0.01, 0.0, device),
            Init::Kaiming => init::kaiming_fan_out(conv, device),
            Init::Caffe => {
                let shape: [usize; 4] = conv.weight.lazy_shape().dims();
                let bound = (3.0 / shape[1..].iter().product::<usize>() as f64).sqrt();
                conv.weight = Initializer::Uniform { min: -bound, max: bound }.init(shape, device);
                conv.bias = conv.bias.map(|_| Initializer::Constant { value: 0.2 }.init([shape[0]], device));
                conv
            }
        }
    }
}
