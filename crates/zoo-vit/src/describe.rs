//! The same as data: the tree of the network's operations.

use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Operation, Reach};
use zoo_layers::shape::ShapeError;

use crate::block::{EncoderBlock, MultiHeadAttention};
use crate::model::VisionTransformer;

/// An operation of `forward` that is no module, on tokens `[tokens, channels]`.
#[derive(Debug, Clone)]
enum Step {
    /// A map's places as tokens, with a class token of so many channels before them.
    ClassToken(usize),
    /// Adds an embedding `[tokens, channels]`.
    Positions([usize; 2]),
    /// The joint layer of queries, keys and values: its inputs and its parameters.
    InProj(usize, usize),
    /// Attention of all tokens to all; the input holds queries, keys and values.
    Attention,
    /// Keeps the class token.
    Select,
}

fn expect(unit: &'static str, expected: usize, actual: usize) -> Result<(), ShapeError> {
    if expected == actual { Ok(()) } else { Err(ShapeError::Mismatch { layer: "Encoder", expected, actual, unit }) }
}

impl Operation for Step {
    fn name(&self) -> &'static str {
        match self {
            Self::ClassToken(_) => "ClassToken",
            Self::Positions(_) => "PositionEmbedding",
            Self::InProj(..) => "Linear",
            Self::Attention => "ScaledDotProductAttention",
            Self::Select => "Select",
        }
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match (self, input) {
            (Self::ClassToken(channels), [of_map, places @ ..]) => {
                expect("channels", *channels, *of_map)?;
                Ok(vec![1 + places.iter().product::<usize>(), *channels])
            }
            (Self::Positions(shape), [tokens, channels]) => {
                expect("tokens", shape[0], *tokens)?;
                expect("channels", shape[1], *channels)?;
                Ok(input.to_vec())
            }
            (Self::InProj(inputs, _), [tokens, channels]) => {
                expect("channels", *inputs, *channels)?;
                Ok(vec![*tokens, 3 * channels])
            }
            (Self::Attention, [tokens, channels]) => Ok(vec![*tokens, channels / 3]),
            (Self::Select, [_, channels]) => Ok(vec![*channels]),
            _ => Err(ShapeError::Mismatch { layer: "Encoder", expected: 2, actual: input.len(), unit: "axes" }),
        }
    }
    fn params(&self) -> usize {
        match self {
            Self::ClassToken(channels) => *channels,
            Self::Positions([tokens, channels]) => tokens * channels,
            Self::InProj(_, params) => *params,
            Self::Attention | Self::Select => 0,
        }
    }
    fn macs(&self, input: &[usize], output: &[usize]) -> u64 {
        let values = output.iter().product::<usize>();
        (match self {
            Self::InProj(inputs, _) => values * inputs,
            // Each value of the output is a sum over all tokens, and so is (before) each head's score.
            Self::Attention => 2 * values * input[0],
            _ => 0,
        }) as u64
    }
    fn is_product(&self) -> bool {
        matches!(self, Self::InProj(..) | Self::Attention)
    }
    fn reach(&self) -> Reach {
        if matches!(self, Self::Attention) { Reach::Everything } else { Reach::Window }
    }
}

impl Describe for MultiHeadAttention {
    fn describe(&self) -> Node {
        let channels = self.out_proj.weight.lazy_shape()[0];
        let out_proj = self.out_proj.describe().renamed("NonDynamicallyQuantizableLinear");
        let in_proj = Flow::op("in_proj", Step::InProj(channels, self.in_proj_params()));
        let flow = vec![in_proj, Flow::op("attention", Step::Attention), Flow::Child(0)];
        Node::tree("MultiheadAttention", [("out_proj", out_proj)]).with_flow(Flow::Chain(flow))
    }
}

impl Describe for EncoderBlock {
    fn describe(&self) -> Node {
        let children = [
            ("ln_1", self.ln_1.describe()),
            ("self_attention", self.self_attention.describe()),
            ("dropout", self.dropout.describe()),
            ("ln_2", self.ln_2.describe()),
            ("mlp", self.mlp.describe().named("MLPBlock")),
        ];
        let beside = |steps: &[usize]| Flow::Sum(vec![Flow::Chain(vec![]), Flow::Chain(steps.iter().map(|i| Flow::Child(*i)).collect())]);
        Node::tree("EncoderBlock", children).with_flow(Flow::Chain(vec![beside(&[0, 1, 2]), beside(&[3, 4])]))
    }
}

