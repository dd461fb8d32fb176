//! What an operation must say. The set is open: a family with an operation of its own implements [`Operation`].

use std::fmt::Debug;

use crate::shape::{ShapeError, Window};

/// How far one output of an operation sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// As far as [`Operation::windows`] say.
    Window,
    /// As [`Reach::Window`], but the whole output sees what the whole input saw: pooling to a given size.
    Resampled,
    /// All of the input: global pooling, flattening, attention.
    Everything,
}

/// One operation on a feature map `[channels, height, width]` or a vector `[features]` (shapes without the batch).
pub trait Operation: Debug + Send + Sync {
    /// PyTorch's type name, such as `Conv2d`.
    fn name(&self) -> &'static str;

    /// What PyTorch prints between the parentheses.
    fn torch_args(&self) -> String {
        String::new()
    }

    /// Shape of the output.
    ///
    /// # Errors
    /// A [`ShapeError`] where the input does not fit.
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError>;

    /// Number of trainable parameters.
    fn params(&self) -> usize {
        0
    }

    /// Multiply-accumulates for one picture, counted as fvcore and torchvision's tables count them: matrix products
    /// and convolutions, biases and element-wise work excluded.
    fn macs(&self, _input: &[usize], _output: &[usize]) -> u64 {
        0
    }

    /// Whether the outputs count as activations (fvcore: those of convolutions and matrix products).
    fn is_product(&self) -> bool {
        false
    }

    /// How far one output sees.
    fn reach(&self) -> Reach {
        Reach::Window
    }

    /// The window of this operation along height and width, for the receptive field.
    fn windows(&self, _input: &[usize]) -> [Window; 2] {
        [Window::POINT; 2]
    }
}
