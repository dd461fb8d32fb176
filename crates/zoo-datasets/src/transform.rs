//! From a picture to normalised values: resize, centre crop, channels, mean and standard deviation.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::decode::decode;
use crate::error::{EncodedError, TransformError};
use crate::geometry;
use crate::resize::{Filter, resize};
use crate::sample::Image;

/// No side is made longer than this, in pixels.
pub const MAX_SIDE: usize = 16_384;

/// The size before the crop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resize {
    /// Leaves the size as it is.
    #[default]
    None,
    /// The short side to so many pixels, the long side in proportion and rounded down (torchvision's `Resize(n)`).
    ShortSide(usize),
    /// To `[height, width]`, whatever the proportions.
    Exact([usize; 2]),
}

/// Turns pictures into a model's input. Implement it for preprocessing of your own, and give it to a [`Loader`](crate::Loader).
pub trait Preprocess: Send + Sync {
    /// Appends the values `[channels, height, width]` of a picture to `values` and returns that shape.
    ///
    /// Chance may come from `seed` only, which a loader makes from its own seed, the epoch and the picture's index;
    /// so batches do not depend on the number of threads.
    ///
    /// # Errors
    /// [`TransformError`] where the picture cannot be preprocessed.
    fn apply(&self, image: &Image, seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], TransformError>;

    /// As [`apply`](Self::apply), from a picture's file. Those that need a part of it may decode no more than that; by
    /// default all of it is decoded, to RGB.
    ///
    /// # Errors
    /// [`EncodedError`] where the picture cannot be decoded or preprocessed.
    fn apply_encoded(&self, bytes: &[u8], seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], EncodedError> {
        let image = decode(bytes)?;
        let image = if image.channels() == 1 { image.to_rgb() } else { image };
        Ok(self.apply(&image, seed, values)?)
    }

    /// Whether it can work at all. A loader asks once, before the first picture.
    ///
    /// # Errors
    /// [`TransformError`] where it cannot.
    fn check(&self) -> Result<(), TransformError> {
        Ok(())
    }
}

/// Evaluation preprocessing: resize, centre crop, convert to `channels`, then `(value / 255 - mean) / std`.
///
/// It is stored with checkpoints, so unknown fields are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// Size before the crop.
    pub resize: Resize,
    /// Filter of the resize.
    pub filter: Filter,
    /// Centre crop to `[height, width]`, with black around pictures that are smaller.
    pub crop: Option<[usize; 2]>,
    /// 1 (grey) or 3 (RGB).
    pub channels: usize,
    /// One value per channel, for values in `[0, 1]`.
    pub mean: Vec<f32>,
    /// One value per channel, for values in `[0, 1]`.
    pub std: Vec<f32>,
}

impl Transform {
    /// Mean of ImageNet's training pictures, as torchvision's weights expect.
    pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
    /// Standard deviation of ImageNet's training pictures, as torchvision's weights expect.
    pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

    /// torchvision's usual evaluation: short side 256 bilinear, crop 224, RGB, ImageNet's mean and standard deviation.
    pub fn imagenet() -> Self {
        Self {
            resize: Resize::ShortSide(256),
            filter: Filter::Bilinear,
            crop: Some([224, 224]),
            channels: 3,
            mean: Self::IMAGENET_MEAN.to_vec(),
            std: Self::IMAGENET_STD.to_vec(),
        }
    }

    /// Exactly `size` = `[height, width]`, without regard to proportions; values in `[-1, 1]` (mean and deviation 0.5).
    pub fn simple(size: [usize; 2], channels: usize) -> Self {
        Self {
            resize: Resize::Exact(size),
            filter: Filter::Bilinear,
            crop: None,
            channels,
            mean: vec![0.5; channels],
            std: vec![0.5; channels],
        }
    }

    /// `[height, width]` of every result, or `None` where it depends on the picture.
    pub fn output_size(&self) -> Option<[usize; 2]> {
        self.crop.or(match self.resize {
            Resize::Exact(size) => Some(size),
            _ => None,
        })
    }

