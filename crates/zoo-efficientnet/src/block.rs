//! The repeating unit.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{Describe, Node};
use zoo_layers::describe::Flow;
use zoo_layers::shape::Window;
use zoo_layers::{
    ActivationKind, ConvNormAct, DropPath, DropPathMode, MobileUnit, SqueezeExcite, forward_residual, init, residual_flow, scale_channels,
};

use crate::config::{EfficientNetSpec, Stage, Unit};

/// An inverted residual block: MBConv (EfficientNet, section 4) or its fused form (V2, figure 2); a shortcut with
/// stochastic depth where the shape stays.
#[derive(Module, Debug)]
pub struct MbConv {
    block: Vec<MobileUnit>,
    stochastic_depth: DropPath,
    residual: bool,
    fused: bool,
}

/// torchvision's `Conv2dNormActivation` with the variant's batch normalisation; `activated` puts a SiLU after it.
pub(crate) fn conv(spec: &EfficientNetSpec, block: ConvNormAct, activated: bool, device: &Device) -> MobileUnit {
    let activation = activated.then_some(ActivationKind::Silu);
    MobileUnit::conv(ConvNormAct { eps: spec.eps, momentum: spec.momentum, activation, ..block }, device)
}

impl MbConv {
    /// From `in_channels` to `out_channels`; what it is made of is the stage's. `drop_path` is its own rate.
    pub fn new(
        spec: &EfficientNetSpec,
        stage: &Stage,
        [in_channels, out_channels]: [usize; 2],
        stride: usize,
        drop_path: f64,
        device: &Device,
    ) -> Self {
        let expanded = scale_channels(in_channels, stage.expansion as f64);
        let window = Window::new(stage.kernel_size).stride(stride).padding(stage.kernel_size / 2);
        let unit = |i, o, window, activated| conv(spec, ConvNormAct::batch_norm(i, o, window), activated, device);
        let block = match stage.unit {
            Unit::Fused if expanded == in_channels => vec![unit(in_channels, out_channels, window, true)],
            Unit::Fused => vec![unit(in_channels, expanded, window, true), unit(expanded, out_channels, Window::POINT, false)],
            Unit::MbConv => {
                let expand = (expanded != in_channels).then(|| unit(in_channels, expanded, Window::POINT, true));
                let depthwise = ConvNormAct { groups: expanded, ..ConvNormAct::batch_norm(expanded, expanded, window) };
                let squeezed = (in_channels / 4).max(1);
                let gate = SqueezeExcite::new(expanded, squeezed, ActivationKind::Silu, ActivationKind::Sigmoid, device);
                let rest = [
                    conv(spec, depthwise, true, device),
                    MobileUnit::SqueezeExcite(gate.drawn_by(|conv| init::kaiming_fan_out(conv, device))),
                    unit(expanded, out_channels, Window::POINT, false),
                ];
                expand.into_iter().chain(rest).collect()
            }
        };
        Self {
            block,
            stochastic_depth: DropPath::new(drop_path, DropPathMode::Row),
            residual: stride == 1 && in_channels == out_channels,
            fused: stage.unit == Unit::Fused,
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        forward_residual(&self.block, &self.stochastic_depth, self.residual, x)
    }
}

impl Describe for MbConv {
    fn describe(&self) -> Node {
        let kind = if self.fused { "FusedMBConv" } else { "MBConv" };
        Node::tree(kind, [("block", self.block.describe()), ("stochastic_depth", self.stochastic_depth.describe())])
            .with_flow(residual_flow(self.residual, Some(Flow::Child(1))))
    }
}

/// An entry of `features`, on maps `[batch, channels, height, width]`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // the entries of a model are few
pub enum Feature {
    /// The first or last convolution.
    Conv(MobileUnit),
    /// A stage of blocks.
    Stage(Vec<MbConv>),
}

impl Feature {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, out_height, out_width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(unit) => unit.forward(x),
            Self::Stage(blocks) => blocks.iter().fold(x, |x, block| block.forward(x)),
        }
    }
}

impl Describe for Feature {
    fn describe(&self) -> Node {
        match self {
            Self::Conv(unit) => unit.describe(),
            Self::Stage(blocks) => blocks.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::VARIANTS;

    fn block(unit: Unit, expansion: usize, channels: [usize; 2], drop_path: f64, device: &Device) -> MbConv {
        let stage = Stage { unit, expansion, kernel_size: 3, stride: 1, channels: 0, repeats: 1 };
        MbConv::new(&VARIANTS[0].spec, &stage, channels, 1, drop_path, device)
    }

    #[test]
    fn units_have_the_papers_layers() {
        let device = Device::flex();
        for (unit, expansion, params) in [
            (Unit::Fused, 1, 8 * 8 * 9 + 16),
            (Unit::Fused, 2, 8 * 16 * 9 + 32 + 16 * 8 + 16),
            (Unit::MbConv, 1, 8 * 9 + 16 + (8 * 2 + 2 + 2 * 8 + 8) + 64 + 16),
            (Unit::MbConv, 2, 8 * 16 + 32 + 16 * 9 + 32 + (16 * 2 + 2 + 2 * 16 + 16) + 16 * 8 + 16),
        ] {
            let block = block(unit, expansion, [8, 8], 0.0, &device);
            assert_eq!(block.describe().params(), params, "{unit:?} {expansion}");
            assert_eq!(block.forward(Tensor::ones([2, 8, 4, 3], &device)).dims(), [2, 8, 4, 3]);
            assert_eq!(block.describe().trace([8, 4, 3]).unwrap().output, [8, 4, 3]);
        }
    }

    #[test]
    fn a_dropped_block_is_its_shortcut() {
        let device = Device::flex().autodiff();
        let x = Tensor::<4>::random([2, 8, 4, 4], burn::tensor::Distribution::Default, &device);
        let dropped = block(Unit::MbConv, 2, [8, 8], 1.0, &device).forward(x.clone());
        assert_eq!(dropped.into_data(), x.into_data());
    }
}
