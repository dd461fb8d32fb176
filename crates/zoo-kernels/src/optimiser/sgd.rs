//! Stochastic gradient descent.

use pulp::{Simd, WithSimd};

use crate::elementwise::share;
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;

/// Gradient descent with momentum, as `torch.optim.SGD` computes it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sgd {
    /// The length of a step.
    pub learning_rate: f32,
    /// How much of the last direction stays.
    pub momentum: f32,
    /// How much of the gradient is left out of the direction.
    pub dampening: f32,
    /// The parameter's share in its gradient.
    pub weight_decay: f32,
    /// Whether the step looks ahead by the momentum.
    pub nesterov: bool,
}

impl Sgd {
    /// One step, in place. `buffer` is the last direction, which momentum needs; with `first` it holds none, and becomes the
    /// gradient.
    ///
    /// # Errors
    /// Slices of different lengths.
    pub fn step(
        &self,
        parameter: &mut [f32],
        gradient: &[f32],
        buffer: Option<&mut [f32]>,
        first: bool,
        isa: Isa,
        threads: &Threads,
    ) -> Result<()> {
        let len = parameter.len();
        same("gradient and buffer", &[len, len], &[gradient.len(), buffer.as_ref().map_or(len, |b| b.len())])?;
        let (p, g) = (SharedMut::new(parameter), Shared::new(gradient));
        let buffer = buffer.map(SharedMut::new);
        share(len, 1, threads, |first_float, n| {
            // SAFETY: all slices are as long, and parts do not overlap.
            unsafe {
                let (p, g, b) = (p.at(first_float), g.at(first_float), buffer.map(|b| b.at(first_float)));
                isa.run(Part { sgd: *self, p, g, b, first, n });
            }
        });
        Ok(())
    }
}

struct Part {
    sgd: Sgd,
    p: *mut f32,
    g: *const f32,
    b: Option<*mut f32>,
    first: bool,
    n: usize,
}

impl WithSimd for Part {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sgd, p, g, b, first, n } = self;
        for_lanes!(simd, n, |s: S, at| {
            // SAFETY: `Sgd::step` made this of `n` floats in each slice.
            unsafe {
                let parameter = load(s, p.add(at));
                let mut gradient = load(s, g.add(at));
                if sgd.weight_decay != 0.0 {
                    gradient = s.mul_add_e_f32s(s.splat_f32s(sgd.weight_decay), parameter, gradient);
                }
                if let Some(b) = b {
                    let direction = if first {
                        gradient
                    } else {
                        let kept = s.mul_f32s(s.splat_f32s(sgd.momentum), load(s, b.add(at)));
                        s.mul_add_e_f32s(s.splat_f32s(1.0 - sgd.dampening), gradient, kept)
                    };
                    store(s, b.add(at), direction);
                    gradient = if sgd.nesterov { s.mul_add_e_f32s(s.splat_f32s(sgd.momentum), direction, gradient) } else { direction };
                }
                store(s, p.add(at), s.mul_add_e_f32s(s.splat_f32s(-sgd.learning_rate), gradient, parameter));
            }
        });
    }
}
