//! The inverse transform of a block: in full by libjpeg's accurate integer method, so that the pixels are the same, and
//! reduced to fewer pixels by the transform of that size of the low frequencies.
//!
//! The method is that of C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11
//! multiplications", ICASSP 1989. Each line is done for eight columns, for the compiler to make vector instructions of.
//! Damaged coefficients may overflow, as they do in libjpeg.

use pulp::{Simd, WithSimd};

/// Fractional bits of the factors.
const FRACTION: u32 = 13;
/// Fractional bits that are kept between the two passes.
const BETWEEN: u32 = 2;

/// Transforms each column; results are divided by `2^BITS` and rounded.
#[inline(always)]
fn columns<const BITS: u32>(input: &[[i32; 8]; 8], output: &mut [[i32; 8]; 8]) {
    let reduced = |value: i32| value.wrapping_add(1 << (BITS - 1)) >> BITS;
    for c in 0..8 {
        let (i0, i1, i2, i3) = (input[0][c], input[1][c], input[2][c], input[3][c]);
        let (i4, i5, i6, i7) = (input[4][c], input[5][c], input[6][c], input[7][c]);
        let common = i2.wrapping_add(i6).wrapping_mul(4433);
        let (low, high) = (common.wrapping_sub(i6.wrapping_mul(15137)), common.wrapping_add(i2.wrapping_mul(6270)));
        let (sum, difference) = (i0.wrapping_add(i4) << FRACTION, i0.wrapping_sub(i4) << FRACTION);
        let (e0, e3) = (sum.wrapping_add(high), sum.wrapping_sub(high));
        let (e1, e2) = (difference.wrapping_add(low), difference.wrapping_sub(low));

        let (z1, z2) = (i7.wrapping_add(i1).wrapping_mul(-7373), i5.wrapping_add(i3).wrapping_mul(-20995));
        let (z3, z4) = (i7.wrapping_add(i3), i5.wrapping_add(i1));
        let z5 = z3.wrapping_add(z4).wrapping_mul(9633);
        let (z3, z4) = (z3.wrapping_mul(-16069).wrapping_add(z5), z4.wrapping_mul(-3196).wrapping_add(z5));
        let o0 = i1.wrapping_mul(12299).wrapping_add(z1).wrapping_add(z4);
        let o1 = i3.wrapping_mul(25172).wrapping_add(z2).wrapping_add(z3);
        let o2 = i5.wrapping_mul(16819).wrapping_add(z2).wrapping_add(z4);
        let o3 = i7.wrapping_mul(2446).wrapping_add(z1).wrapping_add(z3);

        output[0][c] = reduced(e0.wrapping_add(o0));
        output[7][c] = reduced(e0.wrapping_sub(o0));
        output[1][c] = reduced(e1.wrapping_add(o1));
        output[6][c] = reduced(e1.wrapping_sub(o1));
        output[2][c] = reduced(e2.wrapping_add(o2));
        output[5][c] = reduced(e2.wrapping_sub(o2));
        output[3][c] = reduced(e3.wrapping_add(o3));
        output[4][c] = reduced(e3.wrapping_sub(o3));
    }
}

#[inline(always)]
fn transpose(input: &[[i32; 8]; 8], output: &mut [[i32; 8]; 8]) {
    for row in 0..8 {
        for column in 0..8 {
            output[column][row] = input[row][column];
        }
    }
}

#[inline(always)]
fn pixel(value: i32) -> u8 {
    value.wrapping_add(128).clamp(0, 255) as u8
}

/// [`full`] as a task for [`pulp::Arch::dispatch`], which compiles it for the vector instructions that the machine has.
pub(super) struct Full<'a>(pub(super) &'a [i16; 64]);

impl WithSimd for Full<'_> {
    type Output = [[u8; 8]; 8];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        full(self.0)
    }
}

/// The 8x8 pixels of a block.
#[inline(always)]
fn full(values: &[i16; 64]) -> [[u8; 8]; 8] {
    let (mut a, mut b) = ([[0; 8]; 8], [[0; 8]; 8]);
    for row in 0..8 {
        for column in 0..8 {
            a[row][column] = i32::from(values[row * 8 + column]);
        }
    }
    columns::<{ FRACTION - BETWEEN }>(&a, &mut b);
    transpose(&b, &mut a);
    columns::<{ FRACTION + BETWEEN + 3 }>(&a, &mut b);
    let mut pixels = [[0; 8]; 8];
    for row in 0..8 {
        for column in 0..8 {
            pixels[row][column] = pixel(b[column][row]);
        }
    }
    pixels
}

/// The grey level of a block that has only its first coefficient, by the arithmetic of [`full`].
pub(super) fn flat(first: i16) -> u8 {
    pixel(i32::from(first).wrapping_mul(4).wrapping_add(16) >> 5)
}

/// `N`x`N` pixels (1, 2 or 4) for the 8x8 of a block.
pub(super) fn reduced<const N: usize>(values: &[i16; 64]) -> [[u8; N]; N] {
    // cos((2x + 1) u pi / 2N), and sqrt(1/2) for u = 0; the reduced block's scale is N / 8 of the full one's.
    let basis = |x: usize, u: usize| match u {
        0 => std::f32::consts::FRAC_1_SQRT_2,
        _ => COSINES[(2 * x + 1) * u * (16 / N) % 64],
    };
    let mut across = [[0f32; N]; N];
    for (v, row) in across.iter_mut().enumerate() {
        for (x, sum) in row.iter_mut().enumerate() {
            *sum = (0..N).map(|u| f32::from(values[v * 8 + u]) * basis(x, u)).sum();
        }
    }
    let mut pixels = [[0; N]; N];
    for (y, row) in pixels.iter_mut().enumerate() {
        for (x, out) in row.iter_mut().enumerate() {
            let sum: f32 = (0..N).map(|v| across[v][x] * basis(y, v)).sum();
            *out = pixel((sum * 0.25).round() as i32);
        }
    }
    pixels
}

/// cos(k pi / 32), for `k` up to 16: `f32::cos` makes no constants.
const QUARTER: [f32; 17] = [
    1.0,
    0.995_184_7,
    0.980_785_25,
    0.956_940_35,
    0.923_879_5,
    0.881_921_3,
    0.831_469_6,
    0.773_010_43,
    0.707_106_77,
    0.634_393_3,
    0.555_570_24,
    0.471_396_74,
    0.382_683_43,
    0.290_284_67,
    0.195_090_32,
    0.098_017_14,
    0.0,
];

/// cos(k pi / 32) of the whole circle.
const COSINES: [f32; 64] = {
    let mut cosines = [0.0; 64];
    let mut k = 0;
    while k < 64 {
        cosines[k] = match k {
            0..=16 => QUARTER[k],
            17..=32 => -QUARTER[32 - k],
            33..=48 => -QUARTER[k - 32],
            _ => QUARTER[64 - k],
        };
        k += 1;
    }
    cosines
};
