//! The same as data: the tree of the network's operations. It holds to `[channels, height, width]` throughout, although
//! `forward` works with the channels last.

use zoo_core::{Describe, Node};
use zoo_layers::describe::{Flow, Operation, Unchanged, ops};
use zoo_layers::shape::{ShapeError, Window};

use crate::attention::WindowAttention;
use crate::block::{PatchMerging, SwinBlock};
use crate::config::Version;
use crate::model::{Part, SwinTransformer};

/// An operation of `forward` that is no module, on maps.
#[derive(Debug, Clone)]
enum Step {
    /// Attention in windows of this side, with so many parameters of its own.
    Attention { window: usize, params: usize },
    /// The offsets from which version 2 computes its position biases, for windows of this side.
    Offsets { window: usize },
    /// Four patches become one.
    Join,
}

impl Operation for Step {
    fn name(&self) -> &'static str {
        match self {
            Self::Attention { .. } => "WindowAttention",
            Self::Offsets { .. } => "RelativeOffsets",
            Self::Join => "JoinPatches",
        }
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let &[channels, height, width] = input else {
            return Err(ShapeError::Mismatch { layer: self.name(), expected: 3, actual: input.len(), unit: "axes" });
        };
        Ok(match self {
            Self::Attention { .. } => vec![channels / 3, height, width],
            Self::Offsets { window } => vec![2, 2 * window - 1, 2 * window - 1],
            Self::Join => vec![4 * channels, height.div_ceil(2), width.div_ceil(2)],
        })
    }
    fn params(&self) -> usize {
        if let Self::Attention { params, .. } = self { *params } else { 0 }
    }
    fn macs(&self, input: &[usize], output: &[usize]) -> u64 {
        match self {
            // Scores and the sum that they weigh: each over the tokens of a window, padding included.
            Self::Attention { window, .. } => {
                let places: usize = input[1..].iter().map(|side| side.next_multiple_of(*window)).product();
                (2 * places * window * window * output[0]) as u64
            }
            _ => 0,
        }
    }
    fn is_product(&self) -> bool {
        matches!(self, Self::Attention { .. })
    }
    fn windows(&self, _: &[usize]) -> [Window; 2] {
        match self {
            Self::Attention { window, .. } => [Window::new(*window).padding(window / 2); 2],
            Self::Offsets { .. } => [Window::POINT; 2],
            Self::Join => [Window::new(2).stride(2); 2],
        }
    }
}

fn chain(steps: &[usize]) -> Flow {
    Flow::Chain(steps.iter().map(|step| Flow::Child(*step)).collect())
}

impl Describe for WindowAttention {
    fn describe(&self) -> Node {
        let window = self.window;
        let cpb_mlp = self.cpb_mlp.as_ref().map(|mlp| ("cpb_mlp", mlp.describe().on_map(1)));
        let own = self.relative_position_bias_table.as_ref().map(|table| table.lazy_shape().num_elements());
        let params = own.or(self.logit_scale.as_ref().map(|scale| scale.lazy_shape().num_elements())).unwrap_or(0);
        let kind = if cpb_mlp.is_some() { "ShiftedWindowAttentionV2" } else { "ShiftedWindowAttention" };
        // The biases do not depend on the input: a side branch, described like a gate.
        let biases = || Flow::Gate(Box::new(Flow::Chain(vec![Flow::op("relative_offsets", Step::Offsets { window }), Flow::Child(2)])));
        let main = vec![Flow::Child(0), Flow::op("attention", Step::Attention { window, params }), Flow::Child(1)];
        let flow = cpb_mlp.is_some().then(biases).into_iter().chain(main).collect();
        let children = [("qkv", self.qkv.describe().on_map(window)), ("proj", self.proj.describe().on_map(window))];
        Node::tree(kind, children.into_iter().chain(cpb_mlp)).with_flow(Flow::Chain(flow))
    }
}

