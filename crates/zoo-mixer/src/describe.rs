//! The same as data: the tree of the network's operations.

use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Operation, Reach};
use zoo_layers::shape::ShapeError;

use crate::block::MixerBlock;
use crate::model::MlpMixer;

/// An operation of `forward` that is no module.
#[derive(Debug, Clone)]
enum Step {
    /// A map's places, row by row, as tokens: `[channels, rows, columns]` to `[tokens, channels]`.
    ToTokens,
    /// `[tokens, channels]` to `[channels, tokens]` and back, around layers that mix all places.
    Transpose,
    /// The average of all tokens.
    Mean,
}

impl Operation for Step {
    fn name(&self) -> &'static str {
        match self {
            Self::ToTokens => "ToTokens",
            Self::Transpose => "Transpose",
            Self::Mean => "Mean",
        }
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match (self, input) {
            (Self::ToTokens, [channels, rows, columns]) => Ok(vec![rows * columns, *channels]),
            (Self::Transpose, [tokens, channels]) => Ok(vec![*channels, *tokens]),
            (Self::Mean, [_, channels]) => Ok(vec![*channels]),
            _ => Err(ShapeError::Mismatch { layer: self.name(), expected: 2, actual: input.len(), unit: "axes" }),
        }
    }
    fn reach(&self) -> Reach {
        if matches!(self, Self::ToTokens) { Reach::Window } else { Reach::Everything }
    }
}

impl Describe for MixerBlock {
    fn describe(&self) -> Node {
        let children = [
            ("norm1", self.norm1.describe()),
            ("mlp_tokens", self.mlp_tokens.describe().named("Mlp")),
            ("drop_path", self.drop_path.describe()),
            ("norm2", self.norm2.describe()),
            ("mlp_channels", self.mlp_channels.describe().named("Mlp")),
        ];
        let transpose = || Flow::op("transpose", Step::Transpose);
        let beside = |branch| Flow::Sum(vec![Flow::Chain(vec![]), Flow::Chain(branch)]);
        let tokens = beside(vec![Flow::Child(0), transpose(), Flow::Child(1), transpose(), Flow::Child(2)]);
        let channels = beside(vec![Flow::Child(3), Flow::Child(4), Flow::Child(2)]);
        Node::tree("MixerBlock", children).with_flow(Flow::Chain(vec![tokens, channels]))
    }
}

impl Describe for MlpMixer {
    fn describe(&self) -> Node {
        let proj = self.stem.proj.describe().only_for(self.image_size);
        let stem =
            Node::tree("PatchEmbed", [("proj", proj)]).with_flow(Flow::Chain(vec![Flow::Child(0), Flow::op("to_tokens", Step::ToTokens)]));
        let children =
            [("stem", stem), ("blocks", self.blocks.describe()), ("norm", self.norm.describe()), ("head_drop", self.head_drop.describe())];
        let head = self.head.as_ref().map(|head| ("head", head.describe()));
        let last = head.is_some().then_some(Flow::Child(4));
        let mean = Flow::op("mean", Step::Mean);
        let flow = [Flow::Child(0), Flow::Child(1), Flow::Child(2), mean, Flow::Child(3)].into_iter().chain(last);
        Node::tree("MlpMixer", children.into_iter().chain(head)).with_flow(Flow::Chain(flow.collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::{Device, Distribution, Tensor};
    use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, InputError};

    use crate::MlpMixer;

    fn build(name: &str, options: &BuildOptions) -> Result<MlpMixer, BuildError> {
        MlpMixer::build(name, options, &Device::flex())
    }

    /// Multiply-accumulates that PyTorch's `FlopCounterMode` counts in timm's models.
    #[test]
    fn multiply_accumulates_are_pytorchs() {
        let macs = |name| build(name, &BuildOptions::default()).unwrap().describe().trace([3, 224, 224]).unwrap().macs;
        assert_eq!(macs("mixer_s32_224"), 1_002_426_368);
        assert_eq!(macs("mixer_b16_224"), 12_601_767_936);
        assert_eq!(macs("mixer_l16_224"), 44_547_678_208);
    }

    #[test]
    fn a_model_takes_the_size_that_it_is_built_for() {
        let options = BuildOptions::default().with_image_size([64, 96]).with_num_classes(0);
        let model = build("mixer_s32_224", &options).unwrap();
        assert_eq!(model.describe().trace([3, 64, 96]).unwrap().output, [512]);
        assert!(model.check_input([3, 96, 64]).is_err());
        let maps = model.forward_intermediates(Tensor::ones([1, 3, 64, 96], &Device::flex()));
        let found: Vec<_> = maps.into_iter().map(|map| (map.name, map.features.dims())).collect();
        assert_eq!(found, [1, 3, 5, 7].map(|i| (format!("blocks.{i}"), [1, 512, 2, 3])));
        let refused = build("mixer_s32_224", &BuildOptions::default().with_image_size([72, 64])).unwrap_err();
        assert!(matches!(refused, BuildError::BadOption { option: "image_size", .. }), "{refused}");
        let model = build("mixer_s16_224", &BuildOptions::default()).unwrap();
        assert_eq!(model.check_input([3, 256, 256]), Err(InputError::FixedSize { actual: [256, 256], expected: 224 }));
    }

    #[test]
    fn stochastic_depth_grows_to_the_last_block_and_the_head_begins_at_zero() {
        let options = BuildOptions::default().with_drop_path(0.35).with_image_size([32, 32]);
        let model = build("mixer_s32_224", &options).unwrap();
        let rates: Vec<_> = model.blocks.iter().map(|block| block.drop_path.describe().to_torch()).collect();
        assert_eq!((rates[0].as_str(), rates[7].as_str()), ("StochasticDepth(p=0.0, mode=row)", "StochasticDepth(p=0.35, mode=row)"));
        let logits = model.forward(Tensor::random([1, 3, 32, 32], Distribution::Default, &Device::flex()));
        assert_eq!((logits.dims(), logits.abs().max().into_scalar::<f32>()), ([1, 1000], 0.0));
    }
}
