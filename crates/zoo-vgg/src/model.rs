//! The network.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Variant};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    Activation, ActivationKind, ConvNormAct, FullyConnected, HeadLayer, Layer, Norm, forward_head, forward_intermediates, forward_layers,
    init, krizhevsky_lrn,
};

use crate::config::{Step, VARIANTS, VggSpec};

/// VGG, output stride 32 before the adaptive pooling.
#[derive(Module, Debug)]
pub struct Vgg {
    features: Vec<Layer>,
    avgpool: AdaptiveAvgPool2d,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_classes: usize,
}

impl Vgg {
    /// The head: pooling to 7x7, flattening, three fully connected layers.
    ///
    /// # Shapes
    /// - features: `[batch, 512, height, width]`; logits: `[batch, num_classes]`
    pub fn forward_head(&self, features: Tensor<4>) -> Tensor<2> {
        forward_head(&self.classifier, self.avgpool.forward(features).flatten(1, 3))
    }
}

impl Classifier for Vgg {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_head(forward_layers(&self.features, images))
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(forward_layers(&self.features, images))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        forward_intermediates(&self.features, images)
            .into_iter()
            .map(|(index, features)| Intermediate { name: format!("features.{index}"), features })
            .collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec![format!("classifier.{}", self.classifier.len() - 1)]
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for Vgg {
    type Spec = VggSpec;
    const NAME: &'static str = "vgg";
    const VARIANTS: &'static [Variant<VggSpec>] = VARIANTS;

    fn from_variant(variant: &'static Variant<VggSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let norm = variant.spec.batch_norm.then_some(Norm::Batch);
        let mut channels = in_channels;
        let mut features = vec![];
        for step in variant.spec.layout {
            let (out_channels, kernel_size) = match *step {
                Step::Conv(out_channels) => (out_channels, 3),
                Step::Conv1(out_channels) => (out_channels, 1),
                Step::Lrn => {
                    features.push(Layer::Lrn(krizhevsky_lrn()));
                    continue;
                }
                Step::Pool => {
                    features.push(Layer::MaxPool(MaxPool2dConfig::new([2, 2]).init()));
                    continue;
                }
            };
            let window = Window::new(kernel_size).padding(kernel_size / 2);
            let block = ConvNormAct { norm, ..ConvNormAct::new(channels, out_channels, window) };
            features.extend(block.layers(|conv| init::kaiming_fan_out(conv, device), device));
            channels = out_channels;
        }
        let relu = || HeadLayer::Activation(Activation::new(ActivationKind::Relu, device));
        let dropout = || HeadLayer::Dropout(DropoutConfig::new(options.dropout.unwrap_or(0.5)).init());
        let linear = |i, o| HeadLayer::Linear(FullyConnected::normal(i, o, 0.01, 0.0, device));
        let classifier =
            vec![linear(channels * 49, 4096), relu(), dropout(), linear(4096, 4096), relu(), dropout(), linear(4096, num_classes)];
        Ok(Self { features, avgpool: AdaptiveAvgPool2dConfig::new([7, 7]).init(), classifier, in_channels, num_classes })
    }
}

impl Describe for Vgg {
    fn describe(&self) -> Node {
        Node::tree(
            "VGG",
            [("features", self.features.describe()), ("avgpool", self.avgpool.describe()), ("classifier", self.classifier.describe())],
        )
        .with_flow(Flow::Chain(vec![Flow::Child(0), Flow::Child(1), Flow::op("flatten", ops::Flatten), Flow::Child(2)]))
    }
}
