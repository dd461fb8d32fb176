//! MobileNetV1.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    ActivationKind, BatchNorm2d, DepthwiseSeparable, FullyConnected, GlobalPool, conv2d, forward_keeping, kaiming_group_fan_out, maps,
    resolution_ends, scale_channels,
};

use crate::config::{MobileNetV1Spec, V1_VARIANTS};
use crate::weights::V1_WEIGHTS;

/// MobileNetV1 under timm's keys, output stride 32 before the global pooling.
#[derive(Module, Debug)]
pub struct MobileNetV1 {
    conv_stem: Conv2d,
    bn1: BatchNorm2d,
    blocks: Vec<Vec<DepthwiseSeparable>>,
    global_pool: GlobalPool,
    dropout: Dropout,
    classifier: Option<FullyConnected>,
    in_channels: usize,
    stem_channels: usize,
    num_features: usize,
    num_classes: usize,
}

/// The authors' code has ReLU6 throughout.
const ACTIVATION: ActivationKind = ActivationKind::Relu6;

fn forward_stage(stage: &[DepthwiseSeparable], x: Tensor<4>) -> Tensor<4> {
    stage.iter().fold(x, |x, block| block.forward(x))
}

impl MobileNetV1 {
    fn stem(&self, images: Tensor<4>) -> Tensor<4> {
        self.bn1.forward_then(maps::conv2d(&self.conv_stem, images), ACTIVATION)
    }

    fn ends(&self) -> Vec<usize> {
        resolution_ends(&self.blocks, self.stem_channels)
    }
}

impl Classifier for MobileNetV1 {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.blocks.iter().fold(self.stem(images), |x, stage| forward_stage(stage, x)))
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
        self.classifier = (num_classes > 0).then(|| FullyConnected::uniform(self.num_features, num_classes, bound, device));
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.num_features
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for MobileNetV1 {
    type Spec = MobileNetV1Spec;
    const NAME: &'static str = "mobilenet";
    const VARIANTS: &'static [Variant<MobileNetV1Spec>] = V1_VARIANTS;
    const WEIGHTS: &'static [Weights] = V1_WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool, Setting::Width];

    fn from_variant(variant: &'static Variant<MobileNetV1Spec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let width = options.width.unwrap_or(1.0);
        let init = |conv| kaiming_group_fan_out(conv, device);
        let stem_channels = scale_channels(32, width);
        let mut channels = stem_channels;
        let mut blocks = vec![];
        for &(out_channels, repeats, stride) in variant.spec.stages {
            let out_channels = scale_channels(out_channels, width);
            let mut stage = vec![];
            for index in 0..repeats {
                let window = Window::new(3).stride(if index == 0 { stride } else { 1 }).padding(1);
                stage.push(DepthwiseSeparable::new([channels, out_channels], window, [Some(ACTIVATION); 2], init, device));
                channels = out_channels;
            }
            blocks.push(stage);
        }
        let pool = options.global_pool.unwrap_or_default();
        let mut model = Self {
            conv_stem: init(conv2d(in_channels, stem_channels, [Window::new(3).stride(2).padding(1); 2], 1, false, device)),
            bn1: BatchNorm2d::new(stem_channels, device),
            blocks,
            global_pool: GlobalPool::new(pool).as_int(),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            classifier: None,
            in_channels,
            stem_channels,
            num_features: pool.features(channels),
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for MobileNetV1 {
    fn describe(&self) -> Node {
        let children = [
            ("conv_stem", self.conv_stem.describe()),
            ("bn1", self.bn1.describe()),
            ("blocks", self.blocks.describe()),
            ("global_pool", self.global_pool.describe()),
            ("dropout", self.dropout.describe()),
        ];
        let classifier = self.classifier.as_ref().map(|classifier| ("classifier", classifier.describe()));
        let last = classifier.is_some().then_some(Flow::Child(5));
        let act = Flow::op("act", ops::Activation(ACTIVATION));
        let flatten = Flow::op("flatten", ops::Flatten);
        let body = [Flow::Child(0), Flow::Child(1), act, Flow::Child(2), Flow::Child(3), flatten, Flow::Child(4)];
        Node::tree("MobileNetV1", children.into_iter().chain(classifier)).with_flow(Flow::Chain(body.into_iter().chain(last).collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn widths_give_timms_parameter_counts() {
        for (width, params) in [(0.25, 470_072), (0.5, 1_331_592), (0.75, 2_585_560), (1.25, 6_270_840)] {
            let options = BuildOptions { width: Some(width), ..BuildOptions::default() };
            let model = MobileNetV1::build("mobilenetv1_100", &options, &Device::flex()).unwrap();
            assert_eq!(model.describe().params(), params, "{width}");
        }
    }

    #[test]
    fn stages_end_before_the_next_stride() {
        let model = MobileNetV1::build("mobilenetv1_100", &BuildOptions::default(), &Device::flex()).unwrap();
        let found: Vec<_> = model.stages([3, 224, 224]).unwrap().into_iter().map(|s| (s.channels, s.reduction)).collect();
        assert_eq!(found, [(64, 2), (128, 4), (256, 8), (512, 16), (1024, 32)]);
    }
}
