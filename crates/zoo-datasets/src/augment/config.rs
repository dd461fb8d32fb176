//! What a recipe says about augmentation.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::TransformError;
use crate::jitter::ColorJitter;
use crate::mixup::{Mixup, MixupMode};
use crate::transform::{MAX_SIDE, Preprocess, Transform};
use crate::{AutoAugment, Canvas, EraseMode, PolicyOptions, RandomErasing, RandomResizedCrop};

use super::pipeline::{Pipeline, Source};

/// Every random change of training pictures, under timm's and torchvision's names; by default there is none. It is a recipe's
/// section `[augment]`.
///
/// The order is timm's: crop, flips, policy, colour jitter, grey, blur, normalisation, random erasing, and on the batch mixup or cutmix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentConfig {
    /// Least and largest share of the picture's area in a random resized crop, `[0.08, 1.0]` for torchvision's default. Without
    /// it pictures are resized and cut as in evaluation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<[f64; 2]>,
    /// Least and largest width divided by height of that crop. Default 3/4 and 4/3.
    pub ratio: [f64; 2],
    /// Without `scale`: the picture gets so many black pixels all around, and is cut at random to the size that it had
    /// (torchvision's `RandomCrop(size, padding)`; 4 for CIFAR in He et al. 2016, section 4.2).
    pub pad_pixels: usize,
    /// Probability of exchanging left and right.
    pub hflip: f64,
    /// Probability of exchanging top and bottom.
    pub vflip: f64,
    /// A policy, see [`AutoAugment`]: `imagenet`, `ra`, `ta_wide`, `rand-m9-mstd0.5-inc1`...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_augment: Option<AutoAugment>,
    /// Policy `ra`: operations a picture.
    pub ra_num_ops: usize,
    /// Policy `ra`: how strong they are, 0 to 30.
    pub ra_magnitude: usize,
    /// Policy `augmix`: how strong operations are at most, 1 to 10.
    pub augmix_severity: usize,
    /// Largest random change of brightness, contrast and saturation: one number for all or one for each, and a fourth for
    /// hue (at most 0.5). Unlike timm's, it is not switched off by a policy.
    #[serde(deserialize_with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    pub color_jitter: Vec<f64>,
    /// Probability of that change. torchvision: 1.
    pub color_jitter_prob: f64,
    /// Probability of a grey picture.
    pub grayscale_prob: f64,
    /// Probability of a blur: a kernel of 23 pixels, deviation 0.1 to 2.
    pub gaussian_blur_prob: f64,
    /// Probability of random erasing. torchvision's `--random-erase` is this with `remode = "const"`.
    pub reprob: f64,
    /// `const`, `rand` or `pixel`.
    pub remode: EraseMode,
    /// Most boxes that are erased.
    pub recount: usize,
    /// Alpha of mixup; 0 for none.
    pub mixup: f64,
    /// Alpha of cutmix; 0 for none.
    pub cutmix: f64,
    /// Least and largest side of cutmix's box as a share of the picture's; turns cutmix on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutmix_minmax: Option<[f64; 2]>,
    /// Probability that a batch is mixed at all.
    pub mixup_prob: f64,
    /// Probability of cutmix where mixup is on too.
    pub mixup_switch_prob: f64,
    /// `batch`, `pair` or `elem`: what has its own random numbers.
    pub mixup_mode: MixupMode,
    /// From this epoch on nothing is mixed; 0 for never.
    pub mixup_off_epoch: usize,
    /// How often a picture is in an epoch, each time changed anew (timm's `RepeatAugSampler`; Hoffer et al. 2020, "Augment your
    /// batch"); 0 and 1 for once. An epoch stays as long, and has fewer different pictures.
    pub aug_repeats: usize,
}

impl Default for AugmentConfig {
    fn default() -> Self {
        Self {
            scale: None,
            ratio: [3.0 / 4.0, 4.0 / 3.0],
            pad_pixels: 0,
            hflip: 0.0,
            vflip: 0.0,
            auto_augment: None,
            ra_num_ops: 2,
            ra_magnitude: 9,
            augmix_severity: 3,
            color_jitter: Vec::new(),
            color_jitter_prob: 1.0,
            grayscale_prob: 0.0,
            gaussian_blur_prob: 0.0,
            reprob: 0.0,
            remode: EraseMode::default(),
            recount: 1,
            mixup: 0.0,
            cutmix: 0.0,
            cutmix_minmax: None,
            mixup_prob: 1.0,
            mixup_switch_prob: 0.5,
            mixup_mode: MixupMode::default(),
            mixup_off_epoch: 0,
            aug_repeats: 0,
        }
    }
}