impl Describe for VisionTransformer {
    fn describe(&self) -> Node {
        let shape = self.encoder.pos_embedding.lazy_shape();
        let (tokens, channels) = (shape[1], shape[2]);
        let layers = self.encoder.layers.describe();
        let encoder = [("dropout", self.encoder.dropout.describe()), ("layers", layers), ("ln", self.encoder.ln.describe())];
        let positions = Flow::op("pos_embedding", Step::Positions([tokens, channels]));
        let encoder =
            Node::tree("Encoder", encoder).with_flow(Flow::Chain([positions].into_iter().chain((0..3).map(Flow::Child)).collect()));
        let heads = Node::tree("Sequential", self.heads.head.as_ref().map(|head| ("head", head.describe())));
        let children = [("conv_proj", self.conv_proj.describe().only_for(self.image_size)), ("encoder", encoder), ("heads", heads)];
        let class_token = Flow::op("class_token", Step::ClassToken(channels));
        let flow = vec![Flow::Child(0), class_token, Flow::Child(1), Flow::op("select", Step::Select), Flow::Child(2)];
        Node::tree("VisionTransformer", children).with_flow(Flow::Chain(flow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::{Device, Distribution, Tensor};
    use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, InputError};

    use crate::VisionTransformer;

    fn build(options: &BuildOptions) -> Result<VisionTransformer, BuildError> {
        VisionTransformer::build("vit_b_32", options, &Device::flex())
    }

    #[test]
    fn an_oblong_picture_has_positions_of_its_own() {
        let model = build(&BuildOptions::default().with_image_size([64, 96]).with_num_classes(0)).unwrap();
        assert!(model.check_input([3, 64, 96]).is_ok());
        assert!(model.check_input([3, 96, 64]).is_err());
        assert_eq!(model.describe().trace([3, 64, 96]).unwrap().output, [768]);
        // The file's 7x7 grid becomes one of 2x3; its class token stays.
        let file: Vec<f32> = (0..50 * 768).map(|i| i as f32).collect();
        let new = model.adapt_weight("encoder.pos_embedding", &[1, 7, 768], &[1, 50, 768], &file).unwrap();
        assert_eq!((new.len(), &new[..768]), (7 * 768, &file[..768]));
        // Corners lie on corners.
        assert_eq!((&new[768..2 * 768], &new[6 * 768..]), (&file[768..2 * 768], &file[49 * 768..]));
        assert_eq!(model.adapt_weight("class_token", &[1, 1, 768], &[1, 2, 768], &file[..2 * 768]), None);
    }

    #[test]
    fn sizes_that_do_not_suit_are_refused() {
        let refused = build(&BuildOptions::default().with_image_size([72, 64])).unwrap_err();
        assert!(matches!(refused, BuildError::BadOption { option: "image_size", .. }), "{refused}");
        let model = build(&BuildOptions::default()).unwrap();
        assert_eq!(model.check_input([3, 256, 256]), Err(InputError::FixedSize { actual: [256, 256], expected: 224 }));
    }

    #[test]
    fn old_keys_are_known() {
        let model = build(&BuildOptions::default()).unwrap();
        let renamed = model.rename_key("encoder.layers.encoder_layer_7.mlp.linear_2.bias");
        assert_eq!(renamed.as_deref(), Some("encoder.layers.encoder_layer_7.mlp.3.bias"));
        assert_eq!(model.rename_key("encoder.ln.bias"), None);
    }

    #[test]
    fn stochastic_depth_grows_to_the_last_block_and_the_head_begins_at_zero() {
        let device = Device::flex();
        let model = build(&BuildOptions::default().with_drop_path(0.4).with_image_size([32, 32])).unwrap();
        let rates: Vec<_> = model.encoder.layers.iter().map(|block| block.drop_path.describe().to_torch()).collect();
        assert_eq!((rates[0].as_str(), rates[11].as_str()), ("StochasticDepth(p=0.0, mode=row)", "StochasticDepth(p=0.4, mode=row)"));
        let logits = model.forward(Tensor::random([1, 3, 32, 32], Distribution::Default, &device));
        assert_eq!((logits.dims(), logits.abs().max().into_scalar::<f32>()), ([1, 1000], 0.0));
    }
}
