//! Policies: which operations a picture gets, and how strongly, drawn anew for each.

mod augmix;
mod name;
mod space;
mod table;
mod timm;

pub use name::PolicyError;

use serde::{Deserialize, Serialize};

use crate::ops::{Canvas, Operation};
use crate::planar::Planar;
use crate::rng::SplitMix64;
use crate::sample::Image;

use augmix::Mixture;
use space::Space;
use table::Policy;

/// What operations are called in the papers; how strong they are, torchvision and timm say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Identity,
    AutoContrast,
    Equalize,
    Invert,
    Rotate,
    Posterize,
    Solarize,
    SolarizeAdd,
    Color,
    Contrast,
    Brightness,
    Sharpness,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Desaturate,
    Blur,
    BlurRand,
}

/// A policy by the names that torchvision's and timm's flag `auto_augment` has for it.
///
/// | name | what |
/// |---|---|
/// | `imagenet`, `cifar10`, `svhn` | AutoAugment (Cubuk et al. 2019, "AutoAugment: Learning augmentation policies from data"), torchvision's |
/// | `ra` | RandAugment (Cubuk et al. 2020, "RandAugment: Practical automated data augmentation with a reduced search space"), torchvision's |
/// | `ta_wide` | TrivialAugment (Müller and Hutter 2021, "TrivialAugment: Tuning-free yet state-of-the-art data augmentation"), torchvision's |
/// | `augmix` | AugMix (Hendrycks et al. 2020, "AugMix: A simple data processing method to improve robustness and uncertainty"), torchvision's |
/// | `3a` | one of solarize, grey and blur (Touvron et al. 2022, "DeiT III: Revenge of the ViT", section 3.3), timm's |
/// | `original`, `originalr`, `v0`, `v0r` | AutoAugment for ImageNet, timm's; `-mstd0.5` varies the strength |
/// | `rand-m9-mstd0.5-inc1` | timm's RandAugment; sections `m`, `n`, `p`, `mstd`, `mmax`, `inc` and `t` as there |
/// | `augmix-m3-w3` | timm's AugMix; sections `m`, `w`, `d`, `a` and `mstd` as there |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AutoAugment {
    method: Method,
    /// What it was made from.
    name: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Method {
    /// torchvision's AutoAugment.
    Policy(&'static Policy),
    Rand,
    TrivialWide,
    AugMix,
    Timm(timm::Method),
}

/// What torchvision has in flags of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyOptions {
    /// `ra`: operations a picture. torchvision: 2.
    pub ra_num_ops: usize,
    /// `ra`: how strong they are, 0 to 30. torchvision: 9.
    pub ra_magnitude: usize,
    /// `augmix`: how strong operations are at most, 1 to 10. torchvision: 3.
    pub augmix_severity: usize,
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self { ra_num_ops: 2, ra_magnitude: 9, augmix_severity: 3 }
    }
}

/// What one picture gets.
#[derive(Clone, Debug, PartialEq)]
enum Drawn {
    /// One operation after the other.
    Chain(Vec<Operation>),
    Mixture(Mixture),
}

impl AutoAugment {
    /// Strengths that torchvision's RandAugment and TrivialAugment tell apart.
    pub const BINS: usize = 31;

    /// Whether it is one of timm's, which fills with the mean colour of all pictures; torchvision's fill with black.
    pub fn is_timm(&self) -> bool {
        matches!(self.method, Method::Timm(_))
    }

    /// A picture changed as chance wants it. What happens follows from `seed` alone.
    pub fn apply(&self, image: &Image, options: &PolicyOptions, canvas: &Canvas, seed: u64) -> Image {
        let mut picture = Planar::from_image(image);
        self.run(&mut picture, options, canvas, &mut SplitMix64::keyed(&[seed]));
        picture.to_image()
    }

    pub(crate) fn run(&self, picture: &mut Planar, options: &PolicyOptions, canvas: &Canvas, rng: &mut SplitMix64) {
        match self.draw([picture.height, picture.width], options, rng) {
            Drawn::Chain(operations) => operations.iter().for_each(|operation| operation.run(picture, canvas)),
            Drawn::Mixture(mixture) => mixture.run(picture, canvas),
        }
    }

    fn draw(&self, size: [usize; 2], options: &PolicyOptions, rng: &mut SplitMix64) -> Drawn {
        match &self.method {
            Method::Policy(policy) => Drawn::Chain(space::policy(policy, size, rng)),
            Method::Rand => {
                let draw = |_| Space::AUTO.draw(space::RAND, Self::BINS, |_| options.ra_magnitude, size, rng);
                Drawn::Chain((0..options.ra_num_ops).filter_map(draw).collect())
            }
            Method::TrivialWide => {
                let bin = |rng: &mut SplitMix64| rng.below(Self::BINS);
                Drawn::Chain(Space::WIDE.draw(space::RAND, Self::BINS, bin, size, rng).into_iter().collect())
            }
            Method::AugMix => Drawn::Mixture(augmix::torchvision(options.augmix_severity, size, rng)),
            Method::Timm(method) => method.draw(size, rng),
        }
    }
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
