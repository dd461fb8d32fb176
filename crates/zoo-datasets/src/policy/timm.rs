//! timm's policies: magnitudes from 0 to 10, which may vary, and each operation with its probability.

use crate::ops::Operation;
use crate::rng::SplitMix64;

use super::augmix::{self, Mixture, Rounding};
use super::table::Policy;
use super::{Drawn, Kind};

/// Magnitudes are tenths.
const TENTHS: f64 = 10.0;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Method {
    /// One of a policy's pairs.
    Auto {
        policy: &'static Policy,
        levels: Levels,
    },
    /// One of three.
    Three(Levels),
    Rand(Rand),
    AugMix(AugMix),
}

/// How magnitudes become parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    pub(super) posterize: Posterize,
    /// Whether more always changes more.
    pub(super) increasing: bool,
    /// Deviation of magnitudes; above 100 they are uniform from 0 to what was asked for.
    pub(super) deviation: f64,
    /// Largest magnitude after that.
    pub(super) most: f64,
    /// Largest translation, of the side.
    pub(super) translate: f64,
}

impl Default for Levels {
    fn default() -> Self {
        Self { posterize: Posterize::Tpu, increasing: false, deviation: 0.0, most: TENTHS, translate: 0.45 }
    }
}

/// Which bits are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Posterize {
    /// 0 to 4, as TensorFlow's EfficientNet.
    Tpu,
    /// 4 to 8, as the paper.
    Original,
    /// 4 to 0.
    Increasing,
}

/// timm's RandAugment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rand {
    pub(super) magnitude: f64,
    pub(super) layers: usize,
    pub(super) probability: f64,
    pub(super) choices: Choices,
    pub(super) levels: Levels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choices {
    All,
    /// By weight, none twice.
    Weights,
    Three,
    WeightedThree,
}

/// timm's AugMix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AugMix {
    pub(super) magnitude: f64,
    pub(super) width: usize,
    /// `None` for 1 to 3.
    pub(super) depth: Option<usize>,
    pub(super) alpha: f64,
    pub(super) levels: Levels,
}

use Kind::*;

const RAND: [Kind; 15] = [
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
];
const THREE: [Kind; 3] = [Solarize, Desaturate, Blur];
const AUGMIX: [Kind; 13] =
    [AutoContrast, Color, Contrast, Brightness, Sharpness, Equalize, Rotate, Posterize, Solarize, ShearX, ShearY, TranslateX, TranslateY];
const WEIGHTS: [(Kind, f64); 15] = [
    (Rotate, 3.0),
    (ShearX, 2.0),
    (ShearY, 2.0),
    (TranslateX, 1.0),
    (TranslateY, 1.0),
    (Color, 0.25),
    (Sharpness, 0.25),
    (AutoContrast, 0.25),
    (Solarize, 0.05),
    (SolarizeAdd, 0.05),
    (Contrast, 0.05),
    (Brightness, 0.05),
    (Equalize, 0.05),
    (Posterize, 0.05),
    (Invert, 0.05),
];
const WEIGHTED_THREE: [(Kind, f64); 14] = [
    (Solarize, 6.0),
    (Desaturate, 6.0),
    (Blur, 6.0),
    (Rotate, 3.0),
    (ShearX, 2.0),
    (ShearY, 2.0),
    (Posterize, 1.0),
    (AutoContrast, 1.0),
    (Color, 1.0),
    (Sharpness, 1.0),
    (Contrast, 1.0),
    (Brightness, 1.0),
    (Equalize, 1.0),
    (Invert, 1.0),
];

impl Method {
    pub(super) fn draw(&self, size: [usize; 2], rng: &mut SplitMix64) -> Drawn {
        match self {
            Self::Auto { policy, levels } => {
                let pair = policy[rng.below(policy.len())];
                let draw = |(kind, probability, magnitude)| levels.draw(kind, probability, magnitude as f64, size, rng);
                Drawn::Chain(pair.into_iter().filter_map(draw).collect())
            }
            Self::Three(levels) => {
                let (kind, magnitude) = [(Solarize, 5.0), (Desaturate, 10.0), (BlurRand, 10.0)][rng.below(3)];
                Drawn::Chain(levels.draw(kind, 1.0, magnitude, size, rng).into_iter().collect())
            }
            Self::Rand(rand) => {
                let kinds = rand.choices.draw(rand.layers, rng);
                let draw = |kind| rand.levels.draw(kind, rand.probability, rand.magnitude, size, rng);
                Drawn::Chain(kinds.into_iter().filter_map(draw).collect())
            }
            Self::AugMix(augmix) => Drawn::Mixture(augmix.draw(size, rng)),
        }
    }
}

