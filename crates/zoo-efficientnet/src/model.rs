//! The network.

use burn::module::Module;
use burn::nn::DropoutConfig;
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{
    ConvNormAct, FullyConnected, GlobalPool, HeadLayer, forward_head, forward_keeping, head_with_dropout_in_place, resolution_ends,
    scale_channels,
};

use crate::block::{Feature, MbConv, conv};
use crate::config::{EfficientNetSpec, VARIANTS};
use crate::weights::{ALIASES, WEIGHTS};

/// EfficientNet or EfficientNetV2, output stride 32 before the global pooling.
#[derive(Module, Debug)]
pub struct EfficientNet {
    features: Vec<Feature>,
    avgpool: GlobalPool,
    classifier: Vec<HeadLayer>,
    in_channels: usize,
    num_features: usize,
    num_classes: usize,
}

/// Index of the last layer in `classifier`, after the dropout.
const LAST: usize = 1;

/// torchvision's default rate of stochastic depth.
const DROP_PATH: f64 = 0.2;

impl Classifier for EfficientNet {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.features.iter().fold(images, |x, feature| feature.forward(x)))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let (dropout, last) = self.classifier.split_at(LAST.min(self.classifier.len()));
        let hidden = forward_head(dropout, self.avgpool.forward(features.into_map()));
        if pre_logits { hidden } else { forward_head(last, hidden) }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let kept = forward_keeping(&self.features, &resolution_ends(&self.features, self.in_channels), Feature::forward, images);
        kept.into_iter().map(|(index, features)| Intermediate { name: format!("features.{index}"), features }).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        resolution_ends(&self.features, self.in_channels).into_iter().map(|index| format!("features.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec![format!("classifier.{LAST}")]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        let bound = 1.0 / (num_classes.max(1) as f64).sqrt();
        let last = || HeadLayer::Linear(FullyConnected::uniform(self.num_features, num_classes, bound, device));
        let fresh = (num_classes > 0).then(last);
        self.classifier.truncate(LAST);
        self.classifier.extend(fresh);
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.num_features
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

impl Family for EfficientNet {
    type Spec = EfficientNetSpec;
    const NAME: &'static str = "efficientnet";
    const VARIANTS: &'static [Variant<EfficientNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const ALIASES: &'static [(&'static str, &'static str)] = ALIASES;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<EfficientNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let spec = &variant.spec;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let drop_path = options.drop_path.unwrap_or(DROP_PATH);
        let scale = |channels| scale_channels(channels, spec.width);
        let repeats = |stage: &crate::Stage| (stage.repeats as f64 * spec.depth).ceil() as usize;
        let blocks: usize = spec.stages.iter().map(repeats).sum();

        let mut channels = scale(spec.stem_channels);
        let stem = ConvNormAct::batch_norm(in_channels, channels, Window::new(3).stride(2).padding(1));
        let mut features = vec![Feature::Conv(conv(spec, stem, true, device))];
        let mut number = 0_u32;
        for stage in spec.stages {
            let out_channels = scale(stage.channels);
            let mut units = vec![];
            for index in 0..repeats(stage) {
                let stride = if index == 0 { stage.stride } else { 1 };
                let rate = drop_path * f64::from(number) / blocks as f64;
                units.push(MbConv::new(spec, stage, [channels, out_channels], stride, rate, device));
                channels = out_channels;
                number += 1;
            }
            features.push(Feature::Stage(units));
        }
        let last_channels = spec.last_channels.unwrap_or(4 * channels);
        features.push(Feature::Conv(conv(spec, ConvNormAct::batch_norm(channels, last_channels, Window::POINT), true, device)));

        let pool = options.global_pool.unwrap_or_default();
        let mut model = Self {
            features,
            avgpool: GlobalPool::new(pool).as_int(),
            classifier: vec![HeadLayer::Dropout(DropoutConfig::new(options.dropout.unwrap_or(spec.dropout)).init())],
            in_channels,
            num_features: pool.features(last_channels),
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for EfficientNet {
    fn describe(&self) -> Node {
        let classifier = head_with_dropout_in_place(&self.classifier);
        Node::tree(
            "EfficientNet",
            [("features", self.features.describe()), ("avgpool", self.avgpool.describe()), ("classifier", classifier)],
        )
        .with_flow(Flow::Chain(vec![Flow::Child(0), Flow::Child(1), Flow::op("flatten", ops::Flatten), Flow::Child(2)]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    #[test]
    fn stages_are_those_of_the_paper() {
        let device = Device::flex();
        let stages = |name| {
            let model = EfficientNet::build(name, &BuildOptions::default(), &device).unwrap();
            model.stages([3, 224, 224]).unwrap().into_iter().map(|s| (s.name, s.channels, s.reduction)).collect::<Vec<_>>()
        };
        let of = |rows: [(&str, usize, usize); 5]| rows.map(|(name, channels, reduction)| (name.to_owned(), channels, reduction));
        let ends = ["features.1", "features.2", "features.3", "features.5"];
        let b4 = [(ends[0], 24, 2), (ends[1], 32, 4), (ends[2], 56, 8), (ends[3], 160, 16), ("features.8", 1792, 32)];
        assert_eq!(stages("efficientnet_b4"), of(b4));
        let s = [(ends[0], 24, 2), (ends[1], 48, 4), (ends[2], 64, 8), (ends[3], 160, 16), ("features.7", 1280, 32)];
        assert_eq!(stages("efficientnet_v2_s"), of(s));
    }

    #[test]
    fn the_rate_of_stochastic_depth_grows_linearly() {
        let device = Device::flex();
        let print = |options: BuildOptions| EfficientNet::build("efficientnet_b0", &options, &device).unwrap().describe().to_torch();
        // 16 blocks; torchvision's rates, as Python prints them.
        let default = print(BuildOptions::default());
        for rate in ["p=0.0, mode=row", "p=0.0125, mode=row", "p=0.037500000000000006, mode=row", "p=0.1875, mode=row"] {
            assert!(default.contains(rate), "{rate}");
        }
        assert!(print(BuildOptions::default().with_drop_path(0.8)).contains("p=0.75, mode=row"));
        assert_eq!(print(BuildOptions::default().with_drop_path(0.0)).matches("p=0.0, mode=row").count(), 16);
    }

    #[test]
    fn pooling_that_doubles_the_features_widens_the_head() {
        let device = Device::flex();
        let options = BuildOptions::default().with_num_classes(3).with_global_pool(GlobalPoolKind::CatAvgMax);
        let model = EfficientNet::build("efficientnet_b0", &options, &device).unwrap();
        assert_eq!((model.num_features(), model.forward(Tensor::ones([1, 3, 32, 32], &device)).dims()), (2560, [1, 3]));
    }

    /// PyTorch's maps of V2-S, filled by the rule, for one picture of 32x32. Only the first stages: further on the filled
    /// network is so ill-conditioned that PyTorch's own f32 and f64 differ by more than the logits.
    #[test]
    fn the_first_maps_of_v2_equal_pytorchs() {
        // Index, largest magnitude, first three values.
        let reference = [
            (0, 2.828_352_5, [0.582_028, -0.139_266_43, 1.207_479_8]),
            (1, 5.118_145, [0.917_307_44, 0.181_937_52, 0.870_211_24]),
            (2, 17.182_43, [1.824_296_2, 0.856_198_4, 3.406_367]),
            (3, 98.565_66, [-11.785_672, -16.402_95, -13.714_359]),
            (4, 138.369_49, [47.430_313, -55.799_053, -60.707_04]),
        ];
        let device = Device::flex();
        let model = EfficientNet::build("efficientnet_v2_s", &BuildOptions::default(), &device).unwrap();
        let model = zoo_core::params::fill_params(model, "zoo");
        let pixels = zoo_core::fill_input("zoo", [1, 3, 32, 32]);
        let mut x = Tensor::<4>::from_data(burn::tensor::TensorData::new(pixels, [1, 3, 32, 32]), &device);
        for (index, largest, first) in reference {
            x = model.features[index].forward(x);
            let values = x.clone().into_data().try_to_vec::<f32>().unwrap();
            let found = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            let same = values.iter().zip(&first).all(|(got, want)| (got - want).abs() < 1e-4 * largest);
            assert!(same && (found - largest).abs() < 1e-4 * largest, "features.{index}: {found} {:?}", &values[..3]);
        }
    }
}
