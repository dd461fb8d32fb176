//! The network.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::nn::pool::{AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, Layer, conv2d, forward_layers, init};

use crate::block::{Fire, conv};
use crate::config::{SqueezeNetSpec, Step, VARIANTS};
use crate::weights::WEIGHTS;

/// A step of the body.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // there are thirteen
pub(crate) enum Unit {
    Fire(Fire),
    Layer(Layer),
}

impl Unit {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Fire(fire) => fire.forward(x),
            Self::Layer(layer) => layer.forward(x),
        }
    }
}

impl Describe for Unit {
    fn describe(&self) -> Node {
        match self {
            Self::Fire(fire) => fire.describe(),
            Self::Layer(layer) => layer.describe(),
        }
    }
}

/// Channels of the last Fire module, in both variants.
const WIDTH: usize = 512;

/// SqueezeNet, output stride 16.
#[derive(Module, Debug)]
pub struct SqueezeNet {
    features: Vec<Unit>,
    /// Dropout, convolution to the classes, ReLU, pooling; without classes the pooling alone.
    classifier: Vec<Layer>,
    dropout: f64,
    in_channels: usize,
    num_classes: usize,
}

impl SqueezeNet {
    /// Indices of the units before each pooling, and of the last: the last map of each resolution.
    fn stage_indices(&self) -> Vec<usize> {
        let ends = |index: &usize| matches!(self.features.get(index + 1), None | Some(Unit::Layer(Layer::MaxPool(_))));
        (0..self.features.len()).filter(ends).collect()
    }
}

fn pool() -> Layer {
    Layer::AdaptiveAvgPool(AdaptiveAvgPool2dConfig::new([1, 1]).init())
}

impl Classifier for SqueezeNet {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.features.iter().fold(images, |x, unit| unit.forward(x)))
    }

    /// The last layer is a convolution and pooling follows it, so that what it sees, pooled, is what a model without
    /// classes gives.
    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let map = features.into_map();
        let pooled = if pre_logits { pool().forward(map) } else { forward_layers(&self.classifier, map) };
        pooled.flatten(1, 3)
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let stages = self.stage_indices();
        let mut found = vec![];
        let mut x = images;
        for (index, unit) in self.features.iter().enumerate() {
            x = unit.forward(x);
            if stages.contains(&index) {
                found.push(Intermediate { name: format!("features.{index}"), features: x.clone() });
            }
        }
        found
    }

    fn stage_names(&self) -> Vec<String> {
        self.stage_indices().into_iter().map(|index| format!("features.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["classifier.1".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        self.num_classes = num_classes;
        self.classifier = match num_classes {
            0 => vec![pool()],
            classes => vec![
                Layer::Dropout(DropoutConfig::new(self.dropout).init()),
                Layer::Conv(init::normal_conv(conv2d(WIDTH, classes, [Window::POINT; 2], 1, true, device), 0.01, 0.0, device)),
                Layer::Activation(Activation::new(ActivationKind::Relu, device)),
                pool(),
            ],
        };
    }

    fn num_features(&self) -> usize {
        WIDTH
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for SqueezeNet {
    type Spec = SqueezeNetSpec;
    const NAME: &'static str = "squeezenet";
    const VARIANTS: &'static [Variant<SqueezeNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;

    fn from_variant(variant: &'static Variant<SqueezeNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let mut channels = in_channels;
        let mut features = vec![];
        for step in variant.spec.layout {
            match *step {
                Step::Conv(out_channels, kernel_size) => {
                    let window = Window::new(kernel_size).stride(2);
                    features.push(Unit::Layer(Layer::Conv(conv(channels, out_channels, window, device))));
                    features.push(Unit::Layer(Layer::Activation(Activation::new(ActivationKind::Relu, device))));
                    channels = out_channels;
                }
                Step::Pool => {
                    let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_ceil_mode(true).init();
                    features.push(Unit::Layer(Layer::MaxPool(pool)));
                }
                Step::Fire(squeeze, expand1x1, expand3x3) => {
                    features.push(Unit::Fire(Fire::new(channels, squeeze, expand1x1, expand3x3, device)));
                    channels = expand1x1 + expand3x3;
                }
            }
        }
        let dropout = options.dropout.unwrap_or(0.5);
        let mut model = Self { features, classifier: vec![], dropout, in_channels, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for SqueezeNet {
    fn describe(&self) -> Node {
        Node::tree("SqueezeNet", [("features", self.features.describe()), ("classifier", self.classifier.describe())])
            .with_flow(Flow::Chain(vec![Flow::Child(0), Flow::Child(1), Flow::op("flatten", ops::Flatten)]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn stages_end_before_each_pooling() {
        let stages = |name| SqueezeNet::build(name, &BuildOptions::default(), &Device::flex()).unwrap().stages([3, 224, 224]).unwrap();
        let shown = |name| stages(name).into_iter().map(|s| (s.name, s.channels, s.reduction)).collect::<Vec<_>>();
        let stage = |index: usize, channels, reduction| (format!("features.{index}"), channels, reduction);
        assert_eq!(shown("squeezenet1_0"), [stage(1, 96, 2), stage(5, 256, 4), stage(10, 512, 8), stage(12, 512, 16)]);
        assert_eq!(shown("squeezenet1_1"), [stage(1, 64, 2), stage(4, 128, 4), stage(7, 256, 8), stage(12, 512, 16)]);
    }

    #[test]
    fn no_classes_give_pooled_features_down_to_the_smallest_input() {
        let device = Device::flex();
        for name in ["squeezenet1_0", "squeezenet1_1"] {
            let bare = SqueezeNet::build(name, &BuildOptions::default().with_num_classes(0), &device).unwrap();
            let smallest = bare.smallest_input().unwrap().size;
            let images = Tensor::ones([2, 3, smallest, smallest], &device);
            let pooled = bare.forward(images.clone());
            let sees = bare.forward_head(bare.forward_features(images), true);
            assert_eq!(pooled.dims(), [2, 512]);
            assert_eq!(pooled.into_data(), sees.into_data());
        }
    }
}
