//! The network.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, InputError, Intermediate, Node, Variant};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{
    Activation, ActivationKind, ConvNormAct, FullyConnected, HeadLayer, Layer, Norm, forward_head, forward_intermediates, forward_layers,
    init, smallest_input,
};

use crate::config::{AlexNetSpec, VARIANTS};

/// AlexNet, output stride 32.
#[derive(Module, Debug)]
pub struct AlexNet {
    features: Vec<Layer>,
    avgpool: Option<AdaptiveAvgPool2d>,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_classes: usize,
}

impl AlexNet {
    /// The head: adaptive pooling where the variant has it, three fully connected layers with dropout before two.
    ///
    /// # Shapes
    /// - features: `[batch, 256, height, width]`; logits: `[batch, num_classes]`
    pub fn forward_head(&self, features: Tensor<4>) -> Tensor<2> {
        let pooled = match &self.avgpool {
            Some(pool) => pool.forward(features),
            None => features,
        };
        forward_head(&self.classifier, pooled.flatten(1, 3))
    }
}

impl Classifier for AlexNet {
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

impl Family for AlexNet {
    type Spec = AlexNetSpec;
    const NAME: &'static str = "alexnet";
    const VARIANTS: &'static [Variant<AlexNetSpec>] = VARIANTS;

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
        let classifier =
            vec![dropout(), linear(flat, 4096, 1.0), relu(), dropout(), linear(4096, 4096, 1.0), relu(), linear(4096, num_classes, 0.0)];
        let avgpool = spec.adaptive.then(|| AdaptiveAvgPool2dConfig::new([6, 6]).init());
        Ok(Self { features, avgpool, classifier, in_channels, num_classes })
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
