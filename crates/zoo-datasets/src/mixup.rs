//! Pictures of a batch mixed with each other.

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, Mix};
use crate::error::TransformError;
use crate::rng::SplitMix64;

/// Mixup (Zhang et al. 2018, "mixup: Beyond empirical risk minimization") and cutmix (Yun et al. 2019, "CutMix:
/// Regularization strategy to train strong classifiers with localizable features"), as timm's `Mixup` does them: picture `i` of
/// `n` is mixed with picture `n - 1 - i`. In a batch of odd size the one in the middle stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixup {
    /// Alpha of mixup's Beta distribution; 0 for no mixup.
    pub mixup: f64,
    /// Alpha of cutmix's Beta distribution; 0 for no cutmix, unless `cutmix_minmax` says otherwise.
    pub cutmix: f64,
    /// Least and largest side of cutmix's box as a share of the picture's, in place of the Beta distribution.
    pub cutmix_minmax: Option<[f64; 2]>,
    /// Probability of mixing at all.
    pub prob: f64,
    /// Probability of cutmix where both are on.
    pub switch_prob: f64,
    /// What one draw is for.
    pub mode: MixupMode,
    /// From this epoch on nothing is mixed; 0 for never.
    pub off_epoch: usize,
}

/// What gets its own random numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MixupMode {
    /// The batch.
    #[default]
    Batch,
    /// Two pictures that are mixed with each other.
    Pair,
    /// Each picture.
    Elem,
}

/// What happens to one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Keep,
    /// So much of itself, the rest of the other.
    Blend(f64),
    /// Rows and columns of the other: `[top, bottom, left, right]`.
    Paste([usize; 4]),
}

impl Mixup {
    /// Whether it is on in an epoch.
    pub fn is_on(&self, epoch: u64) -> bool {
        let over = self.off_epoch > 0 && epoch >= self.off_epoch as u64;
        !over && (self.mixup > 0.0 || self.has_cutmix())
    }

    fn has_cutmix(&self) -> bool {
        self.cutmix > 0.0 || self.cutmix_minmax.is_some()
    }

    /// # Errors
    /// [`TransformError::Value`] where a number is outside of its range.
    pub fn check(&self) -> Result<(), TransformError> {
        let unit = |value: f64| (0.0..=1.0).contains(&value);
        let alpha = |value: f64| value.is_finite() && value >= 0.0;
        let [low, high] = self.cutmix_minmax.unwrap_or([0.0, 1.0]);
        let checks = [
            (alpha(self.mixup), "mixup", self.mixup),
            (alpha(self.cutmix), "cutmix", self.cutmix),
            (unit(self.prob), "mixup_prob", self.prob),
            (unit(self.switch_prob), "mixup_switch_prob", self.switch_prob),
            (unit(low), "cutmix_minmax", low),
            (unit(high) && low <= high, "cutmix_minmax", high),
        ];
        checks.into_iter().find(|(good, ..)| !good).map_or(Ok(()), |(_, field, value)| Err(TransformError::Value { field, value }))
    }

    /// Mixes the pictures of a batch and says so in [`Batch::mix`], which stays `None` where chance left all as they are.
    /// What happens follows from `seed` alone.
    pub fn apply(&self, batch: &mut Batch, seed: u64) {
        let (count, [_, _, height, width]) = (batch.len(), batch.shape);
        let mut rng = SplitMix64::keyed(&[seed]);
        let mut draw = || self.draw([height, width], &mut rng);
        let mut steps = match self.mode {
            MixupMode::Batch => vec![draw(); count],
            MixupMode::Pair => {
                let half: Vec<Step> = (0..count / 2).map(|_| draw()).collect();
                let middle = std::iter::repeat_n(Step::Keep, count % 2);
                half.iter().copied().chain(middle).chain(half.iter().rev().copied()).collect()
            }
            MixupMode::Elem => (0..count).map(|_| draw()).collect(),
        };
        if count % 2 == 1 {
            steps[count / 2] = Step::Keep;
        }
        mix(batch, &steps);
    }

