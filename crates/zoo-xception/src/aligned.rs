//! The aligned networks.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{
    BuildError, BuildOptions, Classifier, Describe, Family, Features, Intermediate, Node, Setting, Variant, Weights, pooled_head,
};
use zoo_layers::describe::{Flow, ops};
use zoo_layers::shape::Window;
use zoo_layers::{BasicConv2d, FullyConnected, GlobalPool, forward_keeping, resolution_ends};

use crate::XceptionModule;
use crate::aligned_block::ModuleSpec;
use crate::config::{VARIANTS, XceptionSpec};
use crate::weights::WEIGHTS;

/// Channels of the stem's two convolutions.
const STEM: [usize; 2] = [32, 64];

/// Channels of the last module's convolutions.
const EXIT: [usize; 3] = [1536, 1536, 2048];

/// Pooling and the last layer.
#[derive(Module, Debug)]
struct ClassifierHead {
    global_pool: GlobalPool,
    drop: Dropout,
    fc: Option<FullyConnected>,
}

/// Modified aligned Xception, output stride 32.
#[derive(Module, Debug)]
pub struct Xception {
    stem: Vec<BasicConv2d>,
    blocks: Vec<XceptionModule>,
    head: ClassifierHead,
    in_channels: usize,
    num_classes: usize,
}

impl Xception {
    fn stem(&self, images: Tensor<4>) -> Tensor<4> {
        self.stem.iter().fold(images, |x, conv| conv.forward(x))
    }

    /// Indices of the modules after which the map becomes smaller, and of the last.
    fn ends(&self) -> Vec<usize> {
        resolution_ends(&self.blocks, STEM[1])
    }
}

impl Classifier for Xception {
    pooled_head! {
        pool: head.global_pool,
        dropout: head.drop,
        last: head.fc,
        fresh: |net, classes, device| FullyConnected::new(net.num_features(), classes, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.blocks.iter().fold(self.stem(images), |x, block| block.forward(x)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let stem = self.stem(images);
        let first = Intermediate { name: "stem".into(), features: stem.clone() };
        let kept = forward_keeping(&self.blocks, &self.ends(), XceptionModule::forward, stem).into_iter();
        let blocks = kept.map(|(index, features)| Intermediate { name: format!("blocks.{index}"), features });
        std::iter::once(first).chain(blocks).collect()
    }

    fn stage_names(&self) -> Vec<String> {
        let blocks = self.ends().into_iter().map(|index| format!("blocks.{index}"));
        std::iter::once("stem".to_owned()).chain(blocks).collect()
    }

    fn num_features(&self) -> usize {
        self.head.global_pool.kind().features(EXIT[2])
    }
}

/// The modules of the entry, middle and exit flow.
fn modules(spec: &XceptionSpec) -> Vec<ModuleSpec> {
    let mut in_channels = STEM[1];
    let mut modules = vec![];
    let mut push = |channels: [usize; 3], stride, residual| {
        modules.push(ModuleSpec { in_channels, channels, stride, residual });
        in_channels = channels[2];
    };
    for &(channels, stride) in spec.entry {
        push([channels; 3], stride, true);
    }
    for _ in 0..spec.middle {
        push([728; 3], 1, true);
    }
    push([728, 1024, 1024], 2, true);
    push(EXIT, 1, false);
    modules
}

impl Family for Xception {
    type Spec = XceptionSpec;
    const NAME: &'static str = "xception";
    const VARIANTS: &'static [Variant<XceptionSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<XceptionSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let modules = modules(&variant.spec);
        let (drop_path, last) = (options.drop_path.unwrap_or(0.0), (modules.len() - 1) as f64);
        let block = |(i, spec): (usize, ModuleSpec)| XceptionModule::new(spec, drop_path * i as f64 / last, device);
        let stem = |inputs, outputs, stride| BasicConv2d::new(inputs, outputs, [Window::new(3).stride(stride).padding(1); 2], true, device);
        let mut model = Self {
            stem: vec![stem(in_channels, STEM[0], 2), stem(STEM[0], STEM[1], 1)],
            blocks: modules.into_iter().enumerate().map(block).collect(),
            head: ClassifierHead {
                global_pool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
                drop: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
                fc: None,
            },
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}

impl Describe for Xception {
    fn describe(&self) -> Node {
        let pool = [("global_pool", self.head.global_pool.describe()), ("drop", self.head.drop.describe())];
        let fc = self.head.fc.as_ref().map(|fc| ("fc", fc.describe()));
        let last = fc.is_some().then_some(Flow::Child(2));
        // timm's pooling flattens.
        let flow = [Flow::Child(0), Flow::op("flatten", ops::Flatten), Flow::Child(1)].into_iter().chain(last);
        let head = Node::tree("ClassifierHead", pool.into_iter().chain(fc)).with_flow(Flow::Chain(flow.collect()));
        Node::tree("XceptionAligned", [("stem", self.stem.describe()), ("blocks", self.blocks.describe()), ("head", head)])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn build(name: &str, options: &BuildOptions) -> Xception {
        Xception::build(name, options, &Device::flex()).unwrap()
    }

    /// Multiply-accumulates that PyTorch's `FlopCounterMode` counts in timm's models.
    #[test]
    fn multiply_accumulates_are_pytorchs() {
        let macs = |name| build(name, &BuildOptions::default()).describe().trace([3, 299, 299]).unwrap().macs;
        assert_eq!(macs("xception41"), 9_204_134_312);
        assert_eq!(macs("xception65"), 13_852_682_216);
        assert_eq!(macs("xception71"), 17_946_553_928);
    }

    #[test]
    fn a_stage_ends_where_the_map_becomes_smaller() {
        let stages = |name| -> Vec<_> {
            let stages = build(name, &BuildOptions::default()).stages([3, 299, 299]).unwrap();
            stages.into_iter().map(|stage| (stage.name, stage.channels, stage.reduction)).collect()
        };
        let want = |blocks: [usize; 4]| -> Vec<_> {
            let names = ["stem".to_owned()].into_iter().chain(blocks.map(|i| format!("blocks.{i}")));
            let sizes = [(64, 2), (128, 4), (256, 8), (728, 16), (2048, 32)];
            names.zip(sizes).map(|(name, (channels, reduction))| (name, channels, reduction)).collect()
        };
        assert_eq!(stages("xception41"), want([0, 1, 10, 12]));
        let mut longer = want([1, 3, 20, 22]);
        (longer[1].1, longer[2].1) = (256, 728);
        assert_eq!(stages("xception71"), longer);
    }

    #[test]
    fn stochastic_depth_grows_module_by_module() {
        let print = build("xception41", &BuildOptions::default().with_drop_path(0.24)).describe().to_torch();
        let rates: Vec<_> = print.lines().filter_map(|line| line.split_once("StochasticDepth(p=")?.1.split_once(',')).collect();
        assert_eq!((rates.len(), rates[0].0, rates[1].0, rates[12].0), (13, "0.0", "0.02", "0.24"));
    }
}
