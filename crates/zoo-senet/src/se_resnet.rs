//! SE-ResNet and SE-ResNeXt.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Children, FullyConnected, GlobalPool, maps};

use crate::block::{Block, BlockConfig};
use crate::config::{SE_RESNETS, SeResNetSpec};
use crate::residual::{conv, drop_path_rates, run};
use crate::weights::SE_RESNET_WEIGHTS;

/// Channels of the first convolution, and planes of the first stage.
const CHANNELS: usize = 64;

/// ResNet or ResNeXt with squeeze-and-excitation in each block, output stride 32.
#[derive(Module, Debug)]
pub struct SeResNet {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    act1: Activation,
    maxpool: MaxPool2d,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    global_pool: GlobalPool,
    dropout: Dropout,
    fc: Option<FullyConnected>,
    in_channels: usize,
    out_channels: usize,
    num_classes: usize,
}

impl SeResNet {
    /// The stages by name.
    fn layers(&self) -> [(&'static str, &Vec<Block>); 4] {
        [("layer1", &self.layer1), ("layer2", &self.layer2), ("layer3", &self.layer3), ("layer4", &self.layer4)]
    }

    /// The first convolution, normalisation and activation, before pooling.
    fn stem(&self, images: Tensor<4>) -> Tensor<4> {
        self.bn1.forward_then(maps::conv2d(&self.conv1, images), &self.act1)
    }
}

impl Classifier for SeResNet {
    pooled_head! {
        pool: global_pool,
        dropout: dropout,
        last: fc,
        fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let pooled = maps::max_pool2d(&self.maxpool, self.stem(images));
        Features::Map(self.layers().into_iter().fold(pooled, |x, (_, layer)| run(layer, x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let stem = self.stem(images);
        let mut x = maps::max_pool2d(&self.maxpool, stem.clone());
        let mut found = vec![Intermediate { name: "act1".to_owned(), features: stem }];
        for (name, layer) in self.layers() {
            x = run(layer, x);
            found.push(Intermediate { name: name.to_owned(), features: x.clone() });
        }
        found
    }

    fn stage_names(&self) -> Vec<String> {
        ["act1", "layer1", "layer2", "layer3", "layer4"].map(str::to_owned).to_vec()
    }

    fn num_features(&self) -> usize {
        self.global_pool.kind().features(self.out_channels)
    }
}

impl Family for SeResNet {
    type Spec = SeResNetSpec;
    const NAME: &'static str = "senet";
    const VARIANTS: &'static [Variant<SeResNetSpec>] = SE_RESNETS;
    const WEIGHTS: &'static [Weights] = SE_RESNET_WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::Activation, Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<SeResNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let SeResNetSpec { block, layers, cardinality, base_width } = variant.spec;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let activation = options.activation.unwrap_or(ActivationKind::Relu);
        let mut rates = drop_path_rates(&layers, options.drop_path.unwrap_or(0.0));
        let mut channels = CHANNELS;
        let mut stage = |index: usize| {
            let planes = CHANNELS << index;
            let mut layer = vec![];
            for (number, drop_path) in (0..layers[index]).zip(&mut rates) {
                let stride = if number == 0 && index > 0 { 2 } else { 1 };
                let config = BlockConfig { in_channels: channels, planes, stride, cardinality, base_width, activation, drop_path };
                layer.push(Block::new(block, config, device));
                channels = planes * block.expansion();
            }
            layer
        };
        let [layer1, layer2, layer3, layer4] = [stage(0), stage(1), stage(2), stage(3)];
        let maxpool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        let mut model = Self {
            conv1: conv(in_channels, CHANNELS, [7, 2, 1], device),
            bn1: BatchNorm2d::new(CHANNELS, device),
            act1: Activation::new(activation, device),
            maxpool: maxpool.init(),
            layer1,
            layer2,
            layer3,
            layer4,
            global_pool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            fc: None,
            in_channels,
            out_channels: channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for SeResNet {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let mut flow = vec![
            children.add("conv1", self.conv1.describe()),
            children.add("bn1", self.bn1.describe()),
            children.add("act1", self.act1.describe()),
            children.add("maxpool", self.maxpool.describe()),
        ];
        flow.extend(self.layers().map(|(name, layer)| children.add(name, layer.describe())));
        flow.push(children.add("global_pool", self.global_pool.describe()));
        flow.push(Flow::op("flatten", ops::Flatten));
        if let Some(fc) = &self.fc {
            if self.dropout.prob > 0.0 {
                flow.push(Flow::op("dropout", ops::Dropout { p: self.dropout.prob }));
            }
            flow.push(children.add("fc", fc.describe()));
        }
        children.into_tree("ResNet", flow)
    }
}
