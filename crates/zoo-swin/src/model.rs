//! The network.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Family, Features, Intermediate, Setting, Variant, Weights, pooled_head};
use zoo_layers::{ChannelLayerNorm, FullyConnected, GlobalPool, relative_position_index};

use crate::block::{BlockSpec, EPS, PatchMerging, SwinBlock};
use crate::config::{PATCH_SIZE, SwinSpec, VARIANTS, Version};
use crate::weights::{ALIASES, WEIGHTS};

/// The change from `[batch, channels, height, width]` to `[batch, height, width, channels]`, which PyTorch numbers as a layer.
#[derive(Module, Debug)]
pub(crate) struct Permute;

/// An entry of `features`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // eight of them
pub(crate) enum Part {
    /// Patches become tokens.
    Embed((Conv2d, Permute, ChannelLayerNorm)),
    /// Blocks of one resolution.
    Stage(Vec<SwinBlock>),
    /// Half the resolution, twice the channels.
    Merge(PatchMerging),
}

/// Swin Transformer, output strides 4, 8, 16 and 32.
#[derive(Module, Debug)]
pub struct SwinTransformer {
    pub(crate) features: Vec<Part>,
    pub(crate) norm: ChannelLayerNorm,
    pub(crate) avgpool: GlobalPool,
    pub(crate) head: Option<FullyConnected>,
    #[module(skip)]
    pub(crate) version: Version,
    in_channels: usize,
    num_classes: usize,
}

impl Part {
    /// Tokens `[batch, height, width, channels]` of such, or (the patch embedding) of a picture
    /// `[batch, channels, height, width]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Embed((conv, _, norm)) => norm.forward(channels_last(conv.forward(x))),
            Self::Stage(blocks) => blocks.iter().fold(x, |x, block| block.forward(x)),
            Self::Merge(merge) => merge.forward(x),
        }
    }
}

fn channels_last(map: Tensor<4>) -> Tensor<4> {
    map.permute([0, 2, 3, 1])
}

fn channels_first(tokens: Tensor<4>) -> Tensor<4> {
    tokens.permute([0, 3, 1, 2])
}

impl Classifier for SwinTransformer {
    pooled_head! {
        pool: avgpool,
        last: head,
        fresh: |net, classes, device| FullyConnected::normal(net.num_features(), classes, 0.02, 0.0, device)
    }

    fn forward_features(&self, images: Tensor<4>) -> Features {
        let tokens = self.features.iter().fold(images, |x, part| part.forward(x));
        Features::Map(channels_first(self.norm.forward(tokens)))
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut x = images;
        let mut kept = vec![];
        for (index, part) in self.features.iter().enumerate() {
            x = part.forward(x);
            if let Part::Stage(_) = part {
                kept.push(Intermediate { name: format!("features.{index}"), features: channels_first(x.clone()) });
            }
        }
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        let stages = self.features.iter().enumerate().filter(|(_, part)| matches!(part, Part::Stage(_)));
        stages.map(|(index, _)| format!("features.{index}")).collect()
    }

    fn num_features(&self) -> usize {
        self.avgpool.kind().features(self.norm.weight.lazy_shape()[0])
    }

    /// The table entry of each pair of a window's tokens, for each block.
    fn index_buffers(&self) -> Vec<(String, Vec<usize>, Vec<i64>)> {
        let values = relative_position_index(self.version.window_size());
        let mut buffers = vec![];
        for (i, part) in self.features.iter().enumerate() {
            let Part::Stage(blocks) = part else { continue };
            let name = |j: usize| format!("features.{i}.{j}.attn.relative_position_index");
            buffers.extend((0..blocks.len()).map(|j| (name(j), vec![values.len()], values.clone())));
        }
        buffers
    }
}

impl Family for SwinTransformer {
    type Spec = SwinSpec;
    const NAME: &'static str = "swin";
    const VARIANTS: &'static [Variant<SwinSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const ALIASES: &'static [(&'static str, &'static str)] = ALIASES;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<SwinSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let spec = &variant.spec;
        let version = spec.version;
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let dropout = options.dropout.unwrap_or(0.0);
        let drop_path = options.drop_path.unwrap_or(spec.drop_path);

        let mut channels = spec.embed_dim;
        let conv = Conv2dConfig::new([in_channels, channels], [PATCH_SIZE; 2]).with_stride([PATCH_SIZE; 2]).init(device);
        let mut features = vec![Part::Embed((conv, Permute, ChannelLayerNorm::new(channels, EPS, device)))];
        let total: usize = spec.depths.iter().sum();
        let mut before = 0;
        for (stage, (depth, heads)) in spec.depths.into_iter().zip(spec.num_heads).enumerate() {
            if stage > 0 {
                features.push(Part::Merge(PatchMerging::new(version, channels, device)));
                channels *= 2;
            }
            let block = |i: usize| {
                let shift = if i.is_multiple_of(2) { 0 } else { version.window_size() / 2 };
                let drop_path = drop_path * (before + i) as f64 / (total - 1) as f64;
                SwinBlock::new(BlockSpec { version, channels, heads, shift, dropout, drop_path }, device)
            };
            features.push(Part::Stage((0..depth).map(block).collect()));
            before += depth;
        }
        let mut model = Self {
            features,
            norm: ChannelLayerNorm::new(channels, EPS, device),
            avgpool: GlobalPool::new(options.global_pool.unwrap_or_default()).as_int(),
            head: None,
            version,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}
