//! The network.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::Device;
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Node, Parts, Sequential, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, ConvNormAct, FullyConnected, HeadLayer, Layer, Norm, init, krizhevsky_lrn};

use crate::config::{Step, VARIANTS, VggSpec};
use crate::weights::WEIGHTS;

/// VGG, output stride 32 before the adaptive pooling.
#[derive(Module, Debug)]
pub struct Vgg {
    features: Vec<Layer>,
    avgpool: AdaptiveAvgPool2d,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_classes: usize,
}

impl Sequential for Vgg {
    fn parts(&self) -> Parts<'_> {
        Parts {
            features: &self.features,
            avgpool: Some(&self.avgpool),
            classifier: &self.classifier,
            last: 6,
            width: 4096,
            dropout: None,
            in_channels: self.in_channels,
            num_classes: self.num_classes,
        }
    }

    fn head_mut(&mut self) -> (&mut Vec<HeadLayer>, &mut usize) {
        (&mut self.classifier, &mut self.num_classes)
    }

    fn last_layer(&self, in_features: usize, num_classes: usize, device: &Device) -> FullyConnected {
        FullyConnected::normal(in_features, num_classes, 0.01, 0.0, device)
    }
}

impl Family for Vgg {
    type Spec = VggSpec;
    const NAME: &'static str = "vgg";
    const VARIANTS: &'static [Variant<VggSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;

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
        let classifier = vec![linear(channels * 49, 4096), relu(), dropout(), linear(4096, 4096), relu(), dropout()];
        let avgpool = AdaptiveAvgPool2dConfig::new([7, 7]).init();
        let mut model = Self { features, avgpool, classifier, in_channels, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
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
