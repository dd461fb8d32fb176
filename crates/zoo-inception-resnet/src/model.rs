//! The network.

use burn::module::Module;
use burn::nn::pool::MaxPool2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, FullyConnected, GlobalPool, maps};

use crate::config::{BlockSpec, InceptionResNetSpec, VARIANTS};
use crate::mixed::{max_pool, valid};
use crate::weights::WEIGHTS;
use crate::{Block, Mixed};

/// Channels of the last map.
const CHANNELS: usize = 1536;

/// Units that give the last map of each resolution.
const STAGES: [&str; 5] = ["conv2d_2b", "conv2d_4a", "repeat", "repeat_1", "conv2d_7b"];

/// Inception-ResNet v2, output stride 32.
#[derive(Module, Debug)]
pub struct InceptionResNetV2 {
    conv2d_1a: BasicConv2d,
    conv2d_2a: BasicConv2d,
    conv2d_2b: BasicConv2d,
    maxpool_3a: MaxPool2d,
    conv2d_3b: BasicConv2d,
    conv2d_4a: BasicConv2d,
    maxpool_5a: MaxPool2d,
    mixed_5b: Mixed,
    repeat: Vec<Block>,
    mixed_6a: Mixed,
    repeat_1: Vec<Block>,
    mixed_7a: Mixed,
    repeat_2: Vec<Block>,
    block8: Block,
    conv2d_7b: BasicConv2d,
    global_pool: GlobalPool,
    head_drop: Dropout,
    classif: Option<FullyConnected>,
    in_channels: usize,
    num_classes: usize,
}

/// A layer or module of the body.
trait Unit: Describe {
    fn run(&self, x: Tensor<4>) -> Tensor<4>;
}

macro_rules! units {
    ($($module:ty),+) => {
        $(impl Unit for $module {
            fn run(&self, x: Tensor<4>) -> Tensor<4> {
                self.forward(x)
            }
        })+
    };
}
units!(BasicConv2d, Mixed, Block);

impl Unit for MaxPool2d {
    fn run(&self, x: Tensor<4>) -> Tensor<4> {
        maps::max_pool2d(self, x)
    }
}

impl Unit for Vec<Block> {
    fn run(&self, x: Tensor<4>) -> Tensor<4> {
        self.iter().fold(x, |x, block| block.forward(x))
    }
}

impl InceptionResNetV2 {
    /// The body in order of execution, under the fields' names.
    fn units(&self) -> [(&'static str, &dyn Unit); 15] {
        [
            ("conv2d_1a", &self.conv2d_1a),
            ("conv2d_2a", &self.conv2d_2a),
            ("conv2d_2b", &self.conv2d_2b),
            ("maxpool_3a", &self.maxpool_3a),
            ("conv2d_3b", &self.conv2d_3b),
            ("conv2d_4a", &self.conv2d_4a),
            ("maxpool_5a", &self.maxpool_5a),
            ("mixed_5b", &self.mixed_5b),
            ("repeat", &self.repeat),
            ("mixed_6a", &self.mixed_6a),
            ("repeat_1", &self.repeat_1),
            ("mixed_7a", &self.mixed_7a),
            ("repeat_2", &self.repeat_2),
            ("block8", &self.block8),
            ("conv2d_7b", &self.conv2d_7b),
        ]
    }
}

impl Classifier for InceptionResNetV2 {
    pooled_head! {
        pool: global_pool,
        dropout: head_drop,
        last: classif,
        fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.units().into_iter().fold(images, |x, (_, unit)| unit.run(x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut kept = vec![];
        let mut x = images;
        for (name, unit) in self.units() {
            x = unit.run(x);
            if STAGES.contains(&name) {
                kept.push(Intermediate { name: name.to_owned(), features: x.clone() });
            }
        }
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        STAGES.map(str::to_owned).to_vec()
    }

    fn num_features(&self) -> usize {
        self.global_pool.kind().features(CHANNELS)
    }
}

impl Family for InceptionResNetV2 {
    type Spec = InceptionResNetSpec;
    const NAME: &'static str = "inception_resnet";
    const VARIANTS: &'static [Variant<InceptionResNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<InceptionResNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let InceptionResNetSpec { blocks, dropout } = &variant.spec;
        let [repeat, repeat_1, repeat_2] = blocks
            .each_ref()
            .map(|(count, spec): &(usize, BlockSpec)| -> Vec<_> { (0..*count).map(|_| Block::new(spec, true, true, device)).collect() });
        let same = |inputs, outputs, size| BasicConv2d::new(inputs, outputs, [Window::new(size).padding(size / 2); 2], true, device);
        let last = &blocks[2].1;
        let mut model = Self {
            conv2d_1a: valid(in_channels, 32, 2, device),
            conv2d_2a: valid(32, 32, 1, device),
            conv2d_2b: same(32, 64, 3),
            maxpool_3a: max_pool(),
            conv2d_3b: same(64, 80, 1),
            conv2d_4a: valid(80, 192, 1, device),
            maxpool_5a: max_pool(),
            mixed_5b: Mixed::mixed_5b(device),
            repeat,
            mixed_6a: Mixed::mixed_6a(device),
            repeat_1,
            mixed_7a: Mixed::mixed_7a(device),
            repeat_2,
            block8: Block::new(last, false, false, device),
            conv2d_7b: same(last.channels, CHANNELS, 1),
            global_pool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
            head_drop: DropoutConfig::new(options.dropout.unwrap_or(*dropout)).init(),
            classif: None,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for InceptionResNetV2 {
    fn describe(&self) -> Node {
        let body = self.units().map(|(name, unit)| (name, unit.describe()));
        let count = body.len();
        let pool = [("global_pool", self.global_pool.describe()), ("head_drop", self.head_drop.describe())];
        let classif = self.classif.as_ref().map(|classif| ("classif", classif.describe()));
        let last = classif.is_some().then_some(Flow::Child(count + 2));
        // timm's pooling flattens.
        let head = [Flow::Child(count), Flow::op("flatten", ops::Flatten), Flow::Child(count + 1)].into_iter().chain(last);
        let flow = (0..count).map(Flow::Child).chain(head).collect();
        Node::tree("InceptionResnetV2", body.into_iter().chain(pool).chain(classif)).with_flow(Flow::Chain(flow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use zoo_layers::GlobalPoolKind;

    fn build(options: &BuildOptions) -> InceptionResNetV2 {
        InceptionResNetV2::build("inception_resnet_v2", options, &Device::flex()).unwrap()
    }

    /// Multiply-accumulates that PyTorch's `FlopCounterMode` counts in timm's model.
    #[test]
    fn multiply_accumulates_are_pytorchs() {
        assert_eq!(build(&BuildOptions::default()).describe().trace([3, 299, 299]).unwrap().macs, 13_155_794_016);
    }

    #[test]
    fn stages_and_pooling() {
        let model = build(&BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax).with_num_classes(3));
        assert_eq!((model.num_features(), model.smallest_input().unwrap().size), (3072, 75));
        assert_eq!(model.describe().trace([3, 80, 120]).unwrap().output, [3]);
        let stages: Vec<_> = model.stages([3, 299, 299]).unwrap().into_iter().map(|s| (s.channels, s.reduction)).collect();
        assert_eq!(stages, [(64, 2), (192, 4), (320, 8), (1088, 16), (1536, 32)]);
    }
}