impl Choices {
    fn draw(self, count: usize, rng: &mut SplitMix64) -> Vec<Kind> {
        let any = |kinds: &[Kind], rng: &mut SplitMix64| (0..count).map(|_| kinds[rng.below(kinds.len())]).collect();
        match self {
            Self::All => any(&RAND, rng),
            Self::Three => any(&THREE, rng),
            Self::Weights => weighted(WEIGHTS.to_vec(), count, rng),
            Self::WeightedThree => weighted(WEIGHTED_THREE.to_vec(), count, rng),
        }
    }

    /// How many there are, where none comes twice.
    pub(super) fn limit(self) -> Option<usize> {
        match self {
            Self::All | Self::Three => None,
            Self::Weights => Some(WEIGHTS.len()),
            Self::WeightedThree => Some(WEIGHTED_THREE.len()),
        }
    }
}

fn weighted(mut kinds: Vec<(Kind, f64)>, count: usize, rng: &mut SplitMix64) -> Vec<Kind> {
    let mut drawn = Vec::with_capacity(count);
    while drawn.len() < count && !kinds.is_empty() {
        let mut place = rng.unit() * kinds.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = kinds.iter().position(|(_, weight)| {
            place -= weight;
            place < 0.0
        });
        drawn.push(kinds.remove(found.unwrap_or(kinds.len() - 1)).0);
    }
    drawn
}

impl AugMix {
    fn draw(&self, size: [usize; 2], rng: &mut SplitMix64) -> Mixture {
        let shares = rng.shares(self.alpha, self.width);
        let mixed = rng.beta(self.alpha) as f32;
        let chain = |share: f64, rng: &mut SplitMix64| {
            let depth = self.depth.unwrap_or_else(|| 1 + rng.below(3));
            let draw = |_| self.levels.draw(AUGMIX[rng.below(AUGMIX.len())], 1.0, self.magnitude, size, rng);
            augmix::Chain { share: share as f32, operations: (0..depth).filter_map(draw).collect() }
        };
        let chains = shares.into_iter().map(|share| chain(share, rng)).collect();
        Mixture { chains, rounding: Rounding::Twice { mixed } }
    }
}

impl Levels {
    /// An operation, where its probability lets it happen.
    pub(super) fn draw(&self, kind: Kind, probability: f64, magnitude: f64, size: [usize; 2], rng: &mut SplitMix64) -> Option<Operation> {
        if !rng.chance(probability) {
            return None;
        }
        let magnitude = match self.deviation {
            deviation if deviation > 100.0 => rng.range(0.0, magnitude),
            deviation if deviation > 0.0 => magnitude + deviation * rng.normal(),
            _ => magnitude,
        };
        let negative = rng.chance(0.5);
        if kind == BlurRand {
            return Some(Operation::BoxBlur(rng.range(0.1, 2.0 * (magnitude / TENTHS).clamp(0.0, 1.0))));
        }
        self.operation(kind, magnitude.clamp(0.0, self.most), negative, size)
    }

    /// timm's `LEVEL_TO_ARG`.
    pub(super) fn operation(&self, kind: Kind, magnitude: f64, negative: bool, [height, width]: [usize; 2]) -> Option<Operation> {
        let level = magnitude / TENTHS;
        let signed = |value: f64| if negative { -value } else { value };
        let enhance = if self.increasing { (1.0 + signed(level * 0.9)).max(0.1) } else { level * 1.8 + 0.1 };
        let between = |low: f64, high: f64| (low + (high - low) * level).clamp(low, high);
        Some(match kind {
            AutoContrast => Operation::AutoContrast,
            Equalize => Operation::Equalize,
            Invert => Operation::Invert,
            Rotate => Operation::Rotate(signed(level * 30.0)),
            Posterize => {
                let bits = (level * 4.0) as u32;
                Operation::Posterize(match self.posterize {
                    self::Posterize::Tpu => bits,
                    self::Posterize::Original => bits + 4,
                    self::Posterize::Increasing => 4u32.saturating_sub(bits),
                })
            }
            Solarize => {
                let threshold = (level * 256.0).trunc().min(256.0);
                Operation::Solarize(if self.increasing { 256.0 - threshold } else { threshold })
            }
            SolarizeAdd => Operation::SolarizeAdd((level * 110.0).min(128.0) as u8),
            Color => Operation::Saturation(enhance),
            Contrast => Operation::Contrast(enhance),
            Brightness => Operation::Brightness(enhance),
            Sharpness => Operation::Sharpness(enhance),
            ShearX => Operation::ShearX(signed(level * 0.3)),
            ShearY => Operation::ShearY(signed(level * 0.3)),
            // timm's move to the other side.
            TranslateX => Operation::TranslateX(-signed(level * self.translate) * width as f64),
            TranslateY => Operation::TranslateY(-signed(level * self.translate) * height as f64),
            Desaturate => Operation::Saturation(1.0 - between(0.5, 1.0)),
            Blur => Operation::BoxBlur(between(0.1, 2.0)),
            BlurRand | Identity => return None,
        })
    }
}
