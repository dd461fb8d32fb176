//! The network.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{FullyConnected, GlobalPool, forward_keeping, resolution_ends};

use crate::Mixed;
use crate::config::{InceptionV4Spec, ModuleSpec, VARIANTS};
use crate::weights::WEIGHTS;

/// Dropout before the last layer: the paper keeps 0.8 (figure 9).
const DROPOUT: f64 = 0.2;

/// Inception v4, output stride 32.
#[derive(Module, Debug)]
pub struct InceptionV4 {
    features: Vec<Mixed>,
    global_pool: GlobalPool,
    head_drop: Dropout,
    last_linear: Option<FullyConnected>,
    /// timm's type name of each module.
    #[module(skip)]
    kinds: Vec<&'static str>,
    num_features: usize,
    in_channels: usize,
    num_classes: usize,
}

impl InceptionV4 {
    /// Indices of the modules that give the last map of each resolution.
    fn ends(&self) -> Vec<usize> {
        resolution_ends(&self.features, self.in_channels)
    }
}

impl Classifier for InceptionV4 {
    pooled_head! {
        pool: global_pool,
        dropout: head_drop,
        last: last_linear,
        fresh: |net, classes, device| FullyConnected::new(net.num_features, classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.features.iter().fold(images, |x, module| module.forward(x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let kept = forward_keeping(&self.features, &self.ends(), Mixed::forward, images);
        kept.into_iter().map(|(index, features)| Intermediate { name: format!("features.{index}"), features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        self.ends().into_iter().map(|index| format!("features.{index}")).collect()
    }

    fn num_features(&self) -> usize {
        self.num_features
    }
}

impl Family for InceptionV4 {
    type Spec = InceptionV4Spec;
    const NAME: &'static str = "inception_v4";
    const VARIANTS: &'static [Variant<InceptionV4Spec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<InceptionV4Spec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let global_pool = GlobalPool::new(options.global_pool.unwrap_or_default()).as_int();
        let (mut features, mut kinds, mut channels) = (vec![], vec![], in_channels);
        for (count, spec) in variant.spec.body {
            let kind = match spec {
                ModuleSpec::One(_) => "ConvNormAct",
                ModuleSpec::Joined(kind, _) => kind,
                ModuleSpec::InceptionC => "InceptionC",
            };
            for _ in 0..*count {
                let (module, out_channels) = Mixed::new(spec, channels, device);
                features.push(module);
                kinds.push(kind);
                channels = out_channels;
            }
        }
        let mut model = Self {
            features,
            num_features: global_pool.kind().features(channels),
            global_pool,
            head_drop: DropoutConfig::new(options.dropout.unwrap_or(DROPOUT)).init(),
            last_linear: None,
            kinds,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for InceptionV4 {
    fn describe(&self) -> Node {
        let features = self.features.iter().zip(&self.kinds).map(|(module, kind)| module.describe().named(kind));
        let children = [
            ("features", Node::sequential(features)),
            ("global_pool", self.global_pool.describe()),
            ("head_drop", self.head_drop.describe()),
        ];
        let last = self.last_linear.as_ref().map(|last| ("last_linear", last.describe()));
        let end = last.is_some().then_some(Flow::Child(3));
        // timm's pooling flattens.
        let flow = [Flow::Child(0), Flow::Child(1), Flow::op("flatten", ops::Flatten), Flow::Child(2)].into_iter().chain(end);
        Node::tree("InceptionV4", children.into_iter().chain(last)).with_flow(Flow::Chain(flow.collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    fn build(options: &BuildOptions) -> InceptionV4 {
        InceptionV4::build("inception_v4", options, &Device::flex()).unwrap()
    }

    /// Multiply-accumulates that PyTorch's `FlopCounterMode` counts in timm's model.
    #[test]
    fn multiply_accumulates_are_pytorchs() {
        assert_eq!(build(&BuildOptions::default()).describe().trace([3, 299, 299]).unwrap().macs, 12_253_974_624);
    }

    #[test]
    fn stages_and_pooling() {
        let model = build(&BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax).with_num_classes(3));
        assert_eq!((model.num_features(), model.smallest_input().unwrap().size), (3072, 75));
        assert_eq!(model.describe().trace([3, 80, 120]).unwrap().output, [3]);
        let stages: Vec<_> = model.stages([3, 299, 299]).unwrap().into_iter().map(|s| (s.name, s.channels, s.reduction)).collect();
        let want = [(2, 64, 2), (4, 192, 4), (9, 384, 8), (17, 1024, 16), (21, 1536, 32)];
        assert_eq!(stages, want.map(|(index, channels, reduction)| (format!("features.{index}"), channels, reduction)));
    }
}
