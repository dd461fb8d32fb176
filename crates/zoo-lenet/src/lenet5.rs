//! LeNet-5.

use burn::module::Module;
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::Device;
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, InputError, ModelInfo, Node, Parts, Sequential, Variant};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, ConvNormAct, FullyConnected, HeadLayer, Layer};

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

impl Sequential for LeNet {
    fn parts(&self) -> Parts<'_> {
        Parts {
            features: &self.features,
            avgpool: None,
            classifier: &self.classifier,
            last: 4,
            width: 84,
            dropout: Some(&self.dropout),
            in_channels: self.in_channels,
            num_classes: self.num_classes,
        }
    }

    fn head_mut(&mut self) -> (&mut Vec<HeadLayer>, &mut usize) {
        (&mut self.classifier, &mut self.num_classes)
    }

    fn last_layer(&self, in_features: usize, num_classes: usize, device: &Device) -> FullyConnected {
        FullyConnected::new(in_features, num_classes, device)
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
        let classifier = vec![linear(flat, 120), act(), linear(120, 84), act()];
        let dropout = DropoutConfig::new(options.dropout.unwrap_or(0.0)).init();
        let mut model = Self { features, classifier, dropout, in_channels, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for LeNet {
    fn describe(&self) -> Node {
        Node::tree("LeNet5", [("features", self.features.describe()), ("classifier", self.classifier.describe())])
            .with_flow(Flow::Chain(vec![Flow::Child(0), Flow::op("flatten", ops::Flatten), Flow::Child(1)]))
    }
}
