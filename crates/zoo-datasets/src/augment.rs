//! Random changes for training. Nothing here runs unless asked for.

mod config;
mod pipeline;

pub use config::AugmentConfig;

use crate::error::TransformError;
use crate::geometry;
use crate::rng::SplitMix64;
use crate::sample::Image;
use crate::transform::{MAX_SIDE, Preprocess, Transform};

/// A [`Transform`] with a random shift and a random mirroring between its crop and its normalisation.
///
/// The shift is torchvision's `RandomCrop(size, padding=pad_pixels)`: black pixels all around, then a random cut of the
/// former size. He et al. 2015, section 4.2, uses both with 4 pixels for CIFAR-10.
#[derive(Clone, Debug, PartialEq)]
pub struct Augment {
    /// Everything that is not random.
    pub transform: Transform,
    /// Probability of exchanging left and right, in `[0, 1]`.
    pub flip: f64,
    /// Largest shift in each direction, in pixels.
    pub pad_pixels: usize,
}

impl Augment {
    fn validate(&self) -> Result<(), TransformError> {
        if !(0.0..=1.0).contains(&self.flip) {
            return Err(TransformError::Value { field: "flip", value: self.flip });
        }
        if self.pad_pixels > MAX_SIDE {
            return Err(TransformError::Size { height: self.pad_pixels, width: self.pad_pixels, limit: MAX_SIDE });
        }
        self.transform.validate()
    }
}

impl Preprocess for Augment {
    fn apply(&self, image: &Image, seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], TransformError> {
        self.validate()?;
        let mut rng = SplitMix64::keyed(&[seed]);
        let mut picture = self.transform.picture(image)?;
        if self.pad_pixels > 0 {
            let mut shift = || rng.below(2 * self.pad_pixels + 1) as isize - self.pad_pixels as isize;
            let (down, right) = (shift(), shift());
            picture = geometry::crop(&picture, down, right, picture.height(), picture.width());
        }
        if rng.unit() < self.flip {
            picture = geometry::mirror(&picture);
        }
        Ok(self.transform.normalise(&picture, values))
    }

    fn check(&self) -> Result<(), TransformError> {
        self.validate()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::transform::Resize;

    fn augment(flip: f64, pad_pixels: usize) -> Augment {
        let mut transform = Transform::simple([3, 3], 1);
        (transform.resize, transform.mean, transform.std) = (Resize::None, vec![0.0], vec![1.0 / 255.0]);
        Augment { transform, flip, pad_pixels }
    }

    fn run(augment: &Augment, seed: u64) -> Vec<u8> {
        let image = Image::new(3, 3, 1, (1..=9).collect()).unwrap();
        let mut values = Vec::new();
        assert_eq!(augment.apply(&image, seed, &mut values).unwrap(), [1, 3, 3]);
        values.iter().map(|value| value.round() as u8).collect()
    }

    #[test]
    fn does_nothing_or_always_flips() {
        for seed in 0..20 {
            assert_eq!(run(&augment(0.0, 0), seed), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
            assert_eq!(run(&augment(1.0, 0), seed), [3, 2, 1, 6, 5, 4, 9, 8, 7]);
        }
    }

    #[test]
    fn reaches_every_shift_and_repeats_for_a_seed() {
        let moved = augment(0.5, 1);
        let seen: std::collections::HashSet<Vec<u8>> = (0..600).map(|seed| run(&moved, seed)).collect();
        assert_eq!(seen.len(), 3 * 3 * 2);
        assert!(seen.contains(&vec![0, 0, 0, 0, 1, 2, 0, 4, 5]));
        assert_eq!(run(&moved, 5), run(&moved, 5));
    }

    #[test]
    fn refuses_what_is_no_probability() {
        assert_eq!(augment(1.5, 0).check(), Err(TransformError::Value { field: "flip", value: 1.5 }));
        assert!(augment(f64::NAN, 0).check().is_err());
    }
}
