//! Random changes of colour and sharpness, as torchvision's transforms of these names.

use crate::error::TransformError;
use crate::ops::{Canvas, Operation};
use crate::planar::Planar;
use crate::rng::SplitMix64;

/// torchvision's `ColorJitter`: each of brightness, contrast, saturation and hue, in random order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ColorJitter {
    /// Factors are from `1 - x` (at least 0) to `1 + x`; of hue, turns from `-x` to `x`.
    strengths: [f64; 4],
}

/// Pixels of the side of timm's blur, whose deviation is 0.1 to 2.
const BLUR_KERNEL: usize = 23;

impl ColorJitter {
    /// timm's forms: one number for all but hue, three, or four.
    pub(crate) fn new(values: &[f64]) -> Result<Option<Self>, TransformError> {
        let strengths = match *values {
            [] => return Ok(None),
            [all] => [all, all, all, 0.0],
            [brightness, contrast, saturation] => [brightness, contrast, saturation, 0.0],
            [brightness, contrast, saturation, hue] => [brightness, contrast, saturation, hue],
            _ => return Err(TransformError::Value { field: "color_jitter", value: values.len() as f64 }),
        };
        let usable = |(number, value): (usize, &f64)| value.is_finite() && *value >= 0.0 && (number < 3 || *value <= 0.5);
        match strengths.iter().enumerate().find(|&strength| !usable(strength)) {
            Some((_, &value)) => Err(TransformError::Value { field: "color_jitter", value }),
            None => Ok(Some(Self { strengths })),
        }
    }

    pub(crate) fn run(&self, picture: &mut Planar, rng: &mut SplitMix64) {
        let mut order = [0, 1, 2, 3];
        rng.shuffle(&mut order);
        for kind in order {
            let strength = self.strengths[kind];
            if strength == 0.0 {
                continue;
            }
            let center = if kind == 3 { 0.0 } else { 1.0 };
            let least = if kind == 3 { -strength } else { (center - strength).max(0.0) };
            let value = rng.range(least, center + strength);
            let operation = match kind {
                0 => Operation::Brightness(value),
                1 => Operation::Contrast(value),
                2 => Operation::Saturation(value),
                _ => Operation::Hue(value),
            };
            operation.run(picture, &Canvas::default());
        }
    }
}

/// torchvision's `GaussianBlur(23)`.
pub(crate) fn blur(rng: &mut SplitMix64) -> Operation {
    Operation::GaussianBlur { kernel: BLUR_KERNEL, sigma: rng.range(0.1, 2.0) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn jitter(values: &[f64]) -> ColorJitter {
        ColorJitter::new(values).unwrap().unwrap()
    }

    #[test]
    fn has_timms_forms() {
        assert_eq!(ColorJitter::new(&[]), Ok(None));
        assert_eq!(jitter(&[0.4]), jitter(&[0.4, 0.4, 0.4]));
        assert_eq!(jitter(&[0.4, 0.3, 0.2, 0.1]).strengths, [0.4, 0.3, 0.2, 0.1]);
        for wrong in [&[0.1, 0.2][..], &[-0.1], &[f64::NAN], &[0.1, 0.1, 0.1, 0.6]] {
            assert!(ColorJitter::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn brightness_has_the_range_it_was_given() {
        let (mut least, mut most, mut sum) = (255u8, 0, 0.0);
        for seed in 0..2000 {
            let mut picture = Planar { channels: 1, height: 1, width: 1, values: vec![100] };
            jitter(&[0.4, 0.0, 0.0]).run(&mut picture, &mut SplitMix64::new(seed));
            (least, most) = (least.min(picture.values[0]), most.max(picture.values[0]));
            sum += f64::from(picture.values[0]) / 2000.0;
        }
        assert!((60..64).contains(&least) && (136..=140).contains(&most) && (sum - 99.5).abs() < 2.0, "{least} {most} {sum}");
        // More than 1 does not make negative factors.
        let dark = |seed| {
            let mut picture = Planar { channels: 1, height: 1, width: 1, values: vec![100] };
            jitter(&[2.0, 0.0, 0.0]).run(&mut picture, &mut SplitMix64::new(seed));
            picture.values[0]
        };
        assert!((0..200).map(dark).filter(|&value| value == 0).count() < 10);
    }
}
