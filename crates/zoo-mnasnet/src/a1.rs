//! MnasNet-A1.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    ActivationKind, BatchNorm2d, DepthwiseSeparable, FullyConnected, GlobalPool, conv2d, forward_keeping, kaiming_group_fan_out,
    resolution_ends, scale_channels,
};

use crate::a1_block::{A1Block, GatedResidual};
use crate::config::{A1_VARIANTS, A1Spec, HEAD, STEM};
use crate::weights::A1_WEIGHTS;

/// MnasNet-A1 under timm's keys, output stride 32 before the global pooling.
#[derive(Module, Debug)]
pub struct MnasNetA1 {
    conv_stem: Conv2d,
    bn1: BatchNorm2d,
    blocks: Vec<Vec<A1Block>>,
    conv_head: Conv2d,
    bn2: BatchNorm2d,
    global_pool: GlobalPool,
    dropout: Dropout,
    classifier: Option<FullyConnected>,
    in_channels: usize,
    stem_channels: usize,
    num_classes: usize,
}

const RELU: ActivationKind = ActivationKind::Relu;

fn forward_stage(stage: &[A1Block], x: Tensor<4>) -> Tensor<4> {
    stage.iter().fold(x, |x, block| block.forward(x))
}

impl MnasNetA1 {
    fn stem(&self, images: Tensor<4>) -> Tensor<4> {
        RELU.forward(self.bn1.forward(self.conv_stem.forward(images)))
    }

    fn ends(&self) -> Vec<usize> {
        resolution_ends(&self.blocks, self.stem_channels)
    }
}

impl Classifier for MnasNetA1 {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        let map = self.blocks.iter().fold(self.stem(images), |x, stage| forward_stage(stage, x));
        Features::Map(RELU.forward(self.bn2.forward(self.conv_head.forward(map))))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let pooled = self.dropout.forward(self.global_pool.forward(features.into_map()));
        match &self.classifier {
            Some(classifier) if !pre_logits => classifier.forward(pooled),
            _ => pooled,
        }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let kept = forward_keeping(&self.blocks, &self.ends(), |stage, x| forward_stage(stage, x), self.stem(images));
        kept.into_iter().map(|(index, features)| Intermediate { name: format!("blocks.{index}"), features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        self.ends().into_iter().map(|index| format!("blocks.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["classifier".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        let bound = 1.0 / (num_classes.max(1) as f64).sqrt();
        self.classifier = (num_classes > 0).then(|| FullyConnected::uniform(self.num_features(), num_classes, bound, device));
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.global_pool.kind().features(HEAD)
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for MnasNetA1 {
    type Spec = A1Spec;
    const NAME: &'static str = "mnasnet";
    const VARIANTS: &'static [Variant<A1Spec>] = A1_VARIANTS;
    const WEIGHTS: &'static [Weights] = A1_WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool, Setting::Width];

    fn from_variant(variant: &'static Variant<A1Spec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let scale = |channels| scale_channels(channels, options.width.unwrap_or(1.0));
        let init = |conv| kaiming_group_fan_out(conv, device);
        let [stem_channels, mut channels] = STEM.map(scale);
        let window = Window::new(3).padding(1);
        let first = DepthwiseSeparable::new([stem_channels, channels], window, [Some(RELU), None], init, device);
        let mut blocks = vec![vec![A1Block::Separable(first)]];
        let count = 1 + variant.spec.stages.iter().map(|stage| stage.stack.repeats).sum::<usize>();
        let mut number = 1;
        for stage in variant.spec.stages {
            let out_channels = scale(stage.stack.channels);
            let mut residuals = vec![];
            for index in 0..stage.stack.repeats {
                let stride = if index == 0 { stage.stack.stride } else { 1 };
                let rate = options.drop_path.unwrap_or(0.0) * number as f64 / count as f64;
                residuals.push(A1Block::Residual(GatedResidual::new([channels, out_channels], stride, stage, rate, device)));
                channels = out_channels;
                number += 1;
            }
            blocks.push(residuals);
        }
        let mut model = Self {
            conv_stem: init(conv2d(in_channels, stem_channels, [window.stride(2); 2], 1, false, device)),
            bn1: BatchNorm2d::new(stem_channels, device),
            blocks,
            conv_head: init(conv2d(channels, HEAD, [Window::POINT; 2], 1, false, device)),
            bn2: BatchNorm2d::new(HEAD, device),
            global_pool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            classifier: None,
            in_channels,
            stem_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for MnasNetA1 {
    fn describe(&self) -> Node {
        let children = [
            ("conv_stem", self.conv_stem.describe()),
            ("bn1", self.bn1.describe()),
            ("blocks", self.blocks.describe()),
            ("conv_head", self.conv_head.describe()),
            ("bn2", self.bn2.describe()),
            ("global_pool", self.global_pool.describe()),
            ("dropout", self.dropout.describe()),
        ];
        let classifier = self.classifier.as_ref().map(|classifier| ("classifier", classifier.describe()));
        let last = classifier.is_some().then_some(Flow::Child(7));
        let relu = || Flow::op("act", ops::Activation(RELU));
        let body = [Flow::Child(0), Flow::Child(1), relu(), Flow::Child(2), Flow::Child(3), Flow::Child(4), relu()];
        let head = [Flow::Child(5), Flow::op("flatten", ops::Flatten), Flow::Child(6)];
        let flow = body.into_iter().chain(head).chain(last).collect();
        Node::tree("MnasNetA1", children.into_iter().chain(classifier)).with_flow(Flow::Chain(flow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn widths_give_timms_parameter_counts() {
        for (width, params) in [(0.5, 2_082_006), (0.75, 2_912_278), (1.4, 6_105_992)] {
            let options = BuildOptions { width: Some(width), ..BuildOptions::default() };
            let model = MnasNetA1::build("semnasnet_100", &options, &Device::flex()).unwrap();
            assert_eq!(model.describe().params(), params, "{width}");
        }
    }

    #[test]
    fn rates_of_stochastic_depth_are_timms() {
        let model = MnasNetA1::build("semnasnet_100", &BuildOptions::default().with_drop_path(0.16), &Device::flex()).unwrap();
        let rate = |block: &A1Block| if let A1Block::Residual(block) = block { Some(block.drop_path.rate()) } else { None };
        let rates: Vec<_> = model.blocks.iter().flatten().filter_map(rate).collect();
        assert_eq!(rates.len(), 15);
        assert!(rates.iter().zip(1..).all(|(rate, number)| (rate - 0.01 * f64::from(number)).abs() < 1e-12), "{rates:?}");
    }

    #[test]
    fn stages_are_those_of_timms_feature_info() {
        let model = MnasNetA1::build("semnasnet_100", &BuildOptions::default(), &Device::flex()).unwrap();
        let found: Vec<_> = model.stages([3, 224, 224]).unwrap().into_iter().map(|s| (s.channels, s.reduction)).collect();
        assert_eq!(found, [(16, 2), (24, 4), (40, 8), (112, 16), (320, 32)]);
    }
}
