//! Activations, with PyTorch's constants and its treatment of NaN.

use pulp::{Simd, WithSimd};

use crate::simd::{at_least, at_most, for_lanes, load, math, store};

/// A function of one number, applied to each.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Activation {
    /// `x`.
    #[default]
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `min(max(x, low), high)`.
    Clamp(f32, f32),
    /// `x` above zero, `slope x` below; also PReLU with one slope.
    LeakyRelu(f32),
    /// `x` above zero, `alpha (e^x - 1)` below.
    Elu(f32),
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `x sigmoid(x)`, also called swish.
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x relu6(x + 3) / 6`.
    HardSwish,
    /// `x Phi(x)` by the error function.
    Gelu,
    /// GELU by the hyperbolic tangent, PyTorch's `approximate='tanh'`.
    GeluTanh,
}

impl Activation {
    /// The interval that it cuts off, for those that do nothing else.
    pub(crate) const fn clamp(self) -> Option<(f32, f32)> {
        match self {
            Self::Identity => Some((f32::NEG_INFINITY, f32::INFINITY)),
            Self::Relu => Some((0.0, f32::INFINITY)),
            Self::Relu6 => Some((0.0, 6.0)),
            Self::Clamp(low, high) => Some((low, high)),
            _ => None,
        }
    }

    /// What is left when the interval has been cut off already.
    pub(crate) const fn beyond_clamp(self) -> Option<Self> {
        if self.clamp().is_some() { None } else { Some(self) }
    }

    /// One register.
    #[inline(always)]
    pub(crate) fn apply<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let splat = |value: f32| simd.splat_f32s(value);
        let hard_sigmoid = |x: S::f32s| {
            let shifted = simd.add_f32s(x, splat(3.0));
            simd.mul_f32s(at_most(simd, splat(6.0), at_least(simd, splat(0.0), shifted)), splat(1.0 / 6.0))
        };
        match self {
            Self::Identity => x,
            Self::Relu => at_least(simd, splat(0.0), x),
            Self::Relu6 => at_most(simd, splat(6.0), at_least(simd, splat(0.0), x)),
            Self::Clamp(low, high) => at_most(simd, splat(high), at_least(simd, splat(low), x)),
            Self::LeakyRelu(slope) => simd.select_f32s(simd.less_than_f32s(x, splat(0.0)), simd.mul_f32s(x, splat(slope)), x),
            Self::Elu(alpha) => {
                let below = simd.mul_f32s(splat(alpha), simd.sub_f32s(math::exp(simd, x), splat(1.0)));
                simd.select_f32s(simd.less_than_f32s(x, splat(0.0)), below, x)
            }
            Self::Sigmoid => math::sigmoid(simd, x),
            Self::Silu => simd.mul_f32s(x, math::sigmoid(simd, x)),
            Self::Tanh => math::tanh(simd, x),
            Self::HardSigmoid => hard_sigmoid(x),
            Self::HardSwish => simd.mul_f32s(x, hard_sigmoid(x)),
            Self::Gelu => {
                let erf = math::erf(simd, simd.mul_f32s(x, splat(std::f32::consts::FRAC_1_SQRT_2)));
                simd.mul_f32s(simd.mul_f32s(x, splat(0.5)), simd.add_f32s(erf, splat(1.0)))
            }
            Self::GeluTanh => {
                let cube = simd.mul_f32s(simd.mul_f32s(x, x), x);
                let inner = simd.mul_add_e_f32s(cube, splat(0.044_715), x);
                let tanh = math::tanh(simd, simd.mul_f32s(inner, splat(0.797_884_6)));
                simd.mul_f32s(simd.mul_f32s(x, splat(0.5)), simd.add_f32s(tanh, splat(1.0)))
            }
        }
    }
}

/// Evaluates the body with an activation whose kind the compiler knows: the match is outside of the body's loops.
macro_rules! for_activation {
    ($activation:expr, |$one:ident| $body:expr) => {
        match $activation {
            Activation::Identity => {
                let $one = Activation::Identity;
                $body
            }
            Activation::Relu => {
                let $one = Activation::Relu;
                $body
            }
            Activation::Relu6 => {
                let $one = Activation::Relu6;
                $body
            }
            Activation::Clamp(low, high) => {
                let $one = Activation::Clamp(low, high);
                $body
            }
            Activation::LeakyRelu(slope) => {
                let $one = Activation::LeakyRelu(slope);
                $body
            }
            Activation::Elu(alpha) => {
                let $one = Activation::Elu(alpha);
                $body
            }
            Activation::Sigmoid => {
                let $one = Activation::Sigmoid;
                $body
            }
            Activation::Silu => {
                let $one = Activation::Silu;
                $body
            }
            Activation::Tanh => {
                let $one = Activation::Tanh;
                $body
            }
            Activation::HardSigmoid => {
                let $one = Activation::HardSigmoid;
                $body
            }
            Activation::HardSwish => {
                let $one = Activation::HardSwish;
                $body
            }
            Activation::Gelu => {
                let $one = Activation::Gelu;
                $body
            }
            Activation::GeluTanh => {
                let $one = Activation::GeluTanh;
                $body
            }
        }
    };
}
pub(crate) use for_activation;

/// `to[i] = f(from[i])` for `n` floats.
///
/// # Safety
/// `n` floats are readable at `from` and writable at `to`; the two are the same place or do not overlap.
#[inline(always)]
pub(crate) unsafe fn map_run<S: Simd>(simd: S, activation: Activation, from: *const f32, to: *mut f32, n: usize) {
    for_activation!(activation, |one| {
        for_lanes!(simd, n, |s: S, at| {
            // SAFETY: `at` and the lanes after it are below `n`.
            unsafe { store(s, to.add(at), one.apply(s, load(s, from.add(at)))) }
        });
    });
}

/// Applies an activation in place to rows of floats.
pub(crate) struct Rows {
    pub activation: Activation,
    pub data: *mut f32,
    pub rows: usize,
    pub stride: usize,
    pub width: usize,
}

impl Rows {
    /// # Safety
    /// Each row's `width` floats, `stride` after those of the row before, are valid and used by nobody else.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(self, simd: S) {
        struct Op(Rows);
        impl WithSimd for Op {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                let rows = self.0;
                for r in 0..rows.rows {
                    // SAFETY: `Rows::run`'s caller promised it.
                    unsafe {
                        let row = rows.data.add(r * rows.stride);
                        map_run(simd, rows.activation, row, row, rows.width);
                    }
                }
            }
        }
        simd.vectorize(Op(self));
    }
}
