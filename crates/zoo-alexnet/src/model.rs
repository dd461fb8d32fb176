//! The network.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::Device;
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, InputError, Node, Parts, Sequential, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{Activation, ActivationKind, ConvNormAct, FullyConnected, HeadLayer, Layer, Norm, init, smallest_input};

use crate::config::{AlexNetSpec, VARIANTS};
use crate::weights::WEIGHTS;

/// AlexNet, output stride 32.
#[derive(Module, Debug)]
pub struct AlexNet {
    features: Vec<Layer>,
    avgpool: Option<AdaptiveAvgPool2d>,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_classes: usize,
    paper_init: bool,
}

impl Sequential for AlexNet {
    fn parts(&self) -> Parts<'_> {
        Parts {
            features: &self.features,
            avgpool: self.avgpool.as_ref(),
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
        if self.paper_init {
            FullyConnected::normal(in_features, num_classes, 0.01, 0.0, device)
        } else {
            FullyConnected::new(in_features, num_classes, device)
        }
    }
}

impl Family for AlexNet {
    type Spec = AlexNetSpec;
    const NAME: &'static str = "alexnet";
    const VARIANTS: &'static [Variant<AlexNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;

    fn from_variant(variant: &'static Variant<AlexNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let spec = &variant.spec;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let mut channels = in_channels;
        let mut features = vec![];
        for conv in spec.convs {
            let norm = conv.lrn.then_some(Norm::Lrn);
            let block = ConvNormAct { norm, groups: conv.groups, ..ConvNormAct::new(channels, conv.out_channels, conv.window) };
            let init = |layer| if spec.paper_init { init::normal_conv(layer, 0.01, conv.start_bias, device) } else { layer };
            features.extend(block.layers(init, device));
            if conv.pool {
                features.push(Layer::MaxPool(MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init()));
            }
            channels = conv.out_channels;
        }
        let [height, width] = options.image_size.unwrap_or([variant.info.input[1], variant.info.input[2]]);
        let node = features.describe();
        let too_small = |_| match smallest_input(&node, in_channels) {
            Some(found) => InputError::TooSmall { actual: [height, width], smallest: found.size },
            None => InputError::FixedSize { actual: [height, width], expected: variant.info.input[1] },
        };
        let size = node.trace([in_channels, height, width]).map_err(too_small)?.output;
        let flat = if spec.adaptive { channels * 36 } else { size.iter().product() };
        let linear = |inputs, outputs, start_bias| {
            HeadLayer::Linear(if spec.paper_init {
                FullyConnected::normal(inputs, outputs, 0.01, start_bias, device)
            } else {
                FullyConnected::new(inputs, outputs, device)
            })
        };
        let relu = || HeadLayer::Activation(Activation::new(ActivationKind::Relu, device));
        let dropout = || HeadLayer::Dropout(DropoutConfig::new(options.dropout.unwrap_or(0.5)).init());
        let classifier = vec![dropout(), linear(flat, 4096, 1.0), relu(), dropout(), linear(4096, 4096, 1.0), relu()];
        let avgpool = spec.adaptive.then(|| AdaptiveAvgPool2dConfig::new([6, 6]).init());
        let mut model = Self { features, avgpool, classifier, in_channels, num_classes, paper_init: spec.paper_init };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for AlexNet {
    fn describe(&self) -> Node {
        let avgpool = self.avgpool.as_ref().map(|pool| ("avgpool", pool.describe()));
        let children =
            [("features", self.features.describe())].into_iter().chain(avgpool).chain([("classifier", self.classifier.describe())]);
        let last = 1 + usize::from(self.avgpool.is_some());
        let body = (0..last).map(Flow::Child).chain([Flow::op("flatten", ops::Flatten), Flow::Child(last)]);
        Node::tree("AlexNet", children).with_flow(Flow::Chain(body.collect()))
    }
}
