//! The network.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, Children, FullyConnected, GlobalPool, conv2d, init, maps};

use crate::block::{Block, BlockConfig};
use crate::config::{ResNetSpec, Stem, VARIANTS};
use crate::weights::WEIGHTS;

/// ResNet, output stride 32 (4 for the CIFAR networks).
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    relu: Activation,
    maxpool: Option<MaxPool2d>,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Option<Vec<Block>>,
    avgpool: GlobalPool,
    dropout: Dropout,
    fc: Option<FullyConnected>,
    in_channels: usize,
    out_channels: usize,
    num_classes: usize,
}

impl ResNet {
    /// The stages by name.
    fn layers(&self) -> impl Iterator<Item = (&'static str, &Vec<Block>)> {
        let first = [("layer1", &self.layer1), ("layer2", &self.layer2), ("layer3", &self.layer3)];
        first.into_iter().chain(self.layer4.as_ref().map(|layer4| ("layer4", layer4)))
    }

    /// The first convolution, normalisation and activation, before pooling.
    fn stem(&self, images: Tensor<4>) -> Tensor<4> {
        self.bn1.forward_then(maps::conv2d(&self.conv1, images), &self.relu)
    }

    fn pool(&self, stem: Tensor<4>) -> Tensor<4> {
        match &self.maxpool {
            Some(maxpool) => maps::max_pool2d(maxpool, stem),
            None => stem,
        }
    }
}

fn run(layer: &[Block], x: Tensor<4>) -> Tensor<4> {
    layer.iter().fold(x, |x, block| block.forward(x))
}

impl Classifier for ResNet {
    pooled_head! {
        pool: avgpool,
        dropout: dropout,
        last: fc,
        fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let stem = self.pool(self.stem(images));
        Features::Map(self.layers().fold(stem, |x, (_, layer)| run(layer, x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let stem = self.stem(images);
        // Without pooling the first stage has the same resolution.
        let mut found: Vec<_> = self.maxpool.iter().map(|_| Intermediate { name: "relu".to_owned(), features: stem.clone() }).collect();
        let mut x = self.pool(stem);
        for (name, layer) in self.layers() {
            x = run(layer, x);
            found.push(Intermediate { name: name.to_owned(), features: x.clone() });
        }
        found
    }

    fn stage_names(&self) -> Vec<String> {
        let stem = self.maxpool.iter().map(|_| "relu");
        stem.chain(self.layers().map(|(name, _)| name)).map(str::to_owned).collect()
    }

    fn num_features(&self) -> usize {
        self.avgpool.kind().features(self.out_channels)
    }
}

/// Builds the stages one after the other.
struct Stages<'a> {
    spec: &'static ResNetSpec,
    /// What all blocks share; `in_channels` are those of the next block.
    next: BlockConfig,
    drop_path: f64,
    /// Number of blocks so far.
    built: usize,
    device: &'a Device,
}

impl Stages<'_> {
    /// The stage with this index, if the variant has it.
    fn stage(&mut self, index: usize) -> Option<Vec<Block>> {
        let blocks = *self.spec.layers.get(index)?;
        let last = (self.spec.layers.iter().sum::<usize>() - 1).max(1);
        let planes = self.spec.stem.channels() << index;
        let mut layer = vec![];
        for block in 0..blocks {
            let stride = if block == 0 && index > 0 { 2 } else { 1 };
            let drop_path = self.drop_path * self.built as f64 / last as f64;
            layer.push(Block::new(BlockConfig { planes, stride, drop_path, ..self.next }, self.device));
            self.next.in_channels = planes * self.spec.block.expansion();
            self.built += 1;
        }
        Some(layer)
    }
}

impl Family for ResNet {
    type Spec = ResNetSpec;
    const NAME: &'static str = "resnet";
    const VARIANTS: &'static [Variant<ResNetSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::Shortcut, Setting::Activation, Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<ResNetSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let spec = &variant.spec;
        if spec.shortcut.is_none() {
            let needs_one = [Setting::Shortcut, Setting::DropPath];
            if let Some(setting) = options.settings().into_iter().find(|setting| needs_one.contains(setting)) {
                return Err(BuildError::Unsupported { name: variant.info.name, option: setting.name() });
            }
        }
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let activation = options.activation.unwrap_or(ActivationKind::Relu);
        let channels = spec.stem.channels();
        let (window, maxpool) = match spec.stem {
            Stem::ImageNet => {
                let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
                (Window::new(7).stride(2).padding(3), Some(pool.init()))
            }
            Stem::Cifar => (Window::new(3).padding(1), None),
        };
        let next = BlockConfig {
            kind: spec.block,
            in_channels: channels,
            planes: channels,
            stride: 1,
            groups: spec.groups,
            width_per_group: spec.width_per_group,
            shortcut: spec.shortcut.map(|default| options.shortcut.unwrap_or(default)),
            activation,
            drop_path: 0.0,
        };
        let mut stages = Stages { spec, next, drop_path: options.drop_path.unwrap_or(0.0), built: 0, device };
        let mut model = Self {
            conv1: init::kaiming_fan_out(conv2d(in_channels, channels, [window; 2], 1, false, device), device),
            bn1: BatchNorm2d::new(channels, device),
            relu: Activation::new(activation, device),
            maxpool,
            layer1: stages.stage(0).unwrap_or_default(),
            layer2: stages.stage(1).unwrap_or_default(),
            layer3: stages.stage(2).unwrap_or_default(),
            layer4: stages.stage(3),
            avgpool: GlobalPool::new(options.global_pool.unwrap_or_default()),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            fc: None,
            in_channels,
            out_channels: stages.next.in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for ResNet {
    fn describe(&self) -> Node {
        let mut children = Children::default();
        let mut flow = vec![
            children.add("conv1", self.conv1.describe()),
            children.add("bn1", self.bn1.describe()),
            children.add("relu", self.relu.describe()),
            children.add_optional("maxpool", self.maxpool.as_ref().map(Describe::describe)),
        ];
        flow.extend(self.layers().map(|(name, layer)| children.add(name, layer.describe())));
        flow.push(children.add("avgpool", self.avgpool.describe()));
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
