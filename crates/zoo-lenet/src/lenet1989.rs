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
    output: Linear,
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

    /// The head: H3 and the output.
    ///
    /// # Shapes
    /// - features: `[batch, 12, 4, 4]`; logits: `[batch, num_classes]`, in `[-1, 1]` since the paper ends with tanh
    pub fn forward_head(&self, features: Tensor<4>) -> Tensor<2> {
        let h3 = self.h3.forward(features.flatten(1, 3)).tanh();
        self.output.forward(self.dropout.forward(h3)).tanh()
    }
}

impl Classifier for LeNet1989 {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_head(self.h2(self.h1(images)))
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.h2(self.h1(images)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let h1 = self.h1(images);
        let h2 = self.h2(h1.clone());
        vec![Intermediate { name: "h1".into(), features: h1 }, Intermediate { name: "h2".into(), features: h2 }]
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["output".into()]
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
        let linear = |inputs: usize, outputs: usize| {
            let bound = 2.4 / inputs as f64;
            let mut layer =
                LinearConfig::new(inputs, outputs).with_initializer(Initializer::Uniform { min: -bound, max: bound }).init(device);
            layer.bias = Some(Initializer::Zeros.init([outputs], device));
            layer
        };
        Ok(Self {
            h1: LocalBiasConv::new(in_channels, 12, size1, vec![(0..in_channels).collect()], device),
            h2: LocalBiasConv::new(12, 12, size2, h2_sources(), device),
            h3: linear(12 * size2[0] * size2[1], 30),
            output: linear(30, num_classes),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            in_channels,
            num_classes,
        })
    }
}

impl Describe for LeNet1989 {
    fn describe(&self) -> Node {
        let tanh = || Flow::op("tanh", ops::Activation(ActivationKind::Tanh));
        Node::tree(
            "LeNet1989",
            [("h1", self.h1.describe()), ("h2", self.h2.describe()), ("h3", self.h3.describe()), ("output", self.output.describe())],
        )
        .with_flow(Flow::Chain(vec![
            Flow::Child(0),
            tanh(),
            Flow::Child(1),
            tanh(),
            Flow::op("flatten", ops::Flatten),
            Flow::Child(2),
            tanh(),
            Flow::Child(3),
            tanh(),
        ]))
    }
}
