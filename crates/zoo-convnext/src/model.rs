//! The network.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights};
use zoo_layers::shape::Window;
use zoo_layers::{ChannelLayerNorm, FullyConnected, GlobalPool, conv2d, init};

use crate::block::{EPS, STD};
use crate::config::{ConvNeXtSpec, VARIANTS};
use crate::weights::WEIGHTS;
use crate::{CNBlock, Flatten};

/// An entry of the body.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a model has eight
pub enum FeatureLayer {
    /// 4x4 convolution with stride 4 and layer norm: the "patchify" stem.
    Stem((Conv2d, ChannelLayerNorm)),
    /// Blocks of one resolution.
    Stage(Vec<CNBlock>),
    /// Layer norm and 2x2 convolution with stride 2.
    Downsample((ChannelLayerNorm, Conv2d)),
}

impl FeatureLayer {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Stem((conv, norm)) => norm.forward_map(conv.forward(x)),
            Self::Stage(blocks) => blocks.iter().fold(x, |x, block| block.forward(x)),
            Self::Downsample((norm, conv)) => conv.forward(norm.forward_map(x)),
        }
    }
}

impl Describe for FeatureLayer {
    fn describe(&self) -> Node {
        match self {
            Self::Stem((conv, norm)) => Node::sequential([conv.describe(), norm.describe_map()]).named("Conv2dNormActivation"),
            Self::Stage(blocks) => blocks.describe(),
            Self::Downsample((norm, conv)) => Node::sequential([norm.describe_map(), conv.describe()]),
        }
    }
}

/// ConvNeXt, output stride 32.
#[derive(Module, Debug)]
pub struct ConvNeXt {
    features: Vec<FeatureLayer>,
    avgpool: GlobalPool,
    classifier: (ChannelLayerNorm, Flatten, Option<FullyConnected>),
    dropout: Dropout,
    num_features: usize,
    in_channels: usize,
    num_classes: usize,
}

impl Classifier for ConvNeXt {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.features.iter().fold(images, |x, layer| layer.forward(x)))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let (norm, _, last) = &self.classifier;
        let normed = norm.forward(self.avgpool.forward(features.into_map()));
        match last {
            Some(last) if !pre_logits => last.forward(self.dropout.forward(normed)),
            _ => normed,
        }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut kept = vec![];
        let mut x = images;
        for (index, layer) in self.features.iter().enumerate() {
            x = layer.forward(x);
            if matches!(layer, FeatureLayer::Stage(_)) {
                kept.push(Intermediate { name: format!("features.{index}"), features: x.clone() });
            }
        }
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        let stages = self.features.iter().enumerate().filter(|(_, layer)| matches!(layer, FeatureLayer::Stage(_)));
        stages.map(|(index, _)| format!("features.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["classifier.2".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        self.classifier.2 = (num_classes > 0).then(|| FullyConnected::normal(self.num_features, num_classes, STD, 0.0, device));
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

/// The body: a stem, then stages with downsampling between them.
fn features(spec: &ConvNeXtSpec, in_channels: usize, drop_path: f64, device: &Device) -> Vec<FeatureLayer> {
    let conv = |i, o, side: usize| {
        let conv = conv2d(i, o, [Window::new(side).stride(side); 2], 1, true, device);
        init::normal_conv(conv, STD, 0.0, device)
    };
    let norm = |channels| ChannelLayerNorm::new(channels, EPS, device);
    let blocks: usize = spec.num_layers.iter().sum();
    let mut rates = (0..blocks).map(|block| drop_path * block as f64 / (blocks as f64 - 1.0));
    let mut layers = vec![];
    let mut before = None;
    for (channels, num_layers) in spec.channels.into_iter().zip(spec.num_layers) {
        layers.push(match before {
            None => FeatureLayer::Stem((conv(in_channels, channels, 4), norm(channels))),
            Some(before) => FeatureLayer::Downsample((norm(before), conv(before, channels, 2))),
        });
        let stage = rates.by_ref().take(num_layers).map(|rate| CNBlock::new(channels, rate, device));
        layers.push(FeatureLayer::Stage(stage.collect()));
        before = Some(channels);
    }
    layers
}

impl Family for ConvNeXt {
    type Spec = ConvNeXtSpec;
    const NAME: &'static str = "convnext";
    const VARIANTS: &'static [Variant<ConvNeXtSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<ConvNeXtSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let spec = &variant.spec;
        let avgpool = GlobalPool::new(options.global_pool.unwrap_or_default()).as_int();
        let num_features = avgpool.kind().features(spec.channels[3]);
        let mut model = Self {
            features: features(spec, in_channels, options.drop_path.unwrap_or(spec.stochastic_depth_prob), device),
            avgpool,
            classifier: (ChannelLayerNorm::new(num_features, EPS, device), Flatten, None),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            num_features,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for ConvNeXt {
    fn describe(&self) -> Node {
        let (norm, flatten, last) = &self.classifier;
        let head = [norm.describe_map(), flatten.describe()].into_iter().chain(last.as_ref().map(Describe::describe));
        Node::tree(
            "ConvNeXt",
            [("features", self.features.describe()), ("avgpool", self.avgpool.describe()), ("classifier", Node::sequential(head))],
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    fn drop_path(model: &ConvNeXt) -> Vec<String> {
        let print = model.describe().to_torch();
        print.lines().filter_map(|line| Some(line.split_once("StochasticDepth(p=")?.1.split_once(',')?.0.to_owned())).collect()
    }

    #[test]
    fn stochastic_depth_grows_to_the_last_block() {
        let build = |options| ConvNeXt::build("convnext_tiny", &options, &Device::flex()).unwrap();
        let rates = drop_path(&build(BuildOptions::default()));
        assert_eq!((rates.len(), rates[0].as_str(), rates[17].as_str()), (18, "0.0", "0.1"));
        let rates = drop_path(&build(BuildOptions::default().with_drop_path(0.34)));
        assert_eq!((rates[1].as_str(), rates[17].as_str()), ("0.02", "0.34"));
    }

    #[test]
    fn stages_and_pooling() {
        let device = Device::flex();
        let options = BuildOptions::default().with_num_classes(5).with_global_pool(GlobalPoolKind::CatAvgMax);
        let model = ConvNeXt::build("convnext_tiny", &options, &device).unwrap();
        assert_eq!(model.num_features(), 1536);
        assert_eq!(model.describe().trace([3, 40, 70]).unwrap().output, [5]);
        let stages: Vec<_> = model.stages([3, 64, 64]).unwrap().into_iter().map(|s| (s.name, s.channels, s.reduction)).collect();
        let want = [("features.1", 96, 4), ("features.3", 192, 8), ("features.5", 384, 16), ("features.7", 768, 32)];
        assert_eq!(stages, want.map(|(name, channels, reduction)| (name.to_owned(), channels, reduction)));
    }
}
