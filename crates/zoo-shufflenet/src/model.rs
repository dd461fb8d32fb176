//! The network.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{ConvNormAct, FullyConnected, GlobalPool, Layer, forward_layers, maps};

use crate::InvertedResidual;
use crate::config::{ShuffleNetSpec, VARIANTS};
use crate::weights::WEIGHTS;

/// ShuffleNet V2, output stride 32.
#[derive(Module, Debug)]
pub struct ShuffleNetV2 {
    conv1: Vec<Layer>,
    maxpool: MaxPool2d,
    stage2: Vec<InvertedResidual>,
    stage3: Vec<InvertedResidual>,
    stage4: Vec<InvertedResidual>,
    conv5: Vec<Layer>,
    pool: GlobalPool,
    dropout: Dropout,
    fc: Option<FullyConnected>,
    num_features: usize,
    in_channels: usize,
    num_classes: usize,
}

/// The last map of each resolution.
const STAGES: [&str; 5] = ["conv1", "maxpool", "stage2", "stage3", "conv5"];

impl ShuffleNetV2 {
    /// The maps of [`STAGES`].
    fn maps(&self, images: Tensor<4>) -> [Tensor<4>; 5] {
        let units = |units: &[InvertedResidual], x: Tensor<4>| units.iter().fold(x, |x, unit| unit.forward(x));
        let conv1 = forward_layers(&self.conv1, images);
        let maxpool = maps::max_pool2d(&self.maxpool, conv1.clone());
        let stage2 = units(&self.stage2, maxpool.clone());
        let stage3 = units(&self.stage3, stage2.clone());
        let conv5 = forward_layers(&self.conv5, units(&self.stage4, stage3.clone()));
        [conv1, maxpool, stage2, stage3, conv5]
    }
}

impl Classifier for ShuffleNetV2 {
    pooled_head! {
        pool: pool,
        dropout: dropout,
        last: fc,
        fresh: |net, classes, device| FullyConnected::new(net.num_features, classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let [.., last] = self.maps(images);
        Features::Map(last)
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let named = self.stage_names().into_iter().zip(self.maps(images));
        named.map(|(name, features)| Intermediate { name, features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        STAGES.map(str::to_owned).to_vec()
    }

    fn num_features(&self) -> usize {
        self.num_features
    }
}

impl Family for ShuffleNetV2 {
    type Spec = ShuffleNetSpec;
    const NAME: &'static str = "shufflenet";
    const VARIANTS: &'static [Variant<ShuffleNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<ShuffleNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let ShuffleNetSpec { stages_repeats: repeats, stages_out_channels: [first, c2, c3, c4, last] } = variant.spec;
        let conv = |i, o, window| ConvNormAct::batch_norm(i, o, window).layers(|conv| conv, device);
        let stage = |i, o, units: usize| {
            let basic = (1..units).map(|_| InvertedResidual::basic(o, device));
            std::iter::once(InvertedResidual::downsampling(i, o, device)).chain(basic).collect()
        };
        let pool = GlobalPool::new(options.global_pool.unwrap_or_default());
        let mut model = Self {
            conv1: conv(in_channels, first, Window::new(3).stride(2).padding(1)),
            maxpool: MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(),
            stage2: stage(first, c2, repeats[0]),
            stage3: stage(c2, c3, repeats[1]),
            stage4: stage(c3, c4, repeats[2]),
            conv5: conv(c4, last, Window::POINT),
            num_features: pool.kind().features(last),
            pool,
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            fc: None,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for ShuffleNetV2 {
    fn describe(&self) -> Node {
        let body = [
            ("conv1", self.conv1.describe()),
            ("maxpool", self.maxpool.describe()),
            ("stage2", self.stage2.describe()),
            ("stage3", self.stage3.describe()),
            ("stage4", self.stage4.describe()),
            ("conv5", self.conv5.describe()),
        ];
        let mut flow: Vec<_> = (0..body.len()).map(Flow::Child).collect();
        flow.extend([Flow::op("mean", self.pool.operation()), Flow::op("flatten", ops::Flatten)]);
        if self.fc.is_some() {
            flow.push(Flow::Child(body.len()));
        }
        let fc = self.fc.as_ref().map(|fc| ("fc", fc.describe()));
        Node::tree("ShuffleNetV2", body.into_iter().chain(fc)).with_flow(Flow::Chain(flow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    #[test]
    fn stages_and_pooling() {
        let device = Device::flex();
        let options = BuildOptions::default().with_num_classes(5).with_global_pool(GlobalPoolKind::CatAvgMax);
        let model = ShuffleNetV2::build("shufflenet_v2_x0_5", &options, &device).unwrap();
        assert_eq!(model.num_features(), 2048);
        let reductions: Vec<_> = model.stages([3, 64, 64]).unwrap().into_iter().map(|s| (s.channels, s.reduction)).collect();
        assert_eq!(reductions, [(24, 2), (24, 4), (48, 8), (96, 16), (1024, 32)]);
        let images = Tensor::ones([2, 3, 33, 40], &device);
        assert_eq!(model.forward(images).dims(), [2, 5]);
        assert_eq!(model.describe().trace([3, 33, 40]).unwrap().output, [5]);
    }

    #[test]
    fn what_it_has_not_is_refused() {
        let options = BuildOptions::default().with_drop_path(0.1);
        let refused = ShuffleNetV2::build("shufflenet_v2_x1_0", &options, &Device::flex()).unwrap_err();
        assert!(matches!(refused, BuildError::Unsupported { option: "drop_path", .. }), "{refused}");
    }
}
