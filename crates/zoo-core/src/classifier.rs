//! What every model offers.

use burn::module::Module;
use burn::tensor::Tensor;
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
    /// Logits `[batch, num_classes]` of pictures `[batch, channels, height, width]`; no softmax.
    ///
    /// # Panics
    /// Where the shape does not fit, as Burn's modules do: check with [`Classifier::check_input`] first.
    fn forward(&self, images: Tensor<4>) -> Tensor<2>;

    /// The body's output, before pooling and the head.
    fn forward_features(&self, images: Tensor<4>) -> Features;

    /// Feature maps from within, in order: one for each resolution (the last at it), named by their layer.
    fn forward_intermediates(&self, images: Tensor<4>) -> Vec<Intermediate>;

    /// Logits for training, with those of auxiliary heads and the weight of each in the loss. Most have none.
    fn forward_train(&self, images: Tensor<4>) -> (Tensor<2>, Vec<(f64, Tensor<2>)>) {
        (self.forward(images), vec![])
    }

    /// Paths of the layers whose width is `num_classes`: what is drawn anew when weights for other classes are loaded.
    fn classifier_names(&self) -> Vec<String>;

    /// Number of channels of the input.
    fn in_channels(&self) -> usize;

    /// Number of classes.
    fn num_classes(&self) -> usize;

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
