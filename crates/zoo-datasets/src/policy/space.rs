//! torchvision's spaces of operations and magnitudes (`_augmentation_space`).

use crate::ops::Operation;
use crate::rng::SplitMix64;

use super::Kind;
use super::table::Policy;

/// How strong each operation can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Space {
    shear: f32,
    translate: Distance,
    /// Degrees.
    rotate: f32,
    enhance: f32,
    /// Bits that are kept at the weakest, and how many fewer at the strongest.
    posterize: [f32; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Distance {
    Pixels(f64),
    /// Of the side.
    Share(f64),
}

/// RandAugment's and TrivialAugment's operations.
pub(super) const RAND: &[Kind] = {
    use Kind::*;
    &[
        Identity,
        ShearX,
        ShearY,
        TranslateX,
        TranslateY,
        Rotate,
        Brightness,
        Color,
        Contrast,
        Sharpness,
        Posterize,
        Solarize,
        AutoContrast,
        Equalize,
    ]
};

/// AugMix's, with those that torchvision adds to the paper's (`all_ops`).
pub(super) const AUGMIX: &[Kind] = {
    use Kind::*;
    &[ShearX, ShearY, TranslateX, TranslateY, Rotate, Posterize, Solarize, AutoContrast, Equalize, Brightness, Color, Contrast, Sharpness]
};

impl Space {
    /// AutoAugment's and RandAugment's.
    pub(super) const AUTO: Self =
        Self { shear: 0.3, translate: Distance::Share(150.0 / 331.0), rotate: 30.0, enhance: 0.9, posterize: [8.0, 4.0] };
    /// TrivialAugment's.
    pub(super) const WIDE: Self =
        Self { shear: 0.99, translate: Distance::Pixels(32.0), rotate: 135.0, enhance: 0.99, posterize: [8.0, 6.0] };
    pub(super) const AUGMIX: Self = Self { translate: Distance::Share(1.0 / 3.0), posterize: [4.0, 4.0], ..Self::AUTO };

    /// One of the operations, as strong as `bin` says, to either side. `None` for the one that does nothing.
    pub(super) fn draw(
        &self,
        kinds: &[Kind],
        bins: usize,
        bin: impl Fn(&mut SplitMix64) -> usize,
        size: [usize; 2],
        rng: &mut SplitMix64,
    ) -> Option<Operation> {
        let kind = kinds[rng.below(kinds.len())];
        let bin = bin(rng);
        let negative = rng.chance(0.5);
        self.operation(kind, self.magnitude(kind, [bin, bins], size), negative)
    }

    /// The magnitude of a bin.
    pub(super) fn magnitude(&self, kind: Kind, [bin, bins]: [usize; 2], [height, width]: [usize; 2]) -> f32 {
        let distance = |side: usize| match self.translate {
            Distance::Pixels(pixels) => pixels as f32,
            Distance::Share(share) => (share * side as f64) as f32,
        };
        let up_to = |most: f32| linspace(0.0, most, bin, bins);
        match kind {
            Kind::ShearX | Kind::ShearY => up_to(self.shear),
            Kind::TranslateX => up_to(distance(width)),
            Kind::TranslateY => up_to(distance(height)),
            Kind::Rotate => up_to(self.rotate),
            Kind::Brightness | Kind::Color | Kind::Contrast | Kind::Sharpness => up_to(self.enhance),
            Kind::Posterize => {
                let [weakest, range] = self.posterize;
                weakest - (bin as f32 / ((bins - 1) as f32 / range)).round_ties_even()
            }
            Kind::Solarize => linspace(255.0, 0.0, bin, bins),
            _ => 0.0,
        }
    }

    pub(super) fn operation(&self, kind: Kind, magnitude: f32, negative: bool) -> Option<Operation> {
        let magnitude = f64::from(magnitude);
        let signed = if negative { -magnitude } else { magnitude };
        Some(match kind {
            Kind::ShearX => Operation::ShearX(signed),
            Kind::ShearY => Operation::ShearY(signed),
            Kind::TranslateX => Operation::TranslateX(signed.trunc()),
            Kind::TranslateY => Operation::TranslateY(signed.trunc()),
            Kind::Rotate => Operation::Rotate(signed),
            Kind::Brightness => Operation::Brightness(1.0 + signed),
            Kind::Color => Operation::Saturation(1.0 + signed),
            Kind::Contrast => Operation::Contrast(1.0 + signed),
            Kind::Sharpness => Operation::Sharpness(1.0 + signed),
            Kind::Posterize => Operation::Posterize(magnitude as u32),
            Kind::Solarize => Operation::Solarize(magnitude),
            Kind::AutoContrast => Operation::AutoContrast,
            Kind::Equalize => Operation::Equalize,
            Kind::Invert => Operation::Invert,
            _ => return None,
        })
    }
}

/// `torch.linspace` to the last bit: from both ends to the middle, each product and sum rounded once.
fn linspace(start: f32, end: f32, at: usize, count: usize) -> f32 {
    let step = (end - start) / (count - 1) as f32;
    if at < count / 2 { step.mul_add(at as f32, start) } else { step.mul_add(-((count - 1 - at) as f32), end) }
}

/// One of an AutoAugment policy's pairs, of which each operation has its probability.
pub(super) fn policy(policy: &Policy, size: [usize; 2], rng: &mut SplitMix64) -> Vec<Operation> {
    let pair = policy[rng.below(policy.len())];
    let mut operations = Vec::with_capacity(2);
    for (kind, probability, bin) in pair {
        let (happens, negative) = (rng.chance(probability), rng.chance(0.5));
        if happens {
            let magnitude = Space::AUTO.magnitude(kind, [bin, 10], size);
            operations.extend(Space::AUTO.operation(kind, magnitude, negative));
        }
    }
    operations
}
