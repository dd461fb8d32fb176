//! Functions of one number, each with its error in units of `f32::EPSILON` (measured by the tests of `activation`).
//!
//! NaN in gives NaN out.

use pulp::Simd;

use super::{at_least, at_most};

/// `c[0] + c[1] x + c[2] x^2 + ...`
#[inline(always)]
fn polynomial<S: Simd>(simd: S, x: S::f32s, coefficients: &[f32]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[coefficients.len() - 1]);
    for &c in coefficients.iter().rev().skip(1) {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(c));
    }
    sum
}

/// Adding it to x leaves the nearest whole number plus 127, which is the exponent of a power of two, in the lowest bits.
const ROUND: f32 = 12_582_912.0 + 127.0;

/// `e^x = p 2^n`: p, n, and n with [`ROUND`] added; for x between -200 and 200.
#[inline(always)]
fn exp_parts<S: Simd>(simd: S, x: S::f32s) -> (S::f32s, S::f32s, S::f32s) {
    // ln 2 in two parts, the first exact in few bits (Cody and Waite).
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let rounded = simd.mul_add_e_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), simd.splat_f32s(ROUND));
    let n = simd.sub_f32s(rounded, simd.splat_f32s(ROUND));
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(-LN2_HIGH), x);
    let r = simd.mul_add_e_f32s(n, simd.splat_f32s(-LN2_LOW), r);
    // Cephes' minimax polynomial on [-ln 2 / 2, ln 2 / 2].
    let p = polynomial(simd, r, &[0.5, 1.666_666_5e-1, 4.166_579_5e-2, 8.333_452e-3, 1.398_199_9e-3, 1.987_569_1e-4]);
    let p = simd.mul_add_e_f32s(p, simd.mul_f32s(r, r), simd.add_f32s(r, simd.splat_f32s(1.0)));
    (p, n, rounded)
}

/// `2^n`, of `n` with [`ROUND`] added; n from -126 to 127.
#[inline(always)]
fn power_of_two<S: Simd>(simd: S, rounded: S::f32s) -> S::f32s {
    simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(rounded), simd.splat_u32s(23)))
}

/// `e^x`: zero far below, infinity far above.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let x = at_most(simd, simd.splat_f32s(90.0), at_least(simd, simd.splat_f32s(-106.0), x));
    let (p, n, _) = exp_parts(simd, x);
    // In two factors, so that neither overflows before the product does.
    let round = simd.splat_f32s(ROUND);
    let half = simd.mul_add_e_f32s(n, simd.splat_f32s(0.5), round);
    let rest = simd.add_f32s(simd.sub_f32s(n, simd.sub_f32s(half, round)), round);
    simd.mul_f32s(simd.mul_f32s(p, power_of_two(simd, half)), power_of_two(simd, rest))
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Within it `e^-x` and its power of two are normal numbers, in one factor; below, the function is zero.
    const LIMIT: f32 = 87.0;
    let (one, limit) = (simd.splat_f32s(1.0), simd.splat_f32s(LIMIT));
    let minus = simd.sub_f32s(simd.splat_f32s(0.0), x);
    let (p, _, rounded) = exp_parts(simd, at_most(simd, limit, at_least(simd, simd.splat_f32s(-LIMIT), minus)));
    let value = simd.div_f32s(one, simd.mul_add_e_f32s(p, power_of_two(simd, rounded), one));
    simd.select_f32s(simd.less_than_f32s(limit, minus), simd.splat_f32s(0.0), value)
}

/// Hyperbolic tangent: Eigen's rational approximation.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const LIMIT: f32 = 7.905_311;
    const NUMERATOR: [f32; 7] =
        [4.893_524_6e-3, 6.372_619_3e-4, 1.485_722_4e-5, 5.122_297_1e-8, -8.604_672e-11, 2.000_188e-13, -2.760_768_5e-16];
    const DENOMINATOR: [f32; 4] = [4.893_525e-3, 2.268_434_6e-3, 1.185_347_1e-4, 1.198_258_4e-6];
    let within = rational(simd, x, LIMIT, &NUMERATOR, &DENOMINATOR);
    one_beyond(simd, x, LIMIT, within)
}

/// `within`, but 1 or -1 where x is beyond `limit`: what is nearly one must not be multiplied by large numbers.
#[inline(always)]
fn one_beyond<S: Simd>(simd: S, x: S::f32s, limit: f32, within: S::f32s) -> S::f32s {
    let high = simd.select_f32s(simd.less_than_f32s(simd.splat_f32s(limit), x), simd.splat_f32s(1.0), within);
    simd.select_f32s(simd.less_than_f32s(x, simd.splat_f32s(-limit)), simd.splat_f32s(-1.0), high)
}

/// The error function: Eigen's rational approximation.
#[inline(always)]
pub(crate) fn erf<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const NUMERATOR: [f32; 7] =
        [-1.609_603_3e-2, -2.954_598e-3, -7.349_906e-4, -5.692_506_4e-5, -2.101_024e-6, 2.770_681_4e-8, -2.726_142_3e-10];
    const DENOMINATOR: [f32; 5] = [-1.426_473_9e-2, -7.373_329e-3, -1.682_827e-3, -2.133_740_5e-4, -1.456_607_2e-5];
    // From here on it is 1 but for 8e-8.
    const ONE: f32 = 3.8;
    let within = rational(simd, x, 4.0, &NUMERATOR, &DENOMINATOR);
    one_beyond(simd, x, ONE, within)
}

/// `x P(x^2) / Q(x^2)` with x held within `limit`.
#[inline(always)]
fn rational<S: Simd>(simd: S, x: S::f32s, limit: f32, p: &[f32], q: &[f32]) -> S::f32s {
    let x = at_most(simd, simd.splat_f32s(limit), at_least(simd, simd.splat_f32s(-limit), x));
    let square = simd.mul_f32s(x, x);
    simd.div_f32s(simd.mul_f32s(x, polynomial(simd, square, p)), polynomial(simd, square, q))
}
