//! From a picture's file to training values.

use crate::decode::decode;
use crate::erase::RandomErasing;
use crate::error::{EncodedError, TransformError};
use crate::geometry;
use crate::jitter::{self, ColorJitter};
use crate::ops::{Canvas, Operation};
use crate::planar::Planar;
use crate::policy::{AutoAugment, PolicyOptions};
use crate::random_crop::RandomResizedCrop;
use crate::rng::SplitMix64;
use crate::sample::Image;
use crate::transform::{Preprocess, Transform};

/// The first step, which decides the size.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Crop(RandomResizedCrop),
    /// All of the picture, shifted.
    Whole {
        transform: Transform,
        flip: f64,
        pad_pixels: usize,
    },
}

/// Each step has random numbers of its own, so that one that is switched on does not change what the others do.
#[derive(Clone, Copy)]
enum Stage {
    Vflip = 1,
    Policy,
    Jitter,
    Grayscale,
    Blur,
    Erase,
}

impl Stage {
    fn rng(self, seed: u64) -> SplitMix64 {
        SplitMix64::keyed(&[seed, self as u64])
    }
}

/// The steps of [`AugmentConfig`](super::AugmentConfig).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pipeline {
    pub(super) source: Source,
    pub(super) vflip: f64,
    pub(super) policy: Option<AutoAugment>,
    pub(super) options: PolicyOptions,
    pub(super) canvas: Canvas,
    /// And its probability.
    pub(super) jitter: Option<(ColorJitter, f64)>,
    pub(super) grayscale_prob: f64,
    pub(super) gaussian_blur_prob: f64,
    pub(super) erasing: Option<RandomErasing>,
}

impl Pipeline {
    fn transform(&self) -> &Transform {
        match &self.source {
            Source::Crop(crop) => &crop.transform,
            Source::Whole { transform, .. } => transform,
        }
    }

    /// What the first step makes of a picture, and whether it is still to be mirrored.
    fn first(&self, image: &Image, seed: u64) -> Result<(Planar, bool), TransformError> {
        let (transform, flip, pad_pixels) = match &self.source {
            Source::Crop(crop) => return crop.crop(image, seed),
            Source::Whole { transform, flip, pad_pixels } => (transform, *flip, *pad_pixels),
        };
        let mut rng = SplitMix64::keyed(&[seed]);
        let mut picture = transform.picture(image)?;
        if pad_pixels > 0 {
            let mut shift = || rng.below(2 * pad_pixels + 1) as isize - pad_pixels as isize;
            let (down, right) = (shift(), shift());
            picture = geometry::crop(&picture, down, right, picture.height(), picture.width());
        }
        Ok((Planar::from_image(&picture), rng.chance(flip)))
    }

    fn rest(&self, (mut picture, mut flip): (Planar, bool), seed: u64, values: &mut Vec<f32>) -> [usize; 3] {
        let happens = |stage: Stage, probability: f64| {
            let mut rng = stage.rng(seed);
            (probability > 0.0 && rng.chance(probability)).then_some(rng)
        };
        if happens(Stage::Vflip, self.vflip).is_some() {
            picture.upend();
        }
        let mut steps: Vec<(Stage, SplitMix64)> = Vec::new();
        let jitter_prob = self.jitter.map_or(0.0, |(_, probability)| probability);
        for (stage, probability) in [
            (Stage::Policy, f64::from(u8::from(self.policy.is_some()))),
            (Stage::Jitter, jitter_prob),
            (Stage::Grayscale, self.grayscale_prob),
            (Stage::Blur, self.gaussian_blur_prob),
        ] {
            steps.extend(happens(stage, probability).map(|rng| (stage, rng)));
        }
        if !steps.is_empty() {
            picture = picture.with_channels(self.transform().channels);
            // Otherwise left to the end, where it costs nothing.
            if std::mem::take(&mut flip) {
                picture.mirror();
            }
        }
        for (stage, mut rng) in steps {
            match stage {
                Stage::Policy => self.policy.iter().for_each(|policy| policy.run(&mut picture, &self.options, &self.canvas, &mut rng)),
                Stage::Jitter => self.jitter.iter().for_each(|(jitter, _)| jitter.run(&mut picture, &mut rng)),
                Stage::Grayscale => Operation::Grayscale.run(&mut picture, &self.canvas),
                _ => jitter::blur(&mut rng).run(&mut picture, &self.canvas),
            }
        }
        let start = values.len();
        let shape = picture.normalise(self.transform(), flip, values);
        if let Some(erasing) = &self.erasing {
            erasing.apply(&mut values[start..], shape, &mut Stage::Erase.rng(seed));
        }
        shape
    }
}

impl Preprocess for Pipeline {
    fn apply(&self, image: &Image, seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], TransformError> {
        Ok(self.rest(self.first(image, seed)?, seed, values))
    }

    fn apply_encoded(&self, bytes: &[u8], seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], EncodedError> {
        let first = match &self.source {
            Source::Crop(crop) => crop.crop_encoded(bytes, seed)?,
            Source::Whole { .. } => self.first(&decode(bytes)?, seed)?,
        };
        Ok(self.rest(first, seed, values))
    }

    fn check(&self) -> Result<(), TransformError> {
        match &self.source {
            Source::Crop(crop) => crop.check(),
            Source::Whole { transform, .. } => transform.validate(),
        }
    }
}
