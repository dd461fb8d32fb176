//! MnasNet-B1.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    ConvNormAct, FullyConnected, GlobalPool, HeadLayer, forward_head, forward_keeping, head_with_dropout_in_place, resolution_ends,
    scale_channels,
};

use crate::block::{InvertedResidual, MnasLayer, conv};
use crate::config::{B1, HEAD, MnasNetSpec, STEM, VARIANTS};
use crate::weights::{ALIASES, WEIGHTS};

/// MnasNet-B1, output stride 32 before the global pooling.
#[derive(Module, Debug)]
pub struct MnasNet {
    layers: Vec<MnasLayer>,
    pool: GlobalPool,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_classes: usize,
}

/// Index of the last layer in `classifier`, after the dropout.
const LAST: usize = 1;

impl Classifier for MnasNet {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(MnasLayer::forward_all(&self.layers, images))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let (dropout, last) = self.classifier.split_at(LAST.min(self.classifier.len()));
        let hidden = forward_head(dropout, self.pool.forward(features.into_map()));
        if pre_logits { hidden } else { forward_head(last, hidden) }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let kept = forward_keeping(&self.layers, &resolution_ends(&self.layers, self.in_channels), MnasLayer::forward, images);
        kept.into_iter().map(|(index, features)| Intermediate { name: format!("layers.{index}"), features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        resolution_ends(&self.layers, self.in_channels).into_iter().map(|index| format!("layers.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec![format!("classifier.{LAST}")]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        // Kaiming uniform (fan out) with gain 1.
        let bound = (3.0 / num_classes.max(1) as f64).sqrt();
        let last = || HeadLayer::Linear(FullyConnected::uniform(self.num_features(), num_classes, bound, device));
        let fresh = (num_classes > 0).then(last);
        self.classifier.truncate(LAST);
        self.classifier.extend(fresh);
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.pool.kind().features(HEAD)
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for MnasNet {
    type Spec = MnasNetSpec;
    const NAME: &'static str = "mnasnet";
    const VARIANTS: &'static [Variant<MnasNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const ALIASES: &'static [(&'static str, &'static str)] = ALIASES;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool, Setting::Width];

    fn from_variant(variant: &'static Variant<MnasNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let scale = |channels| scale_channels(channels, options.width.unwrap_or(variant.spec.width));
        let [stem, mut channels] = STEM.map(scale);
        let window = Window::new(3).padding(1);
        let depthwise = ConvNormAct { groups: stem, ..ConvNormAct::batch_norm(stem, stem, window) };
        let mut layers: Vec<_> = [
            conv(ConvNormAct::batch_norm(in_channels, stem, window.stride(2)), true, device),
            conv(depthwise, true, device),
            conv(ConvNormAct::batch_norm(stem, channels, Window::POINT), false, device),
        ]
        .into_iter()
        .flatten()
        .map(MnasLayer::Layer)
        .collect();
        // timm's rule, by which the separable convolution above is the first block.
        let blocks = 1 + B1.iter().map(|stack| stack.repeats).sum::<usize>();
        let mut number = 1;
        for stack in B1 {
            let out_channels = scale(stack.channels);
            let mut units = vec![];
            for index in 0..stack.repeats {
                let stride = if index == 0 { stack.stride } else { 1 };
                let rate = options.drop_path.unwrap_or(0.0) * number as f64 / blocks as f64;
                units.push(InvertedResidual::new([channels, out_channels], stride, stack, rate, device));
                channels = out_channels;
                number += 1;
            }
            layers.push(MnasLayer::Stack(units));
        }
        layers.extend(conv(ConvNormAct::batch_norm(channels, HEAD, Window::POINT), true, device).into_iter().map(MnasLayer::Layer));
        let dropout = HeadLayer::Dropout(DropoutConfig::new(options.dropout.unwrap_or(0.2)).init());
        let pool = GlobalPool::new(options.global_pool.unwrap_or_default());
        let mut model = Self { layers, pool, classifier: vec![dropout], in_channels, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for MnasNet {
    fn describe(&self) -> Node {
        let mean = Flow::op("mean", self.pool.operation());
        let flatten = Flow::op("flatten", ops::Flatten);
        Node::tree("MNASNet", [("layers", self.layers.describe()), ("classifier", head_with_dropout_in_place(&self.classifier))])
            .with_flow(Flow::Chain(vec![Flow::Child(0), mean, flatten, Flow::Child(1)]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    #[test]
    fn other_widths_give_torchvisions_parameter_counts() {
        for (width, params) in [(0.35, 1_788_232), (1.4, 7_115_728)] {
            let options = BuildOptions { width: Some(width), ..BuildOptions::default() };
            let model = MnasNet::build("mnasnet1_0", &options, &Device::flex()).unwrap();
            assert_eq!(model.describe().params(), params, "{width}");
        }
    }

    #[test]
    fn rates_of_stochastic_depth_are_timms() {
        let model = MnasNet::build("mnasnet1_0", &BuildOptions::default().with_drop_path(0.17), &Device::flex()).unwrap();
        let stacks = model.layers.iter().filter_map(|layer| if let MnasLayer::Stack(blocks) = layer { Some(blocks) } else { None });
        let rates: Vec<_> = stacks.flatten().map(|block| block.drop_path.rate()).collect();
        assert_eq!(rates.len(), 16);
        assert!(rates.iter().zip(1..).all(|(rate, number)| (rate - 0.01 * f64::from(number)).abs() < 1e-12), "{rates:?}");
    }

    #[test]
    fn stages_end_before_the_next_stride_and_pooling_may_double() {
        let options = BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax).with_num_classes(4);
        let device = Device::flex();
        let model = MnasNet::build("mnasnet0_5", &options, &device).unwrap();
        let stages = model.stages([3, 224, 224]).unwrap();
        let found: Vec<_> = stages.iter().map(|s| (s.name.as_str(), s.channels, s.reduction)).collect();
        assert_eq!(found, [("layers.7", 8, 2), ("layers.8", 16, 4), ("layers.9", 24, 8), ("layers.11", 48, 16), ("layers.16", 1280, 32)]);
        assert_eq!((model.num_features(), model.forward(Tensor::ones([1, 3, 32, 32], &device)).dims()), (2560, [1, 4]));
    }
}
