//! What can be wrong with a model's name, options or input.

use thiserror::Error;
use zoo_layers::shape::ShapeError;

/// Why a model could not be built.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No variant has this name.
    #[error("unknown model `{name}`; {}", did_you_mean(nearest))]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// Names that are near, best first.
        nearest: Vec<String>,
    },
    /// An option has a value that makes no sense.
    #[error("`{option}` is {value}, but must be {must_be}")]
    BadOption {
        /// The option's name.
        option: &'static str,
        /// The value it had.
        value: String,
        /// What is allowed.
        must_be: &'static str,
    },
    /// The definition of a model is wrong.
    #[error("model `{name}` {problem}")]
    Definition {
        /// The model.
        name: &'static str,
        /// What is wrong, as the sentence's end.
        problem: String,
    },
    /// The model has no such option.
    #[error("model `{name}` has no option `{option}`")]
    Unsupported {
        /// The model.
        name: &'static str,
        /// The option.
        option: &'static str,
    },
    /// The input size does not suit the model.
    #[error(transparent)]
    Input(#[from] InputError),
}

/// Why a picture's size does not suit a model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// Too small.
    #[error("an input of {}x{} pixels is too small for this model: the smallest is {smallest}x{smallest}", actual[0], actual[1])]
    TooSmall {
        /// `[height, width]` that was asked for.
        actual: [usize; 2],
        /// Side of the smallest square input.
        smallest: usize,
    },
    /// Made for one size, by its fully connected layers.
    #[error("this model was built for inputs of {expected}x{expected} pixels, not {}x{}; build it with that image size", actual[0], actual[1])]
    FixedSize {
        /// `[height, width]` that was asked for.
        actual: [usize; 2],
        /// Side of the square input it is made for.
        expected: usize,
    },
    /// Another number of channels.
    #[error("the model takes {expected} input channels, not {actual}")]
    Channels {
        /// What the model takes.
        expected: usize,
        /// What it was given.
        actual: usize,
    },
    /// Any other reason that a shape does not pass.
    #[error("an input of {}x{} pixels does not pass: {cause}", actual[0], actual[1])]
    Shape {
        /// `[height, width]` that was asked for.
        actual: [usize; 2],
        /// Where and why.
        cause: ShapeError,
    },
}

fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() {
        "`zoo list` shows all".to_owned()
    } else {
        format!("did you mean {}? (`zoo list` shows all)", nearest.join(", "))
    }
}