    fn draw(&self, size: [usize; 2], rng: &mut SplitMix64) -> Step {
        if !rng.chance(self.prob) {
            return Step::Keep;
        }
        let both = self.mixup > 0.0 && self.has_cutmix();
        if if both { rng.chance(self.switch_prob) } else { self.has_cutmix() } {
            return Step::Paste(match self.cutmix_minmax {
                Some(shares) => box_between(size, shares, rng),
                None => {
                    let share = rng.beta(self.cutmix);
                    let center = size.map(|side| rng.below(side));
                    box_of(size, share, center)
                }
            });
        }
        if self.mixup > 0.0 { Step::Blend(rng.beta(self.mixup)) } else { Step::Keep }
    }
}

/// timm's `rand_bbox`: what lies outside of the picture is cut off.
fn box_of(size: [usize; 2], own_share: f64, center: [usize; 2]) -> [usize; 4] {
    let ratio = (1.0 - own_share).sqrt();
    let [[top, bottom], [left, right]] = [0, 1].map(|axis| {
        let side = (size[axis] as f64 * ratio) as usize;
        [center[axis].saturating_sub(side / 2), (center[axis] + side.div_ceil(2)).min(size[axis])]
    });
    [top, bottom, left, right]
}

/// timm's `rand_bbox_minmax`.
fn box_between(size: [usize; 2], [low, high]: [f64; 2], rng: &mut SplitMix64) -> [usize; 4] {
    let sides = size.map(|side| {
        let [least, most] = [low, high].map(|share| (side as f64 * share) as usize);
        least + rng.below(most - least)
    });
    let [top, left] = [0, 1].map(|axis| rng.below(size[axis] - sides[axis] + 1));
    [top, top + sides[0], left, left + sides[1]]
}

fn mix(batch: &mut Batch, steps: &[Step]) {
    let (count, [_, _, height, width]) = (batch.len(), batch.shape);
    if steps.iter().all(|&step| step == Step::Keep) {
        return;
    }
    let values = batch.images.len() / count.max(1);
    for first in 0..count / 2 {
        let last = count - 1 - first;
        let (front, back) = batch.images.split_at_mut(last * values);
        let (a, b) = (&mut front[first * values..][..values], &mut back[..values]);
        mix_two(a, b, [steps[first], steps[last]], [height, width]);
    }
    let share = |step: &Step| match *step {
        Step::Keep => 1.0,
        Step::Blend(share) => share as f32,
        Step::Paste([top, bottom, left, right]) => (1.0 - ((bottom - top) * (right - left)) as f64 / (height * width) as f64) as f32,
    };
    let partners = batch.labels.iter().rev().copied().collect();
    batch.mix = Some(Mix { partners, shares: steps.iter().map(share).collect() });
}

/// Mixes two pictures `[channels, height, width]`, each as its step says, from what both were before.
fn mix_two(a: &mut [f32], b: &mut [f32], steps: [Step; 2], [height, width]: [usize; 2]) {
    if let [Step::Blend(of_a), Step::Blend(of_b)] = steps {
        let [of_a, of_b] = [of_a, of_b].map(|own| [own as f32, (1.0 - own) as f32]);
        for (a, b) in a.iter_mut().zip(b) {
            (*a, *b) = (*a * of_a[0] + *b * of_a[1], *b * of_b[0] + *a * of_b[1]);
        }
        return;
    }
    let before = [a.to_vec(), b.to_vec()];
    for ((picture, step), other) in [a, b].into_iter().zip(steps).zip(before.iter().rev()) {
        match step {
            Step::Keep => {}
            Step::Blend(own) => {
                let [own, rest] = [own as f32, (1.0 - own) as f32];
                picture.iter_mut().zip(other).for_each(|(value, other)| *value = *value * own + other * rest);
            }
            Step::Paste([top, bottom, left, right]) => {
                let rows = picture.chunks_exact_mut(width).zip(other.chunks_exact(width)).enumerate();
                for (_, (to, from)) in rows.filter(|(row, _)| (top..bottom).contains(&(row % height))) {
                    to[left..right].copy_from_slice(&from[left..right]);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "mixup_tests.rs"]
mod tests;
