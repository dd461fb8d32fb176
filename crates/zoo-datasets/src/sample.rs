//! A decoded picture, and a picture with its label.

use std::path::Path;
use std::sync::Arc;

use burn_dataset::Dataset;

use crate::error::DataError;

/// A decoded picture: 8 bits, interleaved `[height, width, channels]`, with 1 (grey) or 3 (RGB) channels.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    height: usize,
    width: usize,
    channels: usize,
    pixels: Vec<u8>,
}

/// The numbers given do not describe a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pixels} values are no picture of {height}x{width} pixels (height x width) with {channels} channels")]
pub struct ImageShapeError {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Number of channels; 1 and 3 are possible.
    pub channels: usize,
    /// Number of values.
    pub pixels: usize,
}

impl Image {
    /// A picture from its values, `[height, width, channels]`.
    ///
    /// # Errors
    /// [`ImageShapeError`] where a side is 0, `channels` is neither 1 nor 3, or the number of values does not fit.
    pub fn new(height: usize, width: usize, channels: usize, pixels: Vec<u8>) -> Result<Self, ImageShapeError> {
        let fits = height.checked_mul(width).and_then(|area| area.checked_mul(channels)) == Some(pixels.len());
        if !fits || pixels.is_empty() || !matches!(channels, 1 | 3) {
            return Err(ImageShapeError { height, width, channels, pixels: pixels.len() });
        }
        Ok(Self { height, width, channels, pixels })
    }

    /// For code of this crate that has just made as many values as the sides say.
    pub(crate) fn from_parts(height: usize, width: usize, channels: usize, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), height * width * channels);
        Self { height, width, channels, pixels }
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// 1 for grey, 3 for RGB.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The values, `[height, width, channels]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Takes the values out, `[height, width, channels]`.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// With three channels; grey is repeated.
    pub fn to_rgb(&self) -> Image {
        if self.channels == 3 {
            return self.clone();
        }
        let pixels = self.pixels.iter().flat_map(|&grey| [grey; 3]).collect();
        Self::from_parts(self.height, self.width, 3, pixels)
    }

    /// With one channel, by Pillow's rule for `convert("L")` (ITU-R 601-2 luma in 16-bit fixed point).
    pub fn to_grey(&self) -> Image {
        if self.channels == 1 {
            return self.clone();
        }
        let luma = |rgb: &[u8]| match *rgb {
            [red, green, blue] => ((u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + 0x8000) >> 16) as u8,
            _ => 0, // chunks_exact(3) gives no other length
        };
        let pixels = self.pixels.chunks_exact(3).map(luma).collect();
        Self::from_parts(self.height, self.width, 1, pixels)
    }
}

impl std::fmt::Debug for Image {
    /// The shape only: pixels would flood a failed test's output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({}x{}x{})", self.height, self.width, self.channels)
    }
}

/// A picture, its class, and the file it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The picture.
    pub image: Image,
    /// Index of its class in [`Splits::classes`](crate::Splits::classes).
    pub label: usize,
    /// The file, where there is one. Errors name it.
    pub file: Option<Arc<Path>>,
}

impl Sample {
    /// A sample that came from no file.
    pub fn new(image: Image, label: usize) -> Self {
        Self { image, label, file: None }
    }
}

/// A picture as it lies in its file, and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedSample {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// Index of its class in [`Splits::classes`](crate::Splits::classes).
    pub label: usize,
    /// The file. Errors name it.
    pub file: Arc<Path>,
}

/// A data set whose errors name the file.
///
/// `get` with an index out of range is [`DataError::OutOfRange`] for this crate's data sets; it does not panic.
/// A data set of your own needs `impl PictureSet for Mine {}` beside its [`Dataset`].
pub trait PictureSet: Dataset<Sample, DataError> {
    /// The picture before it is decoded, so that a [`Preprocess`](crate::Preprocess) that needs a part of it can decode that
    /// part alone; `None` where the data set has no such thing.
    ///
    /// # Errors
    /// As for `get`, but for a file's contents.
    fn encoded(&self, _index: usize) -> Result<Option<EncodedSample>, DataError> {
        Ok(None)
    }

    /// The order of a shuffled epoch, where the data set knows a better one than any: each index once. By `seed` and
    /// `epoch` alone, or a run cannot be resumed.
    fn shuffled(&self, _seed: u64, _epoch: u64) -> Option<Vec<u32>> {
        None
    }
}

/// A data set that can be shared with loader threads.
pub type SharedDataset = Arc<dyn PictureSet>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn refuses_what_is_no_picture() {
        for (height, width, channels, pixels) in [(2, 2, 3, 11), (0, 2, 1, 0), (1, 1, 2, 2), (1, 1, 4, 4), (usize::MAX, 2, 3, 6)] {
            let error = Image::new(height, width, channels, vec![0; pixels]).unwrap_err();
            assert_eq!(error, ImageShapeError { height, width, channels, pixels });
        }
        assert_eq!(Image::new(1, 2, 3, vec![1, 2, 3, 4, 5, 6]).unwrap().pixels(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn converts_channels_as_pillow_does() {
        // Pillow: Image.new("RGB", (1, 1), c).convert("L").getpixel((0, 0))
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [12, 200, 99], [1, 1, 1], [254, 3, 128]];
        let rgb = Image::new(1, 7, 3, colours.concat()).unwrap();
        assert_eq!(rgb.to_grey().pixels(), [76, 150, 29, 255, 132, 1, 92]);
        let grey = Image::new(1, 2, 1, vec![7, 9]).unwrap();
        assert_eq!(grey.to_rgb().pixels(), [7, 7, 7, 9, 9, 9]);
        assert_eq!(grey.to_rgb().to_grey(), grey);
    }
}
