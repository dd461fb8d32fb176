//! What every model offers.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use zoo_layers::describe::Describe;
use zoo_layers::shape::ShapeError;
use zoo_layers::{Smallest, smallest_input};

use crate::InputError;

/// What a network's body computes, before its head.
#[derive(Debug, Clone)]
pub enum Features {
    /// A feature map `[batch, channels, height, width]`: convolutional networks.
    Map(Tensor<4>),
    /// Tokens `[batch, tokens, channels]`: transformers.
    Tokens(Tensor<3>),
}

impl Features {
    /// The feature map; tokens become a map `[batch, channels, tokens, 1]`.
    pub fn into_map(self) -> Tensor<4> {
        match self {
            Self::Map(map) => map,
            Self::Tokens(tokens) => tokens.swap_dims(1, 2).unsqueeze_dim(3),
        }
    }

    /// The tokens; each place of a map, row by row, becomes one: `[batch, height * width, channels]`.
    pub fn into_tokens(self) -> Tensor<3> {
        match self {
            Self::Map(map) => map.flatten::<3>(2, 3).swap_dims(1, 2),
            Self::Tokens(tokens) => tokens,
        }
    }
}

/// A place within a network whose feature map can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Dotted path of the layer or block that makes the map: `layer1`.
    pub name: String,
    /// Channels of the map.
    pub channels: usize,
    /// Input pixels from one of its pixels to the next.
    pub reduction: usize,
}

/// A feature map from within a network, under the name of the layer that made it.
#[derive(Debug, Clone)]
pub struct Intermediate {
    /// Dotted path of the layer: `features.2`.
    pub name: String,
    /// `[batch, channels, height, width]`.
    pub features: Tensor<4>,
}

/// An image classifier. Train or inference mode follows the device of the input and `valid()`, as in Burn.
pub trait Classifier: Module + Describe {
    /// Logits `[batch, num_classes]` of pictures `[batch, channels, height, width]`; no softmax. A model without classes
    /// gives the features that its last layer would have seen, `[batch, num_features]`.
    ///
    /// # Panics
    /// Where the shape does not fit, as Burn's modules do: check with [`Classifier::check_input`] first.
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_head(self.forward_features(images), false)
    }

    /// The body's output, before pooling and the head.
    fn forward_features(&self, images: Tensor<4>) -> Features;

    /// Pooling and the head: logits `[batch, num_classes]` of the body's output, or with `pre_logits` what the last layer
    /// sees, `[batch, num_features]`.
    fn forward_head(&self, features: Features, pre_logits: bool) -> Tensor<2>;

    /// Feature maps from within, in the order of [`Classifier::stage_names`], named by the layer or block that made them.
    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate>;

    /// Dotted paths of the layers or blocks whose maps [`Classifier::forward_intermediates`] gives, first to last.
    fn stage_names(&self) -> Vec<String>;

    /// Logits for training, with those of auxiliary heads and the weight of each in the loss. Most have none.
    fn forward_train(&self, images: Tensor<4>) -> (Tensor<2>, Vec<(f64, Tensor<2>)>) {
        (self.forward(images), vec![])
    }

    /// Paths of the layers whose width is `num_classes` (auxiliary heads included), whether or not they are there: what is
    /// drawn anew when weights for other classes are loaded.
    fn classifier_names(&self) -> Vec<String>;

    /// Puts a fresh last layer (in auxiliary heads too) for so many classes in place; 0 leaves it out.
    fn reset_classifier(&mut self, num_classes: usize, device: &Device);

    /// Width of what the last layer sees.
    fn num_features(&self) -> usize;

    /// Number of channels of the input.
    fn in_channels(&self) -> usize;

    /// Number of classes.
    fn num_classes(&self) -> usize;

    /// The key here of a tensor that published files keep under another one; `None` where the key is the same.
    fn rename_key(&self, _published: &str) -> Option<String> {
        None
    }

    /// Values for the parameter `name` of `shape`, from those of a file in which it has another shape: position embeddings
    /// of another picture size. `None` where that makes no sense.
    fn adapt_weight(&self, _name: &str, _shape: &[usize], _file_shape: &[usize], _values: &[f32]) -> Option<Vec<f32>> {
        None
    }

    /// Integer buffers that PyTorch keeps in the state dictionary, as name, shape and values: they follow from the
    /// architecture, are written into files for PyTorch's sake, and are not read back.
    fn index_buffers(&self) -> Vec<(String, Vec<usize>, Vec<i64>)> {
        vec![]
    }

    /// The stages with their channels and reductions, read off the description for an input of this shape
    /// `[channels, height, width]`.
    ///
    /// # Errors
    /// An [`InputError`] where the input does not pass.
    fn stages(&self, input: [usize; 3]) -> Result<Vec<Stage>, InputError> {
        self.check_input(input)?;
        let actual = [input[1], input[2]];
        let trace = self.describe().trace(input).map_err(|cause| InputError::Shape { actual, cause })?;
        let stage = |name: String| {
            let found = trace.output_of(&name)?;
            // A map is [channels, height, width]; tokens are [tokens, channels].
            let channels = if found.shape.len() == 3 { found.shape.first() } else { found.shape.last() };
            Some(Stage { name, channels: channels.copied()?, reduction: found.jump[0] })
        };
        Ok(self.stage_names().into_iter().filter_map(stage).collect())
    }

    /// The smallest square picture, and whether it is the only size. `None` if no size up to 2048 passes.
    fn smallest_input(&self) -> Option<Smallest> {
        smallest_input(&self.describe(), self.in_channels())
    }

    /// Checks a picture's shape `[channels, height, width]` before it comes to `forward`.
    ///
    /// # Errors
    /// An [`InputError`] that says what would do.
    fn check_input(&self, [channels, height, width]: [usize; 3]) -> Result<(), InputError> {
        if channels != self.in_channels() {
            return Err(InputError::Channels { expected: self.in_channels(), actual: channels });
        }
        let actual = [height, width];
        let cause: ShapeError = match self.describe().trace([channels, height, width]) {
            Ok(_) => return Ok(()),
            Err(cause) => cause,
        };
        Err(match self.smallest_input() {
            Some(Smallest { size, only: true }) => InputError::FixedSize { actual, expected: size },
            Some(Smallest { size, .. }) if height < size || width < size => InputError::TooSmall { actual, smallest: size },
            _ => InputError::Shape { actual, cause },
        })
    }
}
