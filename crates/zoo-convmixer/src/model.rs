//! The network.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{FullyConnected, GlobalPool, Layer, forward_keeping, forward_layers};

use crate::Unit;
use crate::block::{block, stem};
use crate::config::{ConvMixerSpec, VARIANTS};
use crate::weights::WEIGHTS;

/// ConvMixer, output stride that of its patches.
#[derive(Module, Debug)]
pub struct ConvMixer {
    stem: Vec<Layer>,
    blocks: Vec<Vec<Unit>>,
    global_pool: GlobalPool,
    head_drop: Dropout,
    head: Option<FullyConnected>,
    num_features: usize,
    in_channels: usize,
    num_classes: usize,
}

fn forward_block(units: &[Unit], x: Tensor<4>) -> Tensor<4> {
    units.iter().fold(x, |x, unit| unit.forward(x))
}

impl ConvMixer {
    /// Indices of the blocks that end a quarter of the depth: all maps have one resolution.
    fn quarters(&self) -> [usize; 4] {
        let depth = self.blocks.len();
        [1, 2, 3, 4].map(|quarter| (quarter * depth / 4).max(1) - 1)
    }
}

impl Classifier for ConvMixer {
    pooled_head! {
        pool: global_pool,
        dropout: head_drop,
        last: head,
        fresh: |net, classes, device| FullyConnected::new(net.num_features, classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let patches = forward_layers(&self.stem, images);
        Features::Map(self.blocks.iter().fold(patches, |x, units| forward_block(units, x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let kept = forward_keeping(&self.blocks, &self.quarters(), |units, x| forward_block(units, x), forward_layers(&self.stem, images));
        kept.into_iter().map(|(index, features)| Intermediate { name: format!("blocks.{index}"), features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        self.quarters().map(|index| format!("blocks.{index}")).to_vec()
    }

    fn num_features(&self) -> usize {
        self.num_features
    }
}

impl Family for ConvMixer {
    type Spec = ConvMixerSpec;
    const NAME: &'static str = "convmixer";
    const VARIANTS: &'static [Variant<ConvMixerSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool, Setting::Activation];

    fn from_variant(variant: &'static Variant<ConvMixerSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let ConvMixerSpec { dim, depth, kernel_size, patch_size, activation } = variant.spec;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let activation = options.activation.unwrap_or(activation);
        let global_pool = GlobalPool::new(options.global_pool.unwrap_or_default()).as_int();
        let mut model = Self {
            stem: stem(in_channels, dim, patch_size, activation, device),
            blocks: (0..depth).map(|_| block(dim, kernel_size, activation, device)).collect(),
            num_features: global_pool.kind().features(dim),
            global_pool,
            head_drop: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            head: None,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for ConvMixer {
    fn describe(&self) -> Node {
        let children = [
            ("stem", self.stem.describe()),
            ("blocks", self.blocks.describe()),
            ("global_pool", self.global_pool.describe()),
            ("head_drop", self.head_drop.describe()),
        ];
        let head = self.head.as_ref().map(|head| ("head", head.describe()));
        let last = head.is_some().then_some(Flow::Child(4));
        // timm's pooling flattens.
        let flatten = [Flow::Child(2), Flow::op("flatten", ops::Flatten), Flow::Child(3)];
        let flow = [Flow::Child(0), Flow::Child(1)].into_iter().chain(flatten).chain(last);
        Node::tree("ConvMixer", children.into_iter().chain(head)).with_flow(Flow::Chain(flow.collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_core::params;
    use zoo_layers::{ActivationKind, GlobalPoolKind};

    fn build(name: &str, options: &BuildOptions) -> ConvMixer {
        ConvMixer::build(name, options, &Device::flex()).unwrap()
    }

    /// Multiply-accumulates that PyTorch's `FlopCounterMode` counts in timm's models.
    #[test]
    fn multiply_accumulates_are_pytorchs() {
        let macs = |name| build(name, &BuildOptions::default()).describe().trace([3, 224, 224]).unwrap().macs;
        assert_eq!(macs("convmixer_768_32"), 20_676_851_712);
        assert_eq!(macs("convmixer_1024_20_ks9_p14"), 5_948_547_072);
        assert_eq!(macs("convmixer_1536_20"), 51_099_168_768);
    }

    #[test]
    fn stages_end_quarters_of_the_depth() {
        let model = build("convmixer_1024_20_ks9_p14", &BuildOptions::default());
        let stages: Vec<_> = model.stages([3, 224, 224]).unwrap().into_iter().map(|s| (s.name, s.channels, s.reduction)).collect();
        assert_eq!(stages, [4, 9, 14, 19].map(|i| (format!("blocks.{i}"), 1024, 14)));
        assert_eq!(model.smallest_input().unwrap().size, 14);
    }

    #[test]
    fn pooling_and_activation_can_be_chosen() {
        let options = BuildOptions { activation: Some(ActivationKind::PRelu), ..BuildOptions::default() };
        let model = build("convmixer_768_32", &options.with_global_pool(GlobalPoolKind::CatAvgMax).with_num_classes(3));
        assert_eq!(model.num_features(), 1536);
        let slopes = params::param_table(&model).into_iter().filter(|p| p.shape == [1]).count();
        assert_eq!(slopes, 1 + 2 * 32);
        assert_eq!(model.describe().trace([3, 30, 45]).unwrap().output, [3]);
        assert_eq!(params::num_trainable(&model), model.describe().params());
    }
}
