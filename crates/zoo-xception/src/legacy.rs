//! The original network.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, pooled_head};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{Activation, ActivationKind, BatchNorm2d, FullyConnected, GlobalPool, Layer, NamedChildren, forward_layers, maps};

use crate::config::LEGACY_VARIANTS;
use crate::legacy_block::{Block, conv, separable};

/// Channels of the last map.
const CHANNELS: usize = 2048;

/// What gives the last map of each resolution.
const STAGES: [&str; 5] = ["act2", "block1", "block2", "block11", "act4"];

/// Xception, output stride 32.
#[derive(Module, Debug)]
pub struct LegacyXception {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    act1: Activation,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    act2: Activation,
    block1: Block,
    block2: Block,
    block3: Block,
    block4: Block,
    block5: Block,
    block6: Block,
    block7: Block,
    block8: Block,
    block9: Block,
    block10: Block,
    block11: Block,
    block12: Block,
    conv3: NamedChildren<Layer>,
    bn3: BatchNorm2d,
    act3: Activation,
    conv4: NamedChildren<Layer>,
    bn4: BatchNorm2d,
    act4: Activation,
    global_pool: GlobalPool,
    dropout: Dropout,
    fc: Option<FullyConnected>,
    in_channels: usize,
    num_classes: usize,
}

impl LegacyXception {
    fn blocks(&self) -> [(&'static str, &Block); 12] {
        [
            ("block1", &self.block1),
            ("block2", &self.block2),
            ("block3", &self.block3),
            ("block4", &self.block4),
            ("block5", &self.block5),
            ("block6", &self.block6),
            ("block7", &self.block7),
            ("block8", &self.block8),
            ("block9", &self.block9),
            ("block10", &self.block10),
            ("block11", &self.block11),
            ("block12", &self.block12),
        ]
    }

    /// Runs the body and shows what the stem, each block and the end give.
    fn run(&self, images: Tensor<4>, mut show: impl FnMut(&'static str, &Tensor<4>)) -> Tensor<4> {
        let x = self.bn1.forward_then(maps::conv2d(&self.conv1, images), &self.act1);
        let mut x = self.bn2.forward_then(maps::conv2d(&self.conv2, x), &self.act2);
        show("act2", &x);
        for (name, block) in self.blocks() {
            x = block.forward(x);
            show(name, &x);
        }
        let x = self.bn3.forward_then(forward_layers(&self.conv3, x), &self.act3);
        let x = self.bn4.forward_then(forward_layers(&self.conv4, x), &self.act4);
        show("act4", &x);
        x
    }
}

impl Classifier for LegacyXception {
    pooled_head! {
        pool: global_pool,
        dropout: dropout,
        last: fc,
        fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.run(images, |_, _| ()))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut kept = vec![];
        self.run(images, |name, x| {
            if STAGES.contains(&name) {
                kept.push(Intermediate { name: name.to_owned(), features: x.clone() });
            }
        });
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        STAGES.map(str::to_owned).to_vec()
    }

    fn num_features(&self) -> usize {
        self.global_pool.kind().features(CHANNELS)
    }
}

impl Family for LegacyXception {
    type Spec = ();
    const NAME: &'static str = "xception";
    const VARIANTS: &'static [Variant<()>] = LEGACY_VARIANTS;
    const ALIASES: &'static [(&'static str, &'static str)] = &[("xception", "legacy_xception")];
    const SETTINGS: &'static [Setting] = &[Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<()>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let norm = |channels| BatchNorm2d::new(channels, device);
        let relu = || Activation::new(ActivationKind::Relu, device);
        let halving = |channels: [usize; 3], first_relu| Block::new(&channels, true, first_relu, device);
        let middle = || Block::new(&[728; 4], false, true, device);
        let mut model = Self {
            conv1: conv([in_channels, 32], Window::new(3).stride(2), 1, device),
            bn1: norm(32),
            act1: relu(),
            conv2: conv([32, 64], Window::new(3), 1, device),
            bn2: norm(64),
            act2: relu(),
            block1: halving([64, 128, 128], false),
            block2: halving([128, 256, 256], true),
            block3: halving([256, 728, 728], true),
            block4: middle(),
            block5: middle(),
            block6: middle(),
            block7: middle(),
            block8: middle(),
            block9: middle(),
            block10: middle(),
            block11: middle(),
            block12: halving([728, 728, 1024], true),
            conv3: separable([1024, 1536], device),
            bn3: norm(1536),
            act3: relu(),
            conv4: separable([1536, CHANNELS], device),
            bn4: norm(CHANNELS),
            act4: relu(),
            global_pool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
            dropout: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            fc: None,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for LegacyXception {
    fn describe(&self) -> Node {
        let sep = |layers: &NamedChildren<Layer>| layers.describe().named("SeparableConv2d");
        let mut children: Vec<(&'static str, Node)> = vec![];
        let mut flow = vec![];
        let mut step = |name, node: Node| {
            flow.push(Flow::Child(children.len()));
            children.push((name, node));
            // timm's pooling flattens.
            if name == "global_pool" {
                flow.push(Flow::op("flatten", ops::Flatten));
            }
        };
        step("conv1", self.conv1.describe());
        step("bn1", self.bn1.describe());
        step("act1", self.act1.describe());
        step("conv2", self.conv2.describe());
        step("bn2", self.bn2.describe());
        step("act2", self.act2.describe());
        for (name, block) in self.blocks() {
            step(name, block.describe());
        }
        step("conv3", sep(&self.conv3));
        step("bn3", self.bn3.describe());
        step("act3", self.act3.describe());
        step("conv4", sep(&self.conv4));
        step("bn4", self.bn4.describe());
        step("act4", self.act4.describe());
        step("global_pool", self.global_pool.describe());
        step("dropout", self.dropout.describe());
        if let Some(fc) = &self.fc {
            step("fc", fc.describe());
        }
        Node::tree("Xception", children).with_flow(Flow::Chain(flow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_original_is_as_pytorch_counts_it_and_halves_five_times() {
        let model = LegacyXception::build("xception", &BuildOptions::default(), &Device::flex()).unwrap();
        // What PyTorch's `FlopCounterMode` counts in timm's model.
        assert_eq!(model.describe().trace([3, 299, 299]).unwrap().macs, 8_357_403_496);
        let stages: Vec<_> = model.stages([3, 299, 299]).unwrap().into_iter().map(|s| (s.channels, s.reduction)).collect();
        assert_eq!(stages, [(64, 2), (128, 4), (256, 8), (728, 16), (2048, 32)]);
        assert_eq!(model.smallest_input().unwrap().size, 7);
    }
}
