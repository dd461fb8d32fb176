//! Pictures of one size, all in memory.

use std::sync::Arc;

use burn_dataset::Dataset;

use crate::error::DataError;
use crate::sample::{Image, PictureSet, Sample};

/// Pictures of one size behind each other, `[picture, height, width, channels]`, and their labels.
pub(super) struct Packed {
    pixels: Vec<u8>,
    labels: Vec<u8>,
    /// `[height, width, channels]`.
    shape: [usize; 3],
}

impl Packed {
    /// `None` where there are not as many pixels as labels and shape say.
    pub(super) fn new(pixels: Vec<u8>, labels: Vec<u8>, shape: [usize; 3]) -> Option<Self> {
        let area: usize = shape.iter().product();
        (area > 0 && pixels.len() == labels.len().checked_mul(area)?).then_some(Self { pixels, labels, shape })
    }

    pub(super) fn labels(&self) -> &[u8] {
        &self.labels
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }
}

/// Some of them.
pub(super) struct PackedSplit {
    pub(super) whole: Arc<Packed>,
    pub(super) order: Vec<u32>,
}

impl Dataset<Sample, DataError> for PackedSplit {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let picture = *self.order.get(index).ok_or(DataError::OutOfRange { index, len: self.order.len() })? as usize;
        let [height, width, channels] = self.whole.shape;
        let area = height * width * channels;
        let pixels = self.whole.pixels[picture * area..][..area].to_vec();
        Ok(Sample::new(Image::new(height, width, channels, pixels)?, usize::from(self.whole.labels[picture])))
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}

impl PictureSet for PackedSplit {}
