//! The inverse transform of a block: in full by libjpeg's accurate integer method, so that the pixels are the same, and
//! reduced to fewer pixels by the transform of that size of the low frequencies.
//!
//! The method is that of C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11
//! multiplications", ICASSP 1989. Eight columns are worked on at a time, for the compiler to make vector instructions of.

/// Eight numbers that are worked on at once. Damaged coefficients may overflow, as they do in libjpeg.
#[derive(Clone, Copy)]
struct Eight([i32; 8]);

impl Eight {
    #[inline(always)]
    fn map(self, f: impl Fn(i32) -> i32) -> Self {
        Self(self.0.map(f))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_sub(other.0[i])))
    }

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        self.map(|value| value.wrapping_mul(factor))
    }

    #[inline(always)]
    fn shifted(self, bits: u32) -> Self {
        self.map(|value| value << bits)
    }

    /// Divided by `2^bits` and rounded.
    #[inline(always)]
    fn reduced(self, bits: u32) -> Self {
        self.map(|value| value.wrapping_add(1 << (bits - 1)) >> bits)
    }
}

/// Fractional bits of the factors.
const FRACTION: u32 = 13;
/// Fractional bits that are kept between the two passes.
const BETWEEN: u32 = 2;

#[inline(always)]
fn pass(input: [Eight; 8], bits: u32) -> [Eight; 8] {
    let [i0, i1, i2, i3, i4, i5, i6, i7] = input;
    let common = i2.plus(i6).times(4433);
    let (low, high) = (common.minus(i6.times(15137)), common.plus(i2.times(6270)));
    let (sum, difference) = (i0.plus(i4).shifted(FRACTION), i0.minus(i4).shifted(FRACTION));
    let even = [sum.plus(high), difference.plus(low), difference.minus(low), sum.minus(high)];

    let (z1, z2, z3, z4) = (i7.plus(i1), i5.plus(i3), i7.plus(i3), i5.plus(i1));
    let z5 = z3.plus(z4).times(9633);
    let (z1, z2) = (z1.times(-7373), z2.times(-20995));
    let (z3, z4) = (z3.times(-16069).plus(z5), z4.times(-3196).plus(z5));
    let odd = [
        i1.times(12299).plus(z1).plus(z4),
        i3.times(25172).plus(z2).plus(z3),
        i5.times(16819).plus(z2).plus(z4),
        i7.times(2446).plus(z1).plus(z3),
    ];
    let plus = |k: usize| even[k].plus(odd[k]).reduced(bits);
    let minus = |k: usize| even[k].minus(odd[k]).reduced(bits);
    [plus(0), plus(1), plus(2), plus(3), minus(3), minus(2), minus(1), minus(0)]
}

#[inline(always)]
fn transposed(rows: [Eight; 8]) -> [Eight; 8] {
    std::array::from_fn(|i| Eight(std::array::from_fn(|j| rows[j].0[i])))
}

#[inline(always)]
fn pixel(value: i32) -> u8 {
    value.wrapping_add(128).clamp(0, 255) as u8
}

/// The 8x8 pixels of a block.
#[inline(always)]
pub(super) fn full(values: &[i16; 64]) -> [[u8; 8]; 8] {
    let rows = std::array::from_fn(|row| Eight(std::array::from_fn(|column| i32::from(values[row * 8 + column]))));
    let columns = transposed(pass(rows, FRACTION - BETWEEN));
    let rows = transposed(pass(columns, FRACTION + BETWEEN + 3));
    rows.map(|row| row.0.map(pixel))
}

/// The grey level of a block that has only its first coefficient, by the arithmetic of [`full`].
#[inline(always)]
pub(super) fn flat(first: i16) -> u8 {
    pixel(i32::from(first).wrapping_mul(4).wrapping_add(16) >> 5)
}

/// `N`x`N` pixels (1, 2 or 4) for the 8x8 of a block.
#[inline(always)]
pub(super) fn reduced<const N: usize>(values: &[i16; 64]) -> [[u8; N]; N] {
    // cos((2x + 1) u pi / 2N), times sqrt(1/2) for u = 0; the reduced block's scale is N / 8 of the full one's.
    let basis: [[f32; N]; N] = std::array::from_fn(|x| {
        std::array::from_fn(|u| match u {
            0 => std::f32::consts::FRAC_1_SQRT_2,
            _ => BASIS[(2 * x + 1) * u * (16 / N) % 64],
        })
    });
    let across: [[f32; N]; N] =
        std::array::from_fn(|v| std::array::from_fn(|x| (0..N).map(|u| f32::from(values[v * 8 + u]) * basis[x][u]).sum()));
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let sum: f32 = (0..N).map(|v| across[v][x] * basis[y][v]).sum();
            pixel((sum * 0.25).round() as i32)
        })
    })
}

/// cos(k pi / 16) for k below 64 would be `f32::cos`, which is no constant.
#[rustfmt::skip]
const QUARTER: [f32; 17] = [
    1.0, 0.995_184_7, 0.980_785_25, 0.956_940_35, 0.923_879_5, 0.881_921_3, 0.831_469_6, 0.773_010_43, 0.707_106_77,
    0.634_393_3, 0.555_570_24, 0.471_396_74, 0.382_683_43, 0.290_284_67, 0.195_090_32, 0.098_017_14, 0.0,
];

/// cos(k pi / 32) for k below 64.
const BASIS: [f32; 64] = {
    let mut basis = [0.0; 64];
    let mut k = 0;
    while k < 64 {
        basis[k] = match k {
            0..=16 => QUARTER[k],
            17..=32 => -QUARTER[32 - k],
            33..=48 => -QUARTER[k - 32],
            _ => QUARTER[64 - k],
        };
        k += 1;
    }
    basis
};