impl Describe for SwinBlock {
    fn describe(&self) -> Node {
        let (kind, order) = match self.version {
            Version::V1 => ("SwinTransformerBlock", [[0, 1, 2], [3, 4, 2]]),
            Version::V2 => ("SwinTransformerBlockV2", [[1, 0, 2], [4, 3, 2]]),
        };
        let children = [
            ("norm1", self.norm1.describe().on_map(1)),
            ("attn", self.attn.describe()),
            ("stochastic_depth", self.stochastic_depth.describe()),
            ("norm2", self.norm2.describe().on_map(1)),
            ("mlp", self.mlp.describe().named("MLP").on_map(1)),
        ];
        let beside = |steps: [usize; 3]| Flow::Sum(vec![Flow::Chain(vec![]), chain(&steps)]);
        Node::tree(kind, children).with_flow(Flow::Chain(order.map(beside).to_vec()))
    }
}

impl Describe for PatchMerging {
    fn describe(&self) -> Node {
        let (kind, order) = match self.version {
            Version::V1 => ("PatchMerging", [1, 0]),
            Version::V2 => ("PatchMergingV2", [0, 1]),
        };
        let children = [("reduction", self.reduction.describe().on_map(1)), ("norm", self.norm.describe().on_map(1))];
        Node::tree(kind, children).with_flow(Flow::Chain(vec![Flow::op("join", Step::Join), chain(&order)]))
    }
}

impl Describe for Part {
    fn describe(&self) -> Node {
        match self {
            Self::Embed((conv, _, norm)) => {
                Node::sequential([conv.describe(), Node::leaf(Unchanged("Permute")), norm.describe().on_map(1)])
            }
            Self::Stage(blocks) => blocks.describe(),
            Self::Merge(merge) => merge.describe(),
        }
    }
}

impl Describe for SwinTransformer {
    fn describe(&self) -> Node {
        let children = [
            ("features", self.features.describe()),
            ("norm", self.norm.describe().on_map(1)),
            ("permute", Node::leaf(Unchanged("Permute"))),
            ("avgpool", self.avgpool.describe()),
            ("flatten", Node::leaf(ops::Flatten)),
        ];
        let head = self.head.as_ref().map(|head| ("head", head.describe()));
        Node::tree("SwinTransformer", children.into_iter().chain(head))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::Device;
    use zoo_core::{BuildOptions, Classifier, Describe, Family, params};
    use zoo_layers::GlobalPoolKind;

    use crate::SwinTransformer;

    fn build(name: &str, options: &BuildOptions) -> SwinTransformer {
        SwinTransformer::build(name, options, &Device::flex()).unwrap()
    }

    #[test]
    fn odd_maps_are_padded_to_windows_and_to_even_sizes() {
        let trace = build("swin_t", &BuildOptions::default()).describe().trace([3, 72, 100]).unwrap();
        let shape = |name: &str| trace.output_of(name).unwrap().shape;
        assert_eq!((shape("features.1"), shape("features.3")), (vec![96, 18, 25], vec![192, 9, 13]));
        assert_eq!((shape("features.5"), shape("features.7")), (vec![384, 5, 7], vec![768, 3, 4]));
        let qkv = trace.layers.iter().find(|row| row.name == "features.1.0.attn.qkv").unwrap();
        assert_eq!(qkv.macs, 21 * 28 * 96 * 288);
    }

    #[test]
    fn stages_tell_channels_and_reduction() {
        let stages = build("swin_v2_t", &BuildOptions::default()).stages([3, 64, 64]).unwrap();
        let found: Vec<_> = stages.iter().map(|stage| (stage.name.as_str(), stage.channels, stage.reduction)).collect();
        assert_eq!(found, [("features.1", 96, 4), ("features.3", 192, 8), ("features.5", 384, 16), ("features.7", 768, 32)]);
    }

    #[test]
    fn both_averages_and_maxima_are_twice_the_features() {
        let options = BuildOptions::default().with_global_pool(GlobalPoolKind::CatAvgMax).with_num_classes(5);
        let model = build("swin_t", &options);
        assert_eq!((model.num_features(), model.describe().trace([3, 32, 32]).unwrap().output), (2 * 768, vec![5]));
    }

    #[test]
    fn the_offsets_of_version_two_are_saved_but_not_trained() {
        let table = params::param_table(&build("swin_v2_t", &BuildOptions::default()));
        let coords: Vec<_> = table.iter().filter(|p| p.name.ends_with("relative_coords_table")).collect();
        assert_eq!(coords.len(), 12);
        assert!(coords.iter().all(|p| !p.trainable && p.shape == [1, 15, 15, 2]));
    }
}
