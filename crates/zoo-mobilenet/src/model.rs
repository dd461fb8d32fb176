//! MobileNetV2 and MobileNetV3.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    Activation, ActivationKind, ConvNormAct, FullyConnected, GlobalPool, HeadLayer, MobileUnit, forward_head, forward_keeping,
    head_with_dropout_in_place, resolution_ends, scale_channels,
};

use crate::block::{Feature, InvertedResidualV2, InvertedResidualV3, v3_norm};
use crate::config::{MobileNetSpec, VARIANTS};

/// MobileNetV2 or MobileNetV3, output stride 32 before the global pooling.
#[derive(Module, Debug)]
pub struct MobileNet {
    features: Vec<Feature>,
    avgpool: GlobalPool,
    classifier: Vec<HeadLayer>,
    /// Whether it is v3.
    v3: bool,
    in_channels: usize,
    num_features: usize,
    num_classes: usize,
}

impl MobileNet {
    /// Index of the last layer in `classifier`.
    const fn last(&self) -> usize {
        if self.v3 { 3 } else { 1 }
    }
}

impl Classifier for MobileNet {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.features.iter().fold(images, |x, feature| feature.forward(x)))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let (hidden, last) = self.classifier.split_at(self.last().min(self.classifier.len()));
        let hidden = forward_head(hidden, self.avgpool.forward(features.into_map()));
        if pre_logits { hidden } else { forward_head(last, hidden) }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let ends = resolution_ends(&self.features, self.in_channels);
        let kept = forward_keeping(&self.features, &ends, Feature::forward, images);
        kept.into_iter().map(|(index, features)| Intermediate { name: format!("features.{index}"), features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        resolution_ends(&self.features, self.in_channels).into_iter().map(|index| format!("features.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec![format!("classifier.{}", self.last())]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        let last = || HeadLayer::Linear(FullyConnected::normal(self.num_features, num_classes, 0.01, 0.0, device));
        let fresh = (num_classes > 0).then(last);
        self.classifier.truncate(self.last());
        self.classifier.extend(fresh);
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

impl Family for MobileNet {
    type Spec = MobileNetSpec;
    const NAME: &'static str = "mobilenet";
    const VARIANTS: &'static [Variant<MobileNetSpec>] = VARIANTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool, Setting::Width];

    fn from_variant(variant: &'static Variant<MobileNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let width = options.width.unwrap_or(1.0);
        let pool = options.global_pool.unwrap_or_default();
        let dropout = HeadLayer::Dropout(DropoutConfig::new(options.dropout.unwrap_or(0.2)).init());
        let stem = Window::new(3).stride(2).padding(1);
        // timm's rule, which counts v3's last convolution as a block.
        let blocks = match variant.spec {
            MobileNetSpec::V2(sequences) => sequences.iter().map(|sequence| sequence.repeats).sum(),
            MobileNetSpec::V3(rows, _) => rows.len() + 1,
        };
        let drop_path = |block: usize| options.drop_path.unwrap_or(0.0) * block as f64 / blocks as f64;
        let mut features = vec![];
        let (classifier, num_features, v3) = match variant.spec {
            MobileNetSpec::V2(sequences) => {
                let conv = |i, o, window| {
                    let block = ConvNormAct { activation: Some(ActivationKind::Relu6), ..ConvNormAct::batch_norm(i, o, window) };
                    Feature::Conv(MobileUnit::conv(block, device))
                };
                let mut channels = scale_channels(32, width);
                features.push(conv(in_channels, channels, stem));
                for sequence in sequences {
                    let out_channels = scale_channels(sequence.channels, width);
                    for index in 0..sequence.repeats {
                        let stride = if index == 0 { sequence.stride } else { 1 };
                        // The stem is no block.
                        let rate = drop_path(features.len() - 1);
                        let block = InvertedResidualV2::new([channels, out_channels], stride, sequence.expansion, rate, device);
                        features.push(Feature::V2(block));
                        channels = out_channels;
                    }
                }
                // A factor below 1 leaves the last convolution as it is (section 6.1).
                let last_channels = scale_channels(1280, width.max(1.0));
                features.push(conv(channels, last_channels, Window::POINT));
                (vec![dropout], pool.features(last_channels), false)
            }
            MobileNetSpec::V3(rows, hidden) => {
                let conv = |i, o, window| {
                    let block = ConvNormAct { activation: Some(ActivationKind::HardSwish), ..ConvNormAct::batch_norm(i, o, window) };
                    Feature::Conv(MobileUnit::conv(v3_norm(block), device))
                };
                let mut channels = scale_channels(16, width);
                features.push(conv(in_channels, channels, stem));
                for row in rows {
                    let rate = drop_path(features.len() - 1);
                    features.push(Feature::V3(InvertedResidualV3::new(channels, row, width, rate, device)));
                    channels = scale_channels(row.channels, width);
                }
                features.push(conv(channels, 6 * channels, Window::POINT));
                let hidden = scale_channels(hidden, width);
                let linear = FullyConnected::normal(pool.features(6 * channels), hidden, 0.01, 0.0, device);
                let activation = HeadLayer::Activation(Activation::new(ActivationKind::HardSwish, device));
                (vec![HeadLayer::Linear(linear), activation, dropout], hidden, true)
            }
        };
        let mut model = Self { features, avgpool: GlobalPool::new(pool).as_int(), classifier, v3, in_channels, num_features, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for MobileNet {
    fn describe(&self) -> Node {
        let features = ("features", self.features.describe());
        let flatten = Flow::op("flatten", ops::Flatten);
        if self.v3 {
            let classifier = head_with_dropout_in_place(&self.classifier);
            return Node::tree("MobileNetV3", [features, ("avgpool", self.avgpool.describe()), ("classifier", classifier)])
                .with_flow(Flow::Chain(vec![Flow::Child(0), Flow::Child(1), flatten, Flow::Child(2)]));
        }
        let pool = Flow::op("adaptive_avg_pool2d", self.avgpool.operation());
        Node::tree("MobileNetV2", [features, ("classifier", self.classifier.describe())]).with_flow(Flow::Chain(vec![
            Flow::Child(0),
            pool,
            flatten,
            Flow::Child(1),
        ]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    #[test]
    fn widths_give_torchvisions_parameter_counts() {
        let device = Device::flex();
        for (name, width, params) in [
            ("mobilenet_v2", 0.35, 1_677_128),
            ("mobilenet_v2", 0.75, 2_636_424),
            ("mobilenet_v2", 1.4, 6_108_776),
            ("mobilenet_v3_small", 0.35, 558_744),
            ("mobilenet_v3_small", 1.25, 3_644_912),
            ("mobilenet_v3_large", 0.5, 1_734_576),
            ("mobilenet_v3_large", 0.75, 3_377_576),
        ] {
            let model = MobileNet::build(name, &BuildOptions { width: Some(width), ..BuildOptions::default() }, &device).unwrap();
            assert_eq!(model.describe().params(), params, "{name} at {width}");
        }
    }

    #[test]
    fn pooling_that_doubles_the_features_widens_the_head() {
        let device = Device::flex();
        let options = BuildOptions::default().with_num_classes(5).with_global_pool(GlobalPoolKind::CatAvgMax);
        for (name, num_features) in [("mobilenet_v2", 2560), ("mobilenet_v3_small", 1024)] {
            let model = MobileNet::build(name, &options, &device).unwrap();
            assert_eq!(model.num_features(), num_features);
            assert_eq!(model.describe().trace([3, 64, 64]).unwrap().output, [5]);
            assert_eq!(model.forward(Tensor::ones([1, 3, 32, 32], &device)).dims(), [1, 5]);
        }
    }

    #[test]
    fn rates_of_stochastic_depth_are_timms() {
        let rates = |name| {
            let model = MobileNet::build(name, &BuildOptions::default().with_drop_path(0.2), &Device::flex()).unwrap();
            let rate = |feature: &Feature| match feature {
                Feature::Conv(_) => None,
                Feature::V2(block) => Some(block.drop_path.rate()),
                Feature::V3(block) => Some(block.drop_path.rate()),
            };
            // Where a branch can be dropped, the description says so.
            let described =
                model.describe().trace([3, 64, 64]).unwrap().layers.iter().filter(|row| row.name.ends_with("drop_path")).count();
            (model.features.iter().filter_map(rate).map(|rate| (rate * 1e5).round() / 1e5).collect::<Vec<_>>(), described)
        };
        let (found, described) = rates("mobilenet_v2");
        assert_eq!((found.len(), found[0], found[1], found[16], described), (17, 0.0, 0.01176, 0.18824, 10));
        let (found, described) = rates("mobilenet_v3_small");
        assert_eq!((found.len(), found[0], found[1], found[10], described), (11, 0.0, 0.01667, 0.16667, 6));
    }

    #[test]
    fn stages_end_before_the_next_stride() {
        let model = MobileNet::build("mobilenet_v2", &BuildOptions::default(), &Device::flex()).unwrap();
        let stages = model.stages([3, 224, 224]).unwrap();
        let found: Vec<_> = stages.iter().map(|s| (s.name.as_str(), s.channels, s.reduction)).collect();
        let want =
            [("features.1", 16, 2), ("features.3", 24, 4), ("features.6", 32, 8), ("features.13", 96, 16), ("features.18", 1280, 32)];
        assert_eq!(found, want);
    }
}
