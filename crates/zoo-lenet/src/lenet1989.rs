//! The network of 1989: H1, H2, H3 and the output.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, InputError, Intermediate, ModelInfo, Node, Variant};
use zoo_layers::ActivationKind;
use zoo_layers::describe::{Flow, ops};

use crate::LocalBiasConv;

/// LeCun et al. 1989, figure 3: H1 has 12 maps of 8x8, H2 12 maps of 4x4 that see eight maps of H1 each, H3 30 units.
/// The paper does not print which eight; the groups here overlap by four, as in the re-implementation by A. Karpathy (2022).
#[derive(Module, Debug)]
pub struct LeNet1989 {
    h1: LocalBiasConv,
    h2: LocalBiasConv,
    h3: Linear,
    output: Option<Linear>,
    dropout: Dropout,
    in_channels: usize,
    num_classes: usize,
}

fn h2_sources() -> Vec<Vec<usize>> {
    vec![(0..8).collect(), (4..12).collect(), (0..4).chain(8..12).collect()]
}

impl LeNet1989 {
    fn h1(&self, images: Tensor<4>) -> Tensor<4> {
        self.h1.forward(images).tanh()
    }

    fn h2(&self, h1: Tensor<4>) -> Tensor<4> {
        self.h2.forward(h1).tanh()
    }
}

/// A fully connected layer that begins uniform in +-2.4 / fan-in, as in the paper.
fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    let bound = 2.4 / inputs as f64;
    let mut layer = LinearConfig::new(inputs, outputs).with_initializer(Initializer::Uniform { min: -bound, max: bound }).init(device);
    layer.bias = Some(Initializer::Zeros.init([outputs], device));
    layer
}

const HIDDEN: usize = 30;

impl Classifier for LeNet1989 {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.h2(self.h1(images)))
    }

    /// The logits are in `[-1, 1]`, since the paper ends with tanh.
    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let h3 = self.h3.forward(features.into_map().flatten(1, 3)).tanh();
        match &self.output {
            Some(output) if !pre_logits => output.forward(self.dropout.forward(h3)).tanh(),
            _ => h3,
        }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let h1 = self.h1(images);
        let h2 = self.h2(h1.clone());
        vec![Intermediate { name: "h1".into(), features: h1 }, Intermediate { name: "h2".into(), features: h2 }]
    }

    fn stage_names(&self) -> Vec<String> {
        vec!["h1".into(), "h2".into()]
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["output".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        self.output = (num_classes > 0).then(|| linear(HIDDEN, num_classes, device));
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        HIDDEN
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for LeNet1989 {
    type Spec = ();
    const NAME: &'static str = "lenet";
    const VARIANTS: &'static [Variant<()>] = &[Variant {
        info: ModelInfo { name: "lenet1989", params: 9_760, input: [1, 16, 16], num_classes: 10, source: "LeCun et al. 1989, section 3" },
        spec: (),
    }];

    fn from_variant(variant: &'static Variant<()>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let image = options.image_size.unwrap_or([16, 16]);
        let too_small = |_| InputError::TooSmall { actual: image, smallest: 1 };
        let size1 = LocalBiasConv::output_size(image).map_err(too_small)?;
        let size2 = LocalBiasConv::output_size(size1).map_err(too_small)?;
        let mut model = Self {
            h1: LocalBiasConv::new(in_channels, 12, size1, vec![(0..in_channels).collect()], device),
            h2: LocalBiasConv::new(12, 12, size2, h2_sources(), device),
            h3: linear(12 * size2[0] * size2[1], HIDDEN, device),
            output: None,
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for LeNet1989 {
    fn describe(&self) -> Node {
        let tanh = || Flow::op("tanh", ops::Activation(ActivationKind::Tanh));
        let output = self.output.as_ref().map(|output| ("output", output.describe()));
        let children = [("h1", self.h1.describe()), ("h2", self.h2.describe()), ("h3", self.h3.describe())];
        let flatten = Flow::op("flatten", ops::Flatten);
        let body = [Flow::Child(0), tanh(), Flow::Child(1), tanh(), flatten, Flow::Child(2), tanh()];
        let last = output.is_some().then(|| [Flow::Child(3), tanh()]);
        let flow = body.into_iter().chain(last.into_iter().flatten()).collect();
        Node::tree("LeNet1989", children.into_iter().chain(output)).with_flow(Flow::Chain(flow))
    }
}
