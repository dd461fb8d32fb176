//! Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

use pulp::{Simd, WithSimd};

use crate::elementwise::share;
use crate::error::{Result, same, setting};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;

/// Adam with decoupled weight decay, as `torch.optim.AdamW` computes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// The length of a step.
    pub learning_rate: f32,
    /// How much of the mean gradient and of the mean square stays.
    pub betas: [f32; 2],
    /// Added to the root of the mean square.
    pub epsilon: f32,
    /// How much a parameter shrinks in a step of length 1.
    pub weight_decay: f32,
}

impl AdamW {
    /// One step, the `step`-th from 1, in place; `mean` and `square` begin as zeros.
    ///
    /// # Errors
    /// Slices of different lengths, or a step of zero.
    #[allow(clippy::too_many_arguments)]
    pub fn step(
        &self,
        parameter: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        square: &mut [f32],
        step: u32,
        isa: Isa,
        threads: &Threads,
    ) -> Result<()> {
        let len = parameter.len();
        same("gradient, mean and square", &[len; 3], &[gradient.len(), mean.len(), square.len()])?;
        if step == 0 {
            return setting("step", "steps are counted from one");
        }
        let correction = self.betas.map(|beta| 1.0 - f64::from(beta).powi(i32::try_from(step).unwrap_or(i32::MAX)));
        let factors = Factors {
            keep: 1.0 - self.learning_rate * self.weight_decay,
            betas: self.betas,
            root: (1.0 / correction[1].sqrt()) as f32,
            epsilon: self.epsilon,
            length: (-f64::from(self.learning_rate) / correction[0]) as f32,
        };
        let (p, g) = (SharedMut::new(parameter), Shared::new(gradient));
        let (m, v) = (SharedMut::new(mean), SharedMut::new(square));
        share(len, 1, threads, |first, n| {
            // SAFETY: all slices are as long, and parts do not overlap.
            unsafe { isa.run(Part { factors, p: p.at(first), g: g.at(first), m: m.at(first), v: v.at(first), n }) };
        });
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Factors {
    keep: f32,
    betas: [f32; 2],
    root: f32,
    epsilon: f32,
    length: f32,
}

struct Part {
    factors: Factors,
    p: *mut f32,
    g: *const f32,
    m: *mut f32,
    v: *mut f32,
    n: usize,
}

impl WithSimd for Part {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { factors: f, p, g, m, v, n } = self;
        for_lanes!(simd, n, |s: S, at| {
            // SAFETY: `AdamW::step` made this of `n` floats in each slice.
            unsafe {
                let (gradient, mean) = (load(s, g.add(at)), load(s, m.add(at)));
                let mean = s.mul_add_e_f32s(s.sub_f32s(gradient, mean), s.splat_f32s(1.0 - f.betas[0]), mean);
                let kept = s.mul_f32s(s.splat_f32s(f.betas[1]), load(s, v.add(at)));
                let square = s.mul_add_e_f32s(s.mul_f32s(s.splat_f32s(1.0 - f.betas[1]), gradient), gradient, kept);
                store(s, m.add(at), mean);
                store(s, v.add(at), square);
                let below = s.mul_add_e_f32s(s.sqrt_f32s(square), s.splat_f32s(f.root), s.splat_f32s(f.epsilon));
                let parameter = s.mul_f32s(load(s, p.add(at)), s.splat_f32s(f.keep));
                store(s, p.add(at), s.mul_add_e_f32s(s.splat_f32s(f.length), s.div_f32s(mean, below), parameter));
            }
        });
    }
}
