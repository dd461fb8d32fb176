//! The network.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ConvNormAct, FullyConnected, GlobalPool, Layer, NamedChildren, forward_layers, init};

use crate::ResBottleneckBlock;
use crate::block::BlockSpec;
use crate::config::{RegNetSpec, VARIANTS};
use crate::weights::{ALIASES, WEIGHTS};

/// Blocks of one width, the first of which halves the resolution: `block1-0`, `block1-1`, ...
type AnyStage = NamedChildren<ResBottleneckBlock>;

/// RegNet, output stride 32.
#[derive(Module, Debug)]
pub struct RegNet {
    stem: Vec<Layer>,
    /// `block1` to `block4`.
    trunk_output: NamedChildren<AnyStage>,
    avgpool: GlobalPool,
    dropout: Dropout,
    fc: Option<FullyConnected>,
    num_features: usize,
    in_channels: usize,
    num_classes: usize,
}

/// Channels of the stem.
const STEM_WIDTH: usize = 32;

fn forward_stage(stage: &AnyStage, x: Tensor<4>) -> Tensor<4> {
    stage.iter().fold(x, |x, block| block.forward(x))
}

impl Classifier for RegNet {
    pooled_head! {
        pool: avgpool,
        dropout: dropout,
        last: fc,
        fresh: |net, classes, device| FullyConnected::normal(net.num_features, classes, 0.01, 0.0, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let stem = forward_layers(&self.stem, images);
        Features::Map(self.trunk_output.iter().fold(stem, |x, stage| forward_stage(stage, x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut maps = vec![forward_layers(&self.stem, images)];
        for stage in self.trunk_output.iter() {
            maps.extend(maps.last().cloned().map(|x| forward_stage(stage, x)));
        }
        self.stage_names().into_iter().zip(maps).map(|(name, features)| Intermediate { name, features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        let stages = self.trunk_output.names().iter().map(|name| format!("trunk_output.{name}"));
        std::iter::once("stem".to_owned()).chain(stages).collect()
    }

    fn num_features(&self) -> usize {
        self.num_features
    }
}

impl Family for RegNet {
    type Spec = RegNetSpec;
    const NAME: &'static str = "regnet";
    const VARIANTS: &'static [Variant<RegNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const ALIASES: &'static [(&'static str, &'static str)] = ALIASES;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<RegNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let RegNetSpec { rule, se_ratio } = variant.spec;
        let stem = ConvNormAct::batch_norm(in_channels, STEM_WIDTH, Window::new(3).stride(2).padding(1));
        let mut width = STEM_WIDTH;
        let mut stages = vec![];
        // timm's rule: in equal steps from nothing at the first block to the rate at the last.
        let last = (rule.stages().iter().map(|stage| stage.depth).sum::<usize>() - 1).max(1);
        let mut before = 0;
        for (number, stage) in (1..).zip(rule.stages()) {
            let blocks = (0..stage.depth).map(|index| {
                let spec = BlockSpec {
                    in_channels: if index == 0 { width } else { stage.width },
                    out_channels: stage.width,
                    stride: if index == 0 { 2 } else { 1 },
                    group_width: stage.group_width,
                    se_ratio,
                    drop_path: options.drop_path.unwrap_or(0.0) * (before + index) as f64 / last as f64,
                };
                (format!("block{number}-{index}"), ResBottleneckBlock::new(spec, device))
            });
            stages.push((format!("block{number}"), blocks.collect()));
            (width, before) = (stage.width, before + stage.depth);
        }
        let avgpool = GlobalPool::new(options.global_pool.unwrap_or_default());
        let mut model = Self {
            stem: stem.layers(|conv| init::kaiming_fan_out(conv, device), device),
            trunk_output: stages.into_iter().collect(),
            num_features: avgpool.kind().features(width),
            avgpool,
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            fc: None,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for RegNet {
    fn describe(&self) -> Node {
        let stages = self.trunk_output.iter().map(|stage| stage.describe().named("AnyStage"));
        let children = self.trunk_output.names().iter().cloned().zip(stages).collect();
        let body = [
            ("stem", self.stem.describe().named("SimpleStemIN")),
            ("trunk_output", Node::Tree { kind: "Sequential", children, flow: None }),
            ("avgpool", self.avgpool.describe()),
        ];
        let flow = (0..3).map(Flow::Child).chain([Flow::op("flatten", ops::Flatten)]).chain(self.fc.as_ref().map(|_| Flow::Child(3)));
        let flow = Flow::Chain(flow.collect());
        let fc = self.fc.as_ref().map(|fc| ("fc", fc.describe()));
        Node::tree("RegNet", body.into_iter().chain(fc)).with_flow(flow)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    #[test]
    fn stages_and_pooling() {
        let device = Device::flex();
        let options = BuildOptions::default().with_num_classes(5).with_global_pool(GlobalPoolKind::CatAvgMax);
        let model = RegNet::build("regnet_y_400mf", &options, &device).unwrap();
        assert_eq!(model.num_features(), 880);
        let stages: Vec<_> = model.stages([3, 64, 64]).unwrap().into_iter().map(|s| (s.name, s.channels, s.reduction)).collect();
        let want = [("stem", 32, 2), ("trunk_output.block1", 48, 4), ("trunk_output.block2", 104, 8)];
        assert_eq!(stages[..3], want.map(|(name, channels, reduction)| (name.to_owned(), channels, reduction)));
        assert_eq!(stages[4], ("trunk_output.block4".to_owned(), 440, 32));
        assert_eq!(model.forward(Tensor::ones([1, 3, 33, 20], &device)).dims(), [1, 5]);
        assert_eq!(model.describe().trace([3, 33, 20]).unwrap().output, [5]);
    }

    #[test]
    fn the_largest_is_described_without_being_drawn() {
        let model = RegNet::build("regnet_y_128gf", &BuildOptions::default(), &Device::flex()).unwrap();
        assert_eq!(model.describe().params(), 644_812_894);
        assert_eq!(model.stages([3, 384, 384]).unwrap().last().map(|s| s.channels), Some(7392));
    }

    #[test]
    fn rates_of_stochastic_depth_are_timms() {
        let model = RegNet::build("regnet_y_400mf", &BuildOptions::default().with_drop_path(0.15), &Device::flex()).unwrap();
        let rates: Vec<_> = model.trunk_output.iter().flat_map(|stage| stage.iter()).map(|block| block.drop_path.rate()).collect();
        assert_eq!(rates.len(), 16);
        assert!(rates.iter().zip(0..).all(|(rate, block)| (rate - 0.01 * f64::from(block)).abs() < 1e-12), "{rates:?}");
    }

    #[test]
    fn what_it_has_not_is_refused() {
        let options = BuildOptions { width: Some(2.0), ..BuildOptions::default() };
        let refused = RegNet::build("regnet_x_400mf", &options, &Device::flex()).unwrap_err();
        assert!(matches!(refused, BuildError::Unsupported { option: "width", .. }), "{refused}");
    }
}
