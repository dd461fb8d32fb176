//! The network.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_core::{BuildError, BuildOptions, Classifier, Family, Features, Intermediate, Setting, Variant, Weights};
use zoo_layers::shape::Window;
use zoo_layers::{
    Activation, ActivationKind, ChannelLayerNorm, FullyConnected, GlobalPool, Layer, forward_layers, relative_position_index,
};

use crate::attention::EPS;
use crate::block::{LayerSpec, MaxVitBlock, MaxVitLayer};
use crate::config::{MaxVitSpec, PARTITION, VARIANTS, fits};
use crate::mbconv::{STD, conv, conv_norm_gelu};
use crate::weights::WEIGHTS;

/// A layer that PyTorch numbers and that pooling has done already.
#[derive(Module, Debug)]
pub(crate) struct Flatten;

/// The layers of the head under torchvision's numbers.
pub(crate) type Head = (GlobalPool, Flatten, ChannelLayerNorm, FullyConnected, Activation, Option<FullyConnected>);

/// MaxViT, output strides 4, 8, 16 and 32.
#[derive(Module, Debug)]
pub struct MaxVit {
    pub(crate) stem: Vec<Vec<Layer>>,
    pub(crate) blocks: Vec<MaxVitBlock>,
    pub(crate) classifier: Head,
    /// `[height, width]` of the picture that the windows and grids fit.
    pub(crate) image_size: [usize; 2],
    in_channels: usize,
    num_classes: usize,
}

impl MaxVit {
    fn stem(&self, images: Tensor<4>) -> Tensor<4> {
        self.stem.iter().fold(images, |x, layers| forward_layers(layers, x))
    }
}

impl Classifier for MaxVit {
    fn forward_features(&self, images: Tensor<4>) -> Features {
        Features::Map(self.blocks.iter().fold(self.stem(images), |x, block| block.forward(x)))
    }

    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2> {
        let (pool, _, norm, hidden, tanh, last) = &self.classifier;
        let x = tanh.forward(hidden.forward(norm.forward(pool.forward(features.into_map()))));
        match last {
            Some(last) if !pre_logits => last.forward(x),
            _ => x,
        }
    }

    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate> {
        let mut x = self.stem(images);
        let mut kept = vec![];
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            kept.push(Intermediate { name: format!("blocks.{index}"), features: x.clone() });
        }
        kept
    }

    fn stage_names(&self) -> Vec<String> {
        (0..self.blocks.len()).map(|index| format!("blocks.{index}")).collect()
    }

    fn classifier_names(&self) -> Vec<String> {
        vec!["classifier.5".into()]
    }

    fn reset_classifier(&mut self, num_classes: usize, device: &Device) {
        let fresh = || FullyConnected::normal(self.num_features(), num_classes, STD, 0.0, device).without_bias();
        self.classifier.5 = (num_classes > 0).then(fresh);
        self.num_classes = num_classes;
    }

    fn num_features(&self) -> usize {
        self.classifier.3.out_features()
    }

    fn in_channels(&self) -> usize {
        self.in_channels
    }

    fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// The table entry of each pair of 49 tokens, for each attention.
    fn index_buffers(&self) -> Vec<(String, Vec<usize>, Vec<i64>)> {
        let values = relative_position_index(PARTITION);
        let mut buffers = vec![];
        for (i, block) in self.blocks.iter().enumerate() {
            for j in 0..block.layers.len() {
                for kind in ["window", "grid"] {
                    let name = format!("blocks.{i}.layers.{j}.layers.{kind}_attention.attn_layer.1.relative_position_index");
                    buffers.push((name, vec![PARTITION.pow(2); 2], values.clone()));
                }
            }
        }
        buffers
    }
}

impl Family for MaxVit {
    type Spec = MaxVitSpec;
    const NAME: &'static str = "maxvit";
    const VARIANTS: &'static [Variant<MaxVitSpec>] = VARIANTS;
    const WEIGHTS: &'static [Weights] = WEIGHTS;
    const SETTINGS: &'static [Setting] = &[Setting::DropPath, Setting::GlobalPool];

    fn from_variant(variant: &'static Variant<MaxVitSpec>, options: &BuildOptions, device: &Device) -> Result<Self, BuildError> {
        let spec = &variant.spec;
        let image_size = options.image_size.unwrap_or([variant.info.input[1], variant.info.input[2]]);
        if !fits(image_size) {
            let value = format!("{}x{}", image_size[0], image_size[1]);
            let must_be = "such that the map of each block is a multiple of 7: 224, 448, ...";
            return Err(BuildError::BadOption { option: "image_size", value, must_be });
        }
        let in_channels = options.in_channels.unwrap_or(variant.info.input[0]);
        let num_classes = options.num_classes.unwrap_or(variant.info.num_classes);
        let dropout = options.dropout.unwrap_or(0.0);
        let drop_path = options.drop_path.unwrap_or(spec.drop_path);

        let mut channels = spec.stem_channels;
        let window = Window::new(3).padding(1);
        let first = conv_norm_gelu(in_channels, channels, window.stride(2), 1, device);
        let stem = vec![first, vec![Layer::Conv(conv(channels, channels, window, device))]];
        // The rates grow in equal steps from nothing at the first layer.
        let step = drop_path / (spec.block_layers.iter().sum::<usize>() - 1) as f64;
        let mut before = 0;
        let mut blocks = vec![];
        for (out_channels, depth) in spec.block_channels.into_iter().zip(spec.block_layers) {
            let layer = |i: usize| {
                let (in_channels, stride) = if i == 0 { (channels, 2) } else { (out_channels, 1) };
                let drop_path = step * (before + i) as f64;
                MaxVitLayer::new(LayerSpec { in_channels, out_channels, stride, head_dim: spec.head_dim, dropout, drop_path }, device)
            };
            blocks.push(MaxVitBlock { layers: (0..depth).map(layer).collect() });
            (channels, before) = (out_channels, before + depth);
        }
        let pool = GlobalPool::new(options.global_pool.unwrap_or_default()).as_int();
        let features = pool.kind().features(channels);
        let hidden = FullyConnected::normal(features, channels, STD, 0.0, device);
        let tanh = Activation::new(ActivationKind::Tanh, device);
        let classifier = (pool, Flatten, ChannelLayerNorm::new(features, EPS, device), hidden, tanh, None);
        let mut model = Self { stem, blocks, classifier, image_size, in_channels, num_classes };
        model.reset_classifier(num_classes, device);
        Ok(model)
    }
}
