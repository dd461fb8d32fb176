//! Gradients through activations, with PyTorch's rules where a slope jumps.

use pulp::{Simd, WithSimd};

use crate::activation::{Activation, for_activation};
use crate::elementwise::share;
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, math, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

impl Activation {
    /// `gradient f'(x)` for one register.
    #[inline(always)]
    pub(crate) fn backward<S: Simd>(self, simd: S, x: S::f32s, gradient: S::f32s) -> S::f32s {
        let splat = |value: f32| simd.splat_f32s(value);
        let (zero, one) = (splat(0.0), splat(1.0));
        let times = |slope| simd.mul_f32s(gradient, slope);
        // Where neither is less, because one is NaN, the gradient passes, as PyTorch's does.
        let none_below = |low: f32, value| simd.select_f32s(simd.less_than_f32s(x, splat(low)), zero, value);
        let none_above = |high: f32, value| simd.select_f32s(simd.less_than_f32s(splat(high), x), zero, value);
        let none_to = |low: f32, value| simd.select_f32s(simd.less_than_or_equal_f32s(x, splat(low)), zero, value);
        let none_from = |high: f32, value| simd.select_f32s(simd.less_than_or_equal_f32s(splat(high), x), zero, value);
        match self {
            Self::Identity => gradient,
            Self::Relu => none_to(0.0, gradient),
            Self::Relu6 => none_from(6.0, none_to(0.0, gradient)),
            Self::Clamp(low, high) => none_above(high, none_below(low, gradient)),
            Self::LeakyRelu(slope) => simd.select_f32s(simd.less_than_f32s(zero, x), gradient, times(splat(slope))),
            Self::Elu(alpha) => {
                let below = times(simd.mul_f32s(splat(alpha), math::exp(simd, x)));
                simd.select_f32s(simd.less_than_or_equal_f32s(x, zero), below, gradient)
            }
            Self::Sigmoid => {
                let y = math::sigmoid(simd, x);
                times(simd.mul_f32s(y, simd.sub_f32s(one, y)))
            }
            Self::Silu => {
                let y = math::sigmoid(simd, x);
                // y (1 + x (1 - y))
                times(simd.mul_f32s(y, simd.mul_add_e_f32s(x, simd.sub_f32s(one, y), one)))
            }
            Self::Tanh => {
                let y = math::tanh(simd, x);
                times(simd.sub_f32s(one, simd.mul_f32s(y, y)))
            }
            Self::HardSigmoid => none_from(3.0, none_to(-3.0, times(splat(1.0 / 6.0)))),
            Self::HardSwish => {
                let between = times(simd.mul_add_e_f32s(x, splat(1.0 / 3.0), splat(0.5)));
                let above = simd.select_f32s(simd.less_than_f32s(splat(3.0), x), gradient, between);
                none_below(-3.0, above)
            }
            Self::Gelu => {
                let erf = math::erf(simd, simd.mul_f32s(x, splat(std::f32::consts::FRAC_1_SQRT_2)));
                let cdf = simd.mul_add_e_f32s(erf, splat(0.5), splat(0.5));
                let pdf = simd.mul_f32s(math::exp(simd, simd.mul_f32s(simd.mul_f32s(x, x), splat(-0.5))), splat(0.398_942_3));
                times(simd.mul_add_e_f32s(x, pdf, cdf))
            }
            Self::GeluTanh => {
                let square = simd.mul_f32s(x, x);
                let inner = simd.mul_f32s(simd.mul_add_e_f32s(simd.mul_f32s(square, x), splat(0.044_715), x), splat(0.797_884_6));
                let tanh = math::tanh(simd, inner);
                let slope = simd.mul_f32s(simd.mul_add_e_f32s(square, splat(3.0 * 0.044_715), one), splat(0.797_884_6));
                let sech = simd.sub_f32s(one, simd.mul_f32s(tanh, tanh));
                let half = simd.mul_add_e_f32s(simd.mul_f32s(simd.mul_f32s(x, slope), sech), splat(0.5), splat(0.5));
                times(simd.mul_add_e_f32s(tanh, splat(0.5), half))
            }
        }
    }
}

/// `into = gradient f'(input)` for an activation f. Of [`Activation::Relu`] and [`Activation::Relu6`], `input` may as well be the
/// forward run's output.
///
/// # Errors
/// Shapes that differ.
pub fn unary_backward(
    activation: Activation,
    input: View<'_>,
    gradient: View<'_>,
    mut into: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    same("the gradient", &input.shape(), &gradient.shape())?;
    same("the input's gradient", &input.shape(), &into.shape())?;
    let (pixels, channels) = (into.pixels(), into.channels());
    let strides = [input.pixel_stride(), gradient.pixel_stride(), into.pixel_stride()];
    let flat = input.is_dense() && gradient.is_dense() && into.is_dense();
    let (x, g) = (Shared::new(input.data()), Shared::new(gradient.data()));
    let to = SharedMut::new(into.data());
    share(pixels, channels, threads, |first, count| {
        let (rows, width) = if flat { (1, count * channels) } else { (count, channels) };
        // SAFETY: the pixels are within all tensors, and parts do not overlap.
        let (x, g, to) = unsafe { (x.at(first * strides[0]), g.at(first * strides[1]), to.at(first * strides[2])) };
        isa.run(Part { activation, x, g, to, rows, width, strides });
    });
    Ok(())
}

struct Part {
    activation: Activation,
    x: *const f32,
    g: *const f32,
    to: *mut f32,
    rows: usize,
    width: usize,
    strides: [usize; 3],
}

impl WithSimd for Part {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { activation, x, g, to, rows, width, strides } = self;
        for_activation!(activation, |one| {
            for row in 0..rows {
                // SAFETY: `unary_backward` made this of as many rows, and as many floats in each, as all tensors have.
                unsafe {
                    let (x, g, to) = (x.add(row * strides[0]), g.add(row * strides[1]), to.add(row * strides[2]));
                    for_lanes!(simd, width, |s: S, at| {
                        store(s, to.add(at), one.backward(s, load(s, x.add(at)), load(s, g.add(at))));
                    });
                }
            }
        });
    }
}
