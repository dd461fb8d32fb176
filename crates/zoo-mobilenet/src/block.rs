//! The repeating units of v2 and v3.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::shape::Window;
use zoo_layers::{
    ActivationKind, BatchNorm2d, ConvNormAct, DropPath, DropPathMode, Layer, MobileUnit, SqueezeExcite, forward_residual, init,
    residual_flow, scale_channels,
};

use crate::config::Bottleneck;

/// Expansion by a 1x1 convolution, depthwise convolution, projection by a 1x1 convolution without activation; a shortcut
/// where the shape stays (Sandler et al. 2018, <https://arxiv.org/abs/1801.04381>, table 1).
#[derive(Module, Debug)]
pub struct InvertedResidualV2 {
    conv: Vec<MobileUnit>,
    pub(crate) drop_path: DropPath,
    residual: bool,
}

impl InvertedResidualV2 {
    /// From `in_channels` to `out_channels`; without expansion (1) the first convolution is left out. `drop_path` is its own
    /// rate.
    pub fn new([in_channels, out_channels]: [usize; 2], stride: usize, expansion: usize, drop_path: f64, device: &Device) -> Self {
        let hidden = in_channels * expansion;
        let relu6 = |block| MobileUnit::conv(ConvNormAct { activation: Some(ActivationKind::Relu6), ..block }, device);
        let depthwise = ConvNormAct::batch_norm(hidden, hidden, Window::new(3).stride(stride).padding(1));
        let project = ConvNormAct::batch_norm(hidden, out_channels, Window::POINT).conv(device);
        let mut conv = vec![];
        if expansion != 1 {
            conv.push(relu6(ConvNormAct::batch_norm(in_channels, hidden, Window::POINT)));
        }
        conv.push(relu6(ConvNormAct { groups: hidden, ..depthwise }));
        conv.push(MobileUnit::Layer(Layer::Conv(init::kaiming_fan_out(project, device))));
        conv.push(MobileUnit::Layer(Layer::BatchNorm(BatchNorm2d::new(out_channels, device))));
        Self { conv, drop_path: DropPath::new(drop_path, DropPathMode::Row), residual: stride == 1 && in_channels == out_channels }
    }
}

/// v2's block with squeeze-and-excitation before the projection (Howard et al. 2019, <https://arxiv.org/abs/1905.02244>,
/// figure 4).
#[derive(Module, Debug)]
pub struct InvertedResidualV3 {
    block: Vec<MobileUnit>,
    pub(crate) drop_path: DropPath,
    residual: bool,
}

impl InvertedResidualV3 {
    /// From `in_channels`, with the row's channels times `width`. `drop_path` is its own rate.
    pub fn new(in_channels: usize, row: &Bottleneck, width: f64, drop_path: f64, device: &Device) -> Self {
        let [expanded, out_channels] = [row.expanded, row.channels].map(|channels| scale_channels(channels, width));
        let unit = |block, activation| MobileUnit::conv(v3_norm(ConvNormAct { activation, ..block }), device);
        let window = Window::new(row.kernel_size).stride(row.stride).padding(row.kernel_size / 2);
        let mut block = vec![];
        if expanded != in_channels {
            block.push(unit(ConvNormAct::batch_norm(in_channels, expanded, Window::POINT), Some(row.activation)));
        }
        let depthwise = ConvNormAct { groups: expanded, ..ConvNormAct::batch_norm(expanded, expanded, window) };
        block.push(unit(depthwise, Some(row.activation)));
        if row.squeeze_excite {
            let squeezed = scale_channels(expanded / 4, 1.0);
            let gate = SqueezeExcite::new(expanded, squeezed, ActivationKind::Relu, ActivationKind::HardSigmoid, device);
            block.push(MobileUnit::SqueezeExcite(gate.drawn_by(|conv| init::kaiming_fan_out(conv, device))));
        }
        block.push(unit(ConvNormAct::batch_norm(expanded, out_channels, Window::POINT), None));
        Self { block, drop_path: DropPath::new(drop_path, DropPathMode::Row), residual: row.stride == 1 && in_channels == out_channels }
    }
}

/// v3's batch normalisation.
pub(crate) const fn v3_norm(block: ConvNormAct) -> ConvNormAct {
    ConvNormAct { eps: 1e-3, momentum: 0.01, ..block }
}

/// An entry of `features`, on maps `[batch, channels, height, width]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the entries of a model are few
pub enum Feature {
    /// The first or last convolution.
    Conv(MobileUnit),
    /// A block of v2.
    V2(InvertedResidualV2),
    /// A block of v3.
    V3(InvertedResidualV3),
}

impl Feature {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(unit) => unit.forward(x),
            Self::V2(block) => forward_residual(&block.conv, &block.drop_path, block.residual, x),
            Self::V3(block) => forward_residual(&block.block, &block.drop_path, block.residual, x),
        }
    }
}

impl Describe for Feature {
    fn describe(&self) -> Node {
        let (name, units, drop_path, residual) = match self {
            Self::Conv(unit) => return unit.describe(),
            Self::V2(block) => ("conv", &block.conv, &block.drop_path, block.residual),
            Self::V3(block) => ("block", &block.block, &block.drop_path, block.residual),
        };
        Node::tree("InvertedResidual", [(name, units.describe())]).with_flow(residual_flow(residual, drop_path.flow()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shortcuts_stand_where_the_shape_stays() {
        let device = Device::flex();
        for (out_channels, stride, residual) in [(8, 1, true), (8, 2, false), (16, 1, false)] {
            let block = InvertedResidualV2::new([8, out_channels], stride, 6, 0.0, &device);
            assert_eq!(block.residual, residual);
            let x = Tensor::<4>::ones([1, 8, 5, 5], &device);
            let side = if stride == 2 { 3 } else { 5 };
            assert_eq!(Feature::V2(block).forward(x).dims(), [1, out_channels, side, side]);
        }
    }

    #[test]
    fn no_expansion_where_there_is_nothing_to_expand() {
        let device = Device::flex();
        let row =
            Bottleneck { kernel_size: 5, expanded: 16, channels: 24, squeeze_excite: true, activation: ActivationKind::Relu, stride: 1 };
        let block = Feature::V3(InvertedResidualV3::new(16, &row, 1.0, 0.0, &device));
        // Depthwise 5x5, squeeze to 8 (not 4: a multiple of eight), projection.
        let want = (16 * 25 + 32) + (16 * 8 + 8 + 8 * 16 + 16) + (16 * 24 + 48);
        assert_eq!(block.describe().params(), want);
        let wider = Feature::V3(InvertedResidualV3::new(16, &row, 2.0, 0.0, &device));
        assert_eq!(wider.describe().trace([16, 4, 4]).unwrap().output, [48, 4, 4]);
    }
}
