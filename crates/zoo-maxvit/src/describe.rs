//! The same as data: the tree of the network's operations. It holds to `[channels, height, width]` throughout, although
//! attention works with the channels last.

use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Operation, Reach, Unchanged, ops};
use zoo_layers::shape::{ShapeError, Window};

use crate::attention::{Partition, PartitionAttention, RelativeAttention};
use crate::block::{MaxVitBlock, MaxVitLayer};
use crate::config::PARTITION;
use crate::mbconv::MbConv;
use crate::model::MaxVit;

/// Attention among 49 tokens; the input holds queries, keys and values.
#[derive(Debug, Clone)]
struct Attention {
    partition: Partition,
    params: usize,
}

impl Operation for Attention {
    fn name(&self) -> &'static str {
        match self.partition {
            Partition::Window => "WindowAttention",
            Partition::Grid => "GridAttention",
        }
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match input {
            [channels, places @ ..] if places.len() == 2 => Ok([&[channels / 3], places].concat()),
            _ => Err(ShapeError::Mismatch { layer: self.name(), expected: 3, actual: input.len(), unit: "axes" }),
        }
    }
    fn params(&self) -> usize {
        self.params
    }
    fn macs(&self, _: &[usize], output: &[usize]) -> u64 {
        // Scores and the sum that they weigh.
        (2 * output.iter().product::<usize>() * PARTITION * PARTITION) as u64
    }
    fn is_product(&self) -> bool {
        true
    }
    fn reach(&self) -> Reach {
        if self.partition == Partition::Grid { Reach::Everything } else { Reach::Window }
    }
    fn windows(&self, _: &[usize]) -> [Window; 2] {
        match self.partition {
            Partition::Window => [Window::new(PARTITION).padding(PARTITION / 2); 2],
            Partition::Grid => [Window::POINT; 2],
        }
    }
}

fn chain(steps: &[usize]) -> Flow {
    Flow::Chain(steps.iter().map(|step| Flow::Child(*step)).collect())
}

fn beside(steps: &[usize]) -> Flow {
    Flow::Sum(vec![Flow::Chain(vec![]), chain(steps)])
}

fn unchanged(name: &'static str) -> Node {
    Node::leaf(Unchanged(name))
}

impl RelativeAttention {
    fn describe_as(&self, partition: Partition) -> Node {
        let params = self.relative_position_bias_table.lazy_shape().num_elements();
        let children = [("to_qkv", self.to_qkv.describe().on_map(1)), ("merge", self.merge.describe().on_map(1))];
        let flow = vec![Flow::Child(0), Flow::op("attention", Attention { partition, params }), Flow::Child(1)];
        Node::tree("RelativePositionalMultiHeadAttention", children).with_flow(Flow::Chain(flow))
    }
}

impl Describe for PartitionAttention {
    fn describe(&self) -> Node {
        let swap = if self.partition == Partition::Grid { "SwapAxes" } else { "Identity" };
        let (norm, attention, dropout) = &self.attn_layer;
        let children = [
            ("partition_op", unchanged("WindowPartition")),
            ("departition_op", unchanged("WindowDepartition")),
            ("partition_swap", unchanged(swap)),
            ("departition_swap", unchanged(swap)),
            ("attn_layer", Node::sequential([norm.describe().on_map(1), attention.describe_as(self.partition), dropout.describe()])),
            ("mlp_layer", self.mlp_layer.describe().on_map(1)),
            ("stochastic_dropout", self.stochastic_dropout.describe()),
        ];
        let flow = vec![chain(&[0, 2]), beside(&[4, 6]), beside(&[5, 6]), chain(&[3, 1])];
        Node::tree("PartitionAttentionLayer", children).with_flow(Flow::Chain(flow))
    }
}