    /// Whether the fields fit each other.
    ///
    /// # Errors
    /// - [`TransformError::Channels`] where `channels` is neither 1 nor 3.
    /// - [`TransformError::Statistics`] where `mean` or `std` has another length.
    /// - [`TransformError::Value`] where `mean` is not finite, or `std` not positive and finite.
    /// - [`TransformError::Size`] where a side is 0 or more than [`MAX_SIDE`].
    pub fn validate(&self) -> Result<(), TransformError> {
        let channels = self.channels;
        if !matches!(channels, 1 | 3) {
            return Err(TransformError::Channels { channels });
        }
        for (field, values) in [("mean", &self.mean), ("std", &self.std)] {
            if values.len() != channels {
                return Err(TransformError::Statistics { field, found: values.len(), channels });
            }
            let usable = |value: f32| value.is_finite() && (field == "mean" || value > 0.0);
            if let Some(&value) = values.iter().find(|&&value| !usable(value)) {
                return Err(TransformError::Value { field, value: f64::from(value) });
            }
        }
        match self.resize {
            Resize::None => {}
            Resize::ShortSide(side) => check_size([side, side])?,
            Resize::Exact(size) => check_size(size)?,
        }
        self.crop.map_or(Ok(()), check_size)
    }

    /// The picture after resize, crop and conversion: what the model sees, still as 8-bit values.
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate), and [`TransformError::Size`] where the long side of this picture gets too long.
    pub fn picture(&self, image: &Image) -> Result<Image, TransformError> {
        self.validate()?;
        // RGB to grey comes first, as with `convert("L")` on loading; grey to RGB last, where it is the same and cheaper.
        let image = match (self.channels, image.channels()) {
            (1, 3) => Cow::Owned(image.to_grey()),
            _ => Cow::Borrowed(image),
        };
        let target = match self.resize {
            Resize::None => None,
            Resize::Exact(size) => Some(size),
            Resize::ShortSide(side) => Some(short_side([image.height(), image.width()], side)),
        };
        let image = match target {
            Some(size) => {
                check_size(size)?;
                Cow::Owned(resize(&image, size, self.filter))
            }
            None => image,
        };
        let image = match self.crop {
            Some(size) => Cow::Owned(geometry::center_crop(&image, size)),
            None => image,
        };
        Ok(if self.channels == 3 && image.channels() == 1 { image.to_rgb() } else { image.into_owned() })
    }

    /// Appends the normalised values of a picture that already has the right channels, `[channels, height, width]`.
    pub(crate) fn normalise(&self, image: &Image, values: &mut Vec<f32>) -> [usize; 3] {
        for (channel, (mean, std)) in self.mean.iter().zip(&self.std).enumerate() {
            let table: [f32; 256] = std::array::from_fn(|value| (value as f32 / 255.0 - mean) / std);
            values.extend(image.pixels().iter().skip(channel).step_by(self.channels).map(|&value| table[usize::from(value)]));
        }
        [self.channels, image.height(), image.width()]
    }
}

impl Preprocess for Transform {
    fn apply(&self, image: &Image, _seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], TransformError> {
        let picture = self.picture(image)?;
        Ok(self.normalise(&picture, values))
    }

    fn check(&self) -> Result<(), TransformError> {
        self.validate()
    }
}

fn check_size([height, width]: [usize; 2]) -> Result<(), TransformError> {
    let fits = |side| (1..=MAX_SIDE).contains(&side);
    if fits(height) && fits(width) { Ok(()) } else { Err(TransformError::Size { height, width, limit: MAX_SIDE }) }
}

/// torchvision: `new_long = int(size * long / short)`.
fn short_side([height, width]: [usize; 2], side: usize) -> [usize; 2] {
    let long = |long: usize, short: usize| (side as u128 * long as u128 / short as u128).min(usize::MAX as u128) as usize;
    if width <= height { [long(height, width), side] } else { [side, long(width, height)] }
}
