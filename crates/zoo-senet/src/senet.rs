//! SENet-154.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::{ActivationKind, BatchNorm2d, Children, FullyConnected, GlobalPool, maps};

use crate::config::{SENETS, SeNetSpec};
use crate::residual::{conv, drop_path_rates, run};
use crate::senet_block::{BlockConfig, SeBottleneck};
use crate::weights::SENET_WEIGHTS;

/// Channels that the stem gives.
const STEM_CHANNELS: usize = 128;

/// Planes of the first stage.
const PLANES: usize = 64;

/// Three 3x3 convolutions, the first strided, each with batch normalisation and ReLU.
#[derive(Module, Debug)]
pub struct Stem {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Conv2d,
    bn3: BatchNorm2d,
}

impl Stem {
    fn new(in_channels: usize, device: &Device) -> Self {
        Self {
            conv1: conv(in_channels, 64, [3, 2, 1], device),
            bn1: BatchNorm2d::new(64, device),
            conv2: conv(64, 64, [3, 1, 1], device),
            bn2: BatchNorm2d::new(64, device),
            conv3: conv(64, STEM_CHANNELS, [3, 1, 1], device),
            bn3: BatchNorm2d::new(STEM_CHANNELS, device),
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, 128, ceil(height / 2), ceil(width / 2)]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = self.bn1.forward_then(maps::conv2d(&self.conv1, images), ActivationKind::Relu);
        let x = self.bn2.forward_then(maps::conv2d(&self.conv2, x), ActivationKind::Relu);
        self.bn3.forward_then(maps::conv2d(&self.conv3, x), ActivationKind::Relu)
    }
}

impl Describe for Stem {
    fn describe(&self) -> Node {
        let relu = || Node::leaf(ops::Activation(ActivationKind::Relu));
        let [conv1, conv2, conv3] = [&self.conv1, &self.conv2, &self.conv3].map(Describe::describe);
        let [bn1, bn2, bn3] = [&self.bn1, &self.bn2, &self.bn3].map(Describe::describe);
        let first = [("conv1", conv1), ("bn1", bn1), ("relu1", relu())];
        let second = [("conv2", conv2), ("bn2", bn2), ("relu2", relu())];
        let third = [("conv3", conv3), ("bn3", bn3), ("relu3", relu())];
        Node::tree("Sequential", first.into_iter().chain(second).chain(third))
    }
}

/// SENet-154, output stride 32.
#[derive(Module, Debug)]
pub struct SeNet {
    layer0: Stem,
    pool0: MaxPool2d,
    layer1: Vec<SeBottleneck>,
    layer2: Vec<SeBottleneck>,
    layer3: Vec<SeBottleneck>,
    layer4: Vec<SeBottleneck>,
    global_pool: GlobalPool,
    dropout: Dropout,
    last_linear: Option<FullyConnected>,
    in_channels: usize,
    out_channels: usize,
    num_classes: usize,
}

impl SeNet {
    /// The stages by name.
    fn layers(&self) -> [(&'static str, &Vec<SeBottleneck>); 4] {
        [("layer1", &self.layer1), ("layer2", &self.layer2), ("layer3", &self.layer3), ("layer4", &self.layer4)]
    }
}

impl Classifier for SeNet {
    pooled_head! {
        pool: global_pool,
        dropout: dropout,
        last: last_linear,
        fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let pooled = maps::max_pool2d(&self.pool0, self.layer0.forward(images));
        Features::Map(self.layers().into_iter().fold(pooled, |x, (_, layer)| run(layer, x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let stem = self.layer0.forward(images);
        let mut x = maps::max_pool2d(&self.pool0, stem.clone());
        let mut found = vec![Intermediate { name: "layer0".to_owned(), features: stem }];
        for (name, layer) in self.layers() {
            x = run(layer, x);
            found.push(Intermediate { name: name.to_owned(), features: x.clone() });
        }
        found
    }

    fn stage_names(&self) -> Vec<String> {
        ["layer0", "layer1", "layer2", "layer3", "layer4"].map(str::to_owned).to_vec()
    }

    fn num_features(&self) -> usize {
        self.global_pool.kind().features(self.out_channels)
    }
}

impl Family for SeNet {
    type Spec = SeNetSpec;
    const NAME: &'static str = "senet";
    const VARIANTS: &'static [Variant<SeNetSpec>] = SENETS;
    const WEIGHTS: &'static [Weights] = SENET_WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<SeNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let SeNetSpec { layers, groups, reduction } = variant.spec;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let mut rates = drop_path_rates(&layers, options.drop_path.unwrap_or(0.0));
        let mut channels = STEM_CHANNELS;
        let mut stage = |index: usize| {
            let planes = PLANES << index;
            let downsample_kernel_size = if index == 0 { 1 } else { 3 };
            let mut layer = vec![];
            for (number, drop_path) in (0..layers[index]).zip(&mut rates) {
                let stride = if number == 0 && index > 0 { 2 } else { 1 };
                let config = BlockConfig { in_channels: channels, planes, stride, groups, reduction, downsample_kernel_size, drop_path };
                layer.push(SeBottleneck::new(config, device));
                channels = planes * SeBottleneck::EXPANSION;
            }
            layer
        };
        let [layer1, layer2, layer3, layer4] = [stage(0), stage(1), stage(2), stage(3)];
        let mut model = Self {
            layer0: Stem::new(in_channels, device),
            pool0: MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_ceil_mode(true).init(),
            layer1,
            layer2,
            layer3,
            layer4,
            global_pool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.2)).init(),
            last_linear: None,
            in_channels,
            out_channels: channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for SeNet {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let mut flow = vec![children.add("layer0", self.layer0.describe()), children.add("pool0", self.pool0.describe())];
        flow.extend(self.layers().map(|(name, layer)| children.add(name, layer.describe())));
        flow.push(children.add("global_pool", self.global_pool.describe()));
        flow.push(Flow::op("flatten", ops::Flatten));
        if let Some(last_linear) = &self.last_linear {
            if self.dropout.prob > 0.0 {
                flow.push(Flow::op("dropout", ops::Dropout { p: self.dropout.prob }));
            }
            flow.push(children.add("last_linear", last_linear.describe()));
        }
        children.into_tree("SENet", flow)
    }
}
