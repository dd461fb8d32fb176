//! The inverted bottleneck with squeeze-and-excitation.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::conv::Conv2d;
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use zoo_layers::shape::Window;
use zoo_layers::{
    ActivationKind, BatchNorm2d, ConvNormAct, DropPath, DropPathMode, Layer, Norm, SqueezeExcite, conv2d, forward_layers, init,
};

/// Spread of all weights at the beginning.
pub const STD: f64 = 0.02;
const EPS: f64 = 1e-3;
const MOMENTUM: f64 = 0.01;
/// The bottleneck's width and that of the squeezed channels, relative to the output.
const EXPANSION: usize = 4;
const SQUEEZE: usize = 4;

/// MBConv with normalisation before it (Tu et al. 2022, section 3.3 and appendix), at torchvision's keys.
#[derive(Module, Debug)]
pub struct MbConv {
    /// Average pooling and a 1x1 convolution where the shape changes, nothing elsewhere.
    pub(crate) proj: Vec<Layer>,
    pub(crate) stochastic_depth: DropPath,
    pub(crate) layers: Bottleneck,
}

/// The branch beside the shortcut.
#[derive(Module, Debug)]
pub(crate) struct Bottleneck {
    pub pre_norm: BatchNorm2d,
    pub conv_a: Vec<Layer>,
    pub conv_b: Vec<Layer>,
    pub squeeze_excitation: SqueezeExcite,
    pub conv_c: Conv2d,
}

/// Draws a module's convolutions as the rest of the model has them.
struct DrawConvs<'a>(&'a Device);

impl ModuleMapper for DrawConvs<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.lazy_shape();
        let initializer = if D == 4 { Initializer::Normal { mean: 0.0, std: STD } } else { Initializer::Zeros };
        initializer.init(shape, self.0)
    }
}

/// Convolution, batch normalisation and GELU.
pub fn conv_norm_gelu(in_channels: usize, out_channels: usize, window: Window, groups: usize, device: &Device) -> Vec<Layer> {
    let block = ConvNormAct {
        groups,
        eps: EPS,
        momentum: MOMENTUM,
        norm: Some(Norm::Batch),
        activation: Some(ActivationKind::Gelu),
        ..ConvNormAct::batch_norm(in_channels, out_channels, window)
    };
    block.layers(|conv| init::normal_conv(conv, STD, 0.0, device), device)
}

/// A bare convolution with bias.
pub fn conv(in_channels: usize, out_channels: usize, window: Window, device: &Device) -> Conv2d {
    init::normal_conv(conv2d(in_channels, out_channels, [window; 2], 1, true, device), STD, 0.0, device)
}

impl MbConv {
    /// `stride` is 1, which needs as many outputs as inputs, or 2.
    pub(crate) fn new(in_channels: usize, out_channels: usize, stride: usize, drop_path: f64, device: &Device) -> Self {
        let hidden = EXPANSION * out_channels;
        let pool = || {
            let config = AvgPool2dConfig::new([3, 3]).with_strides([2, 2]);
            Layer::AvgPool(config.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init())
        };
        let excite = SqueezeExcite::new(hidden, out_channels / SQUEEZE, ActivationKind::Silu, ActivationKind::Sigmoid, device);
        Self {
            proj: if stride == 2 { vec![pool(), Layer::Conv(conv(in_channels, out_channels, Window::POINT, device))] } else { vec![] },
            stochastic_depth: DropPath::new(drop_path, DropPathMode::Row),
            layers: Bottleneck {
                pre_norm: BatchNorm2d::with(in_channels, EPS, MOMENTUM, device),
                conv_a: conv_norm_gelu(in_channels, hidden, Window::POINT, 1, device),
                conv_b: conv_norm_gelu(hidden, hidden, Window::new(3).stride(stride).padding(1), hidden, device),
                squeeze_excitation: excite.map(&mut DrawConvs(device)),
                conv_c: conv(hidden, out_channels, Window::POINT, device),
            },
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, height / stride, width / stride]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let branch = &self.layers;
        let y = forward_layers(&branch.conv_a, branch.pre_norm.forward(x.clone()));
        let y = branch.squeeze_excitation.forward(forward_layers(&branch.conv_b, y));
        forward_layers(&self.proj, x) + self.stochastic_depth.forward(branch.conv_c.forward(y))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_convolution_begins_with_the_same_spread() {
        struct Spread(Vec<f64>);
        impl burn::module::ModuleVisitor for Spread {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if D == 4 {
                    self.0.push(f64::from(param.val().powi_scalar(2).mean().sqrt().into_scalar::<f32>()));
                }
            }
        }
        let mut spread = Spread(vec![]);
        MbConv::new(32, 64, 2, 0.0, &Device::flex()).visit(&mut spread);
        assert_eq!(spread.0.len(), 6);
        assert!(spread.0.iter().all(|std| (std / STD - 1.0).abs() < 0.1), "{:?}", spread.0);
    }
}