impl AugmentConfig {
    /// Whether all values are in their ranges.
    ///
    /// # Errors
    /// [`TransformError`], which names the key.
    pub fn check(&self) -> Result<(), TransformError> {
        let unit = |field, value: f64| if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(TransformError::Value { field, value }) };
        unit("hflip", self.hflip)?;
        unit("vflip", self.vflip)?;
        unit("color_jitter_prob", self.color_jitter_prob)?;
        unit("grayscale_prob", self.grayscale_prob)?;
        unit("gaussian_blur_prob", self.gaussian_blur_prob)?;
        ColorJitter::new(&self.color_jitter)?;
        for (field, value, range) in [
            ("ra_num_ops", self.ra_num_ops, 0..=100),
            ("ra_magnitude", self.ra_magnitude, 0..=AutoAugment::BINS - 1),
            ("augmix_severity", self.augmix_severity, 1..=10),
        ] {
            if !range.contains(&value) {
                return Err(TransformError::Value { field, value: value as f64 });
            }
        }
        let ordered = |[low, high]: [f64; 2]| low > 0.0 && low <= high && high.is_finite();
        if !ordered(self.ratio) {
            return Err(TransformError::Value { field: "ratio", value: self.ratio[1] });
        }
        if let Some(scale) = self.scale.filter(|&scale| !ordered(scale) || scale[1] > 1.0) {
            return Err(TransformError::Value { field: "scale", value: scale[1] });
        }
        if self.pad_pixels > MAX_SIDE {
            return Err(TransformError::Value { field: "pad_pixels", value: self.pad_pixels as f64 });
        }
        self.erasing().check()?;
        self.mixup_or_none().check()
    }

    /// What prepares training pictures. `transform` is that of evaluation.
    ///
    /// # Errors
    /// Those of [`check`](Self::check) and of [`Transform::validate`], and [`TransformError::NoSize`] for a random resized crop
    /// without a size.
    pub fn preprocess(&self, transform: Transform) -> Result<Arc<dyn Preprocess>, TransformError> {
        self.check()?;
        let canvas = Canvas { fill: self.fill(&transform), filter: transform.filter };
        let source = match self.scale {
            Some(scale) => {
                Source::Crop(RandomResizedCrop { scale, ratio: self.ratio, flip: self.hflip, ..RandomResizedCrop::new(transform) })
            }
            None => Source::Whole { transform, flip: self.hflip, pad_pixels: self.pad_pixels },
        };
        let options = PolicyOptions { ra_num_ops: self.ra_num_ops, ra_magnitude: self.ra_magnitude, augmix_severity: self.augmix_severity };
        let pipeline = Pipeline {
            source,
            vflip: self.vflip,
            policy: self.auto_augment.clone(),
            options,
            canvas,
            jitter: ColorJitter::new(&self.color_jitter)?.map(|jitter| (jitter, self.color_jitter_prob)),
            grayscale_prob: self.grayscale_prob,
            gaussian_blur_prob: self.gaussian_blur_prob,
            erasing: (self.reprob > 0.0).then(|| self.erasing()),
        };
        pipeline.check()?;
        Ok(Arc::new(pipeline))
    }

    /// What mixes batches, if anything does; for [`LoaderOptions::mixup`](crate::LoaderOptions::mixup).
    pub fn mixup(&self) -> Option<Mixup> {
        Some(self.mixup_or_none()).filter(|mixup| mixup.is_on(0))
    }

    /// timm's policies fill with the mean colour of all pictures, torchvision's with black.
    fn fill(&self, transform: &Transform) -> [u8; 3] {
        let mean = |channel: usize| transform.mean.get(channel).or(transform.mean.first()).copied().unwrap_or(0.0);
        match &self.auto_augment {
            Some(policy) if policy.is_timm() => [0, 1, 2].map(|channel| (255.0 * mean(channel)).round_ties_even() as u8),
            _ => [0; 3],
        }
    }

    fn erasing(&self) -> RandomErasing {
        RandomErasing::new(self.reprob, self.remode, self.recount)
    }

    fn mixup_or_none(&self) -> Mixup {
        Mixup {
            mixup: self.mixup,
            cutmix: self.cutmix,
            cutmix_minmax: self.cutmix_minmax,
            prob: self.mixup_prob,
            switch_prob: self.mixup_switch_prob,
            mode: self.mixup_mode,
            off_epoch: self.mixup_off_epoch,
        }
    }
}

/// timm's form of a list: one number stands for itself.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        One(f64),
        More(Vec<f64>),
    }
    Ok(match Form::deserialize(from)? {
        Form::One(value) => vec![value],
        Form::More(values) => values,
    })
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
