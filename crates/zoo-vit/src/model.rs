//! The network.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Family, Features, Intermediate, Setting, Variant, Weights};
use zoo_layers::{ChannelLayerNorm, FullyConnected, NamedChildren, init};

use crate::block::{EPS, EncoderBlock};
use crate::config::{VARIANTS, VitSpec};
use crate::interpolate::interpolate;
use crate::weights::{ALIASES, WEIGHTS};

/// Positions and the blocks.
#[derive(Module, Debug)]
pub(crate) struct Encoder {
    /// `[1, 1 + patches, channels]`.
    pub pos_embedding: Param<Tensor<3>>,
    pub dropout: Dropout,
    pub layers: NamedChildren<EncoderBlock>,
    pub ln: ChannelLayerNorm,
}

/// The last layer.
#[derive(Module, Debug)]
pub(crate) struct Heads {
    pub head: Option<FullyConnected>,
}

/// Vision Transformer.
#[derive(Module, Debug)]
pub struct VisionTransformer {
    /// `[1, 1, channels]`.
    pub(crate) class_token: Param<Tensor<3>>,
    pub(crate) conv_proj: Conv2d,
    pub(crate) encoder: Encoder,
    pub(crate) heads: Heads,
    /// `[height, width]` of the picture that the positions are made for.
    pub(crate) image_size: [usize; 2],
    in_channels: usize,
    num_classes: usize,
}

impl VisionTransformer {
    /// `[rows, columns]` of patches.
    pub(crate) fn grid(&self) -> [usize; 2] {
        [self.image_size[0] / self.conv_proj.kernel_size[0], self.image_size[1] / self.conv_proj.kernel_size[1]]
    }

    /// Class token and patches with their positions, `[batch, 1 + patches, channels]`.
    fn embed(&self, images: Tensor<4>) -> Tensor<3> {
        let batch = images.dims()[0];
        let patches = self.conv_proj.forward(images).flatten::<3>(2, 3).swap_dims(1, 2);
        let class = self.class_token.val().repeat_dim(0, batch);
        self.encoder.dropout.forward(Tensor::cat(vec![class, patches], 1) + self.encoder.pos_embedding.val())
    }

    /// The patches' tokens as a map `[batch, channels, rows, columns]`.
    fn map(&self, tokens: Tensor<3>) -> Tensor<4> {
        let [batch, count, channels] = tokens.dims();
        let [rows, columns] = self.grid();
        tokens.narrow(1, 1, count - 1).swap_dims(1, 2).reshape([batch, channels, rows, columns])
    }

    /// The path of the block with this index.
    fn stage_name(&self, index: usize) -> String {
        format!("encoder.layers.{}", self.encoder.layers.names()[index])
    }

    /// Indices of the blocks that end a quarter of the depth.
    fn quarters(&self) -> Vec<usize> {
        let depth = self.encoder.layers.len();
        (1..=4).map(|quarter| (quarter * depth / 4).max(1) - 1).collect()
    }
}

impl Classifier for VisionTransformer {
    /// All tokens after the last normalisation, the class token first.
    fn forward_features(&self, images: Tensor<4>) -> Features {
        let tokens = self.encoder.layers.iter().fold(self.embed(images), |x, block| block.forward(x));
        Features::Tokens(self.encoder.ln.forward(tokens))
    }

    /// The head looks at the class token alone.
    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let class = features.into_tokens().narrow(1, 0, 1).squeeze_dim(1);
        match &self.heads.head {
            Some(head) if !pre_logits => head.forward(class),
            _ => class,
        }
    }

    /// The patches after each quarter of the blocks, without the class token, before the last normalisation.
    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let quarters = self.quarters();
        let mut x = self.embed(images);
        let mut kept = vec![];
        for (index, block) in self.encoder.layers.iter().enumerate() {
            x = block.forward(x);
            if quarters.contains(&index) {
                kept.push(Intermediate { name: self.stage_name(index), features: self.map(x.clone()) });
            }
        }
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        self.quarters().into_iter().map(|index| self.stage_name(index)).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["heads.head".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        let zeros = || FullyConnected::normal(self.num_features(), num_classes, 0.0, 0.0, device);
        self.heads.head = (num_classes > 0).then(zeros);
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.encoder.pos_embedding.lazy_shape()[2]
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// Files of before torchvision 0.14 name the layers of the MLP; timm has keys of its own for the same network.
    fn rename_key(&self, published: &str) -> Option<String> {
        let new = crate::keys::from_timm(published)
            .unwrap_or_else(|| published.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3."));
        (new != published).then_some(new)
    }

    fn adapt_weight(&self, name: &str, shape: &[usize], file_shape: &[usize], values: &[f32]) -> Option<Vec<f32>> {
        match (shape, file_shape) {
            (&[1, count, channels], &[1, file_count, file_channels])
                if name == "encoder.pos_embedding" && channels == file_channels && values.len() == file_count * channels =>
            {
                interpolate(values, channels, self.grid()).filter(|new| new.len() == count * channels)
            }
            _ => None,
        }
    }
}

impl Family for VisionTransformer {
    type Spec = VitSpec;
    const NAME: &'static str = "vit";
    const VARIANTS: &'static [Variant<VitSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const ALIASES: &'static [(&'static str, &'static str)] = ALIASES;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath];

    fn from_variant(variant: &'static Variant<VitSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let spec = &variant.spec;
        let (channels, patch) = (spec.hidden_dim, spec.patch_size);
        let image_size = options.image_size.unwrap_or([variant.info.input[1], variant.info.input[2]]);
        if image_size.iter().any(|side| side % patch != 0) {
            let value = format!("{}x{}", image_size[0], image_size[1]);
            let must_be = "a multiple of the patch, whose pixels the model's name ends with";
            return Err(BuildError::BadOption { option: "image_size", value, must_be });
        }
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let dropout = options.dropout.unwrap_or(0.0);
        let drop_path = options.drop_path.unwrap_or(0.0);
        let conv_proj = Conv2dConfig::new([in_channels, channels], [patch; 2]).with_stride([patch; 2]).init(device);
        let fan_in = (in_channels * patch * patch) as f64;
        let tokens = 1 + image_size.iter().map(|side| side / patch).product::<usize>();
        let last = (spec.num_layers - 1).max(1) as f64;
        let block = |i: usize| EncoderBlock::new(spec, dropout, drop_path * i as f64 / last, device);
        let mut model = Self {
            class_token: Initializer::Zeros.init([1, 1, channels], device),
            conv_proj: init::normal_conv(conv_proj, (1.0 / fan_in).sqrt(), 0.0, device),
            encoder: Encoder {
                pos_embedding: Initializer::Normal { mean: 0.0, std: 0.02 }.init([1, tokens, channels], device),
                dropout: DropoutConfig::new(dropout).init(),
                layers: NamedChildren::numbered("encoder_layer_", 0, (0..spec.num_layers).map(block)),
                ln: ChannelLayerNorm::new(channels, EPS, device),
            },
            heads: Heads { head: None },
            image_size,
            in_channels,
            num_classes,
        };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}