impl Describe for MbConv {
    fn describe(&self) -> Node {
        let branch = &self.layers;
        let layers = Node::tree(
            "Sequential",
            [
                ("pre_norm", branch.pre_norm.describe()),
                ("conv_a", branch.conv_a.describe().named("Conv2dNormActivation")),
                ("conv_b", branch.conv_b.describe().named("Conv2dNormActivation")),
                ("squeeze_excitation", branch.squeeze_excitation.describe()),
                ("conv_c", branch.conv_c.describe()),
            ],
        );
        let proj = if self.proj.is_empty() { unchanged("Identity") } else { self.proj.describe() };
        let depth = self.stochastic_depth.describe();
        // torchvision has no such module where the rate is zero.
        let depth = if depth.to_torch().contains("p=0.0,") { unchanged("Identity") } else { depth };
        let children = [("proj", proj), ("stochastic_depth", depth), ("layers", layers)];
        Node::tree("MBConv", children).with_flow(Flow::Sum(vec![Flow::Child(0), chain(&[2, 1])]))
    }
}

impl Describe for MaxVitLayer {
    fn describe(&self) -> Node {
        let parts = [
            ("MBconv", self.layers.MBconv.describe()),
            ("window_attention", self.layers.window_attention.describe()),
            ("grid_attention", self.layers.grid_attention.describe()),
        ];
        Node::tree("MaxVitLayer", [("layers", Node::tree("Sequential", parts))])
    }
}

impl Describe for MaxVitBlock {
    fn describe(&self) -> Node {
        Node::tree("MaxVitBlock", [("layers", self.layers.describe().named("ModuleList"))])
    }
}

impl Describe for MaxVit {
    fn describe(&self) -> Node {
        let sized = |layers: &Vec<_>| {
            let first = |(i, layer): (usize, &zoo_layers::Layer)| match i {
                0 => layer.describe().only_for(self.image_size),
                _ => layer.describe(),
            };
            Node::sequential(layers.iter().enumerate().map(first))
        };
        let stem = self.stem.iter().enumerate().map(|(i, layers)| if i == 0 { sized(layers) } else { layers.describe() });
        let stem = Node::sequential(stem.map(|layers| layers.named("Conv2dNormActivation")));
        let (pool, _, norm, hidden, tanh, last) = &self.classifier;
        let head = [pool.describe(), Node::leaf(ops::Flatten), norm.describe(), hidden.describe(), tanh.describe()];
        let classifier = Node::sequential(head.into_iter().chain(last.as_ref().map(Describe::describe)));
        Node::tree("MaxVit", [("stem", stem), ("blocks", self.blocks.describe().named("ModuleList")), ("classifier", classifier)])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::Device;
    use zoo_core::{BuildError, BuildOptions, Classifier, Describe, Family, InputError};
    use zoo_layers::GlobalPoolKind;

    use crate::MaxVit;

    fn build(options: &BuildOptions) -> Result<MaxVit, BuildError> {
        MaxVit::build("maxvit_t", options, &Device::flex())
    }

    #[test]
    fn stages_tell_channels_and_reduction() {
        let stages = build(&BuildOptions::default()).unwrap().stages([3, 224, 224]).unwrap();
        let found: Vec<_> = stages.iter().map(|stage| (stage.name.as_str(), stage.channels, stage.reduction)).collect();
        assert_eq!(found, [("blocks.0", 64, 4), ("blocks.1", 128, 8), ("blocks.2", 256, 16), ("blocks.3", 512, 32)]);
    }

    #[test]
    fn a_model_takes_the_size_that_it_is_built_for() {
        let model = build(&BuildOptions::default()).unwrap();
        assert_eq!(model.check_input([3, 448, 448]), Err(InputError::FixedSize { actual: [448, 448], expected: 224 }));
        assert!(build(&BuildOptions::default().with_image_size([448, 224])).is_ok());
        let refused = build(&BuildOptions::default().with_image_size([256, 256])).unwrap_err();
        assert!(matches!(refused, BuildError::BadOption { option: "image_size", .. }), "{refused}");
    }

    #[test]
    fn pooling_and_stochastic_depth_can_be_chosen() {
        let options = BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax).with_drop_path(0.5).with_num_classes(5);
        let model = build(&options).unwrap();
        assert_eq!((model.num_features(), model.classifier.3.in_features()), (512, 1024));
        let trace = model.describe().trace([3, 224, 224]).unwrap();
        assert_eq!(trace.output, [5]);
        let last = model.blocks[3].layers[1].layers.MBconv.stochastic_depth.describe();
        assert_eq!(last.to_torch(), "StochasticDepth(p=0.5, mode=row)");
    }
}
