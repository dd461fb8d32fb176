//! The network.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Family, Features, Intermediate, Setting, Variant, Weights};
use zoo_layers::{ChannelLayerNorm, FullyConnected, in_wide, init};

use crate::block::{EPS, MixerBlock};
use crate::config::{MixerSpec, VARIANTS};
use crate::weights::WEIGHTS;

/// The patches.
#[derive(Module, Debug)]
pub(crate) struct PatchEmbed {
    pub proj: Conv2d,
}

/// MLP-Mixer.
#[derive(Module, Debug)]
pub struct MlpMixer {
    pub(crate) stem: PatchEmbed,
    pub(crate) blocks: Vec<MixerBlock>,
    pub(crate) norm: ChannelLayerNorm,
    pub(crate) head_drop: Dropout,
    pub(crate) head: Option<FullyConnected>,
    /// `[height, width]` of the picture that the token-mixing layers are made for.
    pub(crate) image_size: [usize; 2],
    in_channels: usize,
    num_classes: usize,
}

impl MlpMixer {
    /// The patches as tokens, `[batch, tokens, channels]`.
    fn embed(&self, images: Tensor<4>) -> Tensor<3> {
        self.stem.proj.forward(images).flatten::<3>(2, 3).swap_dims(1, 2)
    }

    /// Tokens as a map `[batch, channels, rows, columns]`.
    fn map(&self, tokens: Tensor<3>) -> Tensor<4> {
        let [batch, _, channels] = tokens.dims();
        let [rows, columns] = [0, 1].map(|axis| self.image_size[axis] / self.stem.proj.kernel_size[axis]);
        tokens.swap_dims(1, 2).reshape([batch, channels, rows, columns])
    }

    /// Indices of the blocks that end a quarter of the depth.
    fn quarters(&self) -> [usize; 4] {
        let depth = self.blocks.len();
        [1, 2, 3, 4].map(|quarter| (quarter * depth / 4).max(1) - 1)
    }
}

impl Classifier for MlpMixer {
    /// All tokens after the last normalisation.
    fn forward_features(&self, images: Tensor<4>) -> Features {
        let tokens = self.blocks.iter().fold(self.embed(images), |x, block| block.forward(x));
        Features::Tokens(self.norm.forward(tokens))
    }

    /// The head looks at the average of the tokens.
    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let mean = in_wide(features.into_tokens(), |tokens| tokens.mean_dim(1)).squeeze_dim(1);
        match &self.head {
            Some(head) if !pre_logits => head.forward(self.head_drop.forward(mean)),
            _ => mean,
        }
    }

    /// The tokens after each quarter of the blocks, before the last normalisation.
    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let quarters = self.quarters();
        let mut x = self.embed(images);
        let mut kept = vec![];
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            if quarters.contains(&index) {
                kept.push(Intermediate { name: format!("blocks.{index}"), features: self.map(x.clone()) });
            }
        }
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        self.quarters().map(|index| format!("blocks.{index}")).to_vec()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["head".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        self.head = (num_classes > 0).then(|| FullyConnected::normal(self.num_features(), num_classes, 0.0, 0.0, device));
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.norm.weight.lazy_shape()[0]
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }
}

/// The patch projection, with the variance of LeCun's initialisation, 1 / fan in, and zero for the bias.
fn projection(in_channels: usize, channels: usize, patch: usize, device: &Device) -> Conv2d {
    let proj = Conv2dConfig::new([in_channels, channels], [patch; 2]).with_stride([patch; 2]).init(device);
    let fan_in = (in_channels * patch * patch) as f64;
    init::normal_conv(proj, fan_in.recip().sqrt(), 0.0, device)
}

impl Family for MlpMixer {
    type Spec = MixerSpec;
    const NAME: &'static str = "mixer";
    const VARIANTS: &'static [Variant<MixerSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath];

    fn from_variant(variant: &'static Variant<MixerSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let MixerSpec { patch_size, num_blocks, embed_dim } = variant.spec;
        let image_size = options.image_size.unwrap_or([variant.info.input[1], variant.info.input[2]]);
        if image_size.iter().any(|side| side % patch_size != 0) {
            let value = format!("{}x{}", image_size[0], image_size[1]);
            let must_be = "a multiple of the patch of 32 or 16 pixels, which the model's name gives";
            return Err(BuildError::BadOption { option: "image_size", value, must_be });
        }
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let tokens = image_size.iter().map(|side| side / patch_size).product();
        let (drop_path, last) = (options.drop_path.unwrap_or(0.0), (num_blocks - 1).max(1) as f64);
        let block = |i: usize| MixerBlock::new(tokens, embed_dim, drop_path * i as f64 / last, device);
        let mut model = Self {
            stem: PatchEmbed { proj: projection(in_channels, embed_dim, patch_size, device) },
            blocks: (0..num_blocks).map(block).collect(),
            norm: ChannelLayerNorm::new(embed_dim, EPS, device),
            head_drop: DropoutConfig::new(options.dropout.unwrap_or(0.0)).init(),
            head: None,
            image_size,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}
