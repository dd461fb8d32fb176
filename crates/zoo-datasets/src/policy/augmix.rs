//! AugMix: several chains of operations, averaged with each other and with the picture.

use crate::ops::{Canvas, Operation, blend, cut};
use crate::planar::Planar;
use crate::rng::SplitMix64;

use super::space::{self, Space};

/// torchvision's `_PARAMETER_MAX`.
const BINS: usize = 10;
/// Chains.
const WIDTH: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixture {
    pub(super) chains: Vec<Chain>,
    pub(super) rounding: Rounding,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    pub(super) share: f32,
    pub(super) operations: Vec<Operation>,
}

/// How the chains and the picture become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rounding {
    /// torchvision: one sum, in which the picture has a share of its own, is cut off to whole numbers.
    Once { own: f32 },
    /// timm: the sum of the chains is cut off, and blended with the picture: so much of it, the rest of the picture.
    Twice { mixed: f32 },
}

/// With torchvision's width 3, depth 1 to 3 and alpha 1.
pub(super) fn torchvision(severity: usize, size: [usize; 2], rng: &mut SplitMix64) -> Mixture {
    let own = rng.beta(1.0);
    let shares = rng.shares(1.0, WIDTH);
    let chain = |share: f64, rng: &mut SplitMix64| {
        let depth = 1 + rng.below(3);
        let bin = |rng: &mut SplitMix64| rng.below(severity.clamp(1, BINS));
        let draw = |_| Space::AUGMIX.draw(space::AUGMIX, BINS, bin, size, rng);
        Chain { share: (share * (1.0 - own)) as f32, operations: (0..depth).filter_map(draw).collect() }
    };
    let chains = shares.into_iter().map(|share| chain(share, rng)).collect();
    Mixture { chains, rounding: Rounding::Once { own: own as f32 } }
}

impl Mixture {
    pub(super) fn run(&self, picture: &mut Planar, canvas: &Canvas) {
        let mut sums: Vec<f32> = match self.rounding {
            Rounding::Once { own } => picture.values.iter().map(|&value| own * f32::from(value)).collect(),
            Rounding::Twice { .. } => vec![0.0; picture.values.len()],
        };
        for chain in &self.chains {
            let mut changed = picture.clone();
            chain.operations.iter().for_each(|operation| operation.run(&mut changed, canvas));
            sums.iter_mut().zip(&changed.values).for_each(|(sum, &value)| *sum += chain.share * f32::from(value));
        }
        for (value, sum) in picture.values.iter_mut().zip(sums) {
            *value = match self.rounding {
                Rounding::Once { .. } => cut(sum),
                Rounding::Twice { mixed } => blend(*value, cut(sum), mixed),
            };
        }
    }
}
