//! LeNet-5.

use burn::module::Module;
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, InputError, Intermediate, ModelInfo, Node, Variant};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    Activation, ActivationKind, ConvNormAct, FullyConnected, HeadLayer, Layer, forward_head, forward_intermediates, forward_layers,
};

const SOURCE: &str = "LeCun et al. 1998, section II-B";

const fn row(name: &'static str, activation: ActivationKind) -> Variant<ActivationKind> {
    Variant { info: ModelInfo { name, params: 61_706, input: [1, 28, 28], num_classes: 10, source: SOURCE }, spec: activation }
}

/// LeNet-5: two convolutions with average pooling, three fully connected layers.
#[derive(Module, Debug)]
pub struct LeNet {
    features: Vec<Layer>,
    classifier: Vec<HeadLayer>,
    dropout: Dropout,
    in_channels: usize,
    num_classes: usize,
}

impl LeNet {
    /// The head: flattening and three fully connected layers, with dropout (off by default) before the last.
    ///
    /// # Shapes
    /// - features: `[batch, 16, height, width]`; logits: `[batch, num_classes]`
    pub fn forward_head(&self, features: Tensor<4>) -> Tensor<2> {
        let (hidden, last) = self.classifier.split_at(self.classifier.len() - 1);
        forward_head(last, self.dropout.forward(forward_head(hidden, features.flatten(1, 3))))
    }
}

impl Classifier for LeNet {
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

impl Family for LeNet {
    type Spec = ActivationKind;
    const NAME: &'static str = "lenet";
    const VARIANTS: &'static [Variant<ActivationKind>] =
        &[row("lenet5", ActivationKind::Sigmoid), row("lenet5_tanh", ActivationKind::Tanh)];

    fn from_variant(variant: &'static Variant<ActivationKind>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let [height, width] = options.image_size.unwrap_or([28, 28]);
        let activation = Some(variant.spec);
        let conv = |i, o, window| ConvNormAct { activation, ..ConvNormAct::new(i, o, window) }.layers(|conv| conv, device);
        let pool = || Layer::AvgPool(AvgPool2dConfig::new([2, 2]).init());
        let mut features = conv(in_channels, 6, Window::new(5).padding(2));
        features.push(pool());
        features.extend(conv(6, 16, Window::new(5)));
        features.push(pool());
        // The features' size decides the width of the first fully connected layer.
        let too_small = || InputError::TooSmall { actual: [height, width], smallest: 12 };
        let flat: usize = features.describe().trace([in_channels, height, width]).map_err(|_| too_small())?.output.iter().product();
        let linear = |i, o| HeadLayer::Linear(FullyConnected::new(i, o, device));
        let act = || HeadLayer::Activation(Activation::new(variant.spec, device));
        let classifier = vec![linear(flat, 120), act(), linear(120, 84), act(), linear(84, num_classes)];
        let dropout = DropoutConfig::new(options.dropout.unwrap_or(0.0)).init();
        Ok(Self { features, classifier, dropout, in_channels, num_classes })
    }
}

impl Describe for LeNet {
    fn describe(&self) -> Node {
        Node::tree("LeNet5", [("features", self.features.describe()), ("classifier", self.classifier.describe())])
            .with_flow(Flow::Chain(vec![Flow::Child(0), Flow::op("flatten", ops::Flatten), Flow::Child(1)]))
    }
}
