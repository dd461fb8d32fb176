//! Changes that look at a pixel's neighbours.

use pulp::{Arch, Simd, WithSimd};

use crate::planar::Planar;

use super::color::{Blend, cut};

/// Pillow's `ImageEnhance.Sharpness`: a blend with `ImageFilter.SMOOTH`.
pub(super) fn sharpen(picture: &mut Planar, factor: f32) {
    let (area, width) = (picture.area(), picture.width);
    for plane in picture.values.chunks_exact_mut(area) {
        let smooth = Arch::new().dispatch(Smooth { plane, width });
        Arch::new().dispatch(Blend { first: &smooth, values: plane, factor });
    }
}

/// The mean of 3x3 pixels, where the one in the middle counts five times. The border stays as it is.
struct Smooth<'a> {
    plane: &'a [u8],
    width: usize,
}

impl WithSimd for Smooth<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let Self { plane, width } = self;
        let mut smooth = plane.to_vec();
        if width < 3 {
            return smooth;
        }
        let rows: Vec<&[u8]> = plane.chunks_exact(width).collect();
        for (three, out) in rows.windows(3).zip(smooth.chunks_exact_mut(width).skip(1)) {
            let [above, own, below] = three else { continue };
            // Slices of one length, of which the compiler makes vectors.
            let inner = width - 2;
            let out = &mut out[1..][..inner];
            let nine: [&[u8]; 9] = std::array::from_fn(|tap| &[above, own, below][tap / 3][tap % 3..][..inner]);
            for at in 0..inner {
                let mut sum = 4 * u16::from(nine[4][at]);
                for tap in nine {
                    sum += u16::from(tap[at]);
                }
                // A thirteenth, rounded: a half does not occur.
                out[at] = ((2 * sum + 13) / 26) as u8;
            }
        }
        smooth
    }
}

/// torchvision's `gaussian_blur`, in two passes where that has one of a square kernel. Beyond the edges the picture is mirrored.
pub(super) fn gaussian(picture: &mut Planar, kernel: usize, sigma: f64) {
    let half = kernel as isize / 2;
    let raw: Vec<f32> = (-half..=half).map(|x| (-0.5 * (x as f64 / sigma).powi(2)).exp() as f32).collect();
    let total: f32 = raw.iter().sum();
    let weights: Vec<f32> = raw.iter().map(|weight| weight / total).collect();
    let (area, width, height) = (picture.area(), picture.width, picture.height);
    for plane in picture.values.chunks_exact_mut(area) {
        Arch::new().dispatch(Gaussian { plane, width, height, weights: &weights });
    }
}

struct Gaussian<'a> {
    plane: &'a mut [u8],
    width: usize,
    height: usize,
    weights: &'a [f32],
}

impl WithSimd for Gaussian<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plane, width, height, weights } = self;
        let half = weights.len() / 2;
        let across: Vec<f32> = {
            let columns: Vec<usize> = (0..width + 2 * half).map(|at| mirrored(at as isize - half as isize, width)).collect();
            let (mut line, mut sums) = (vec![0.0; width + 2 * half], Vec::with_capacity(width * height));
            for row in plane.chunks_exact(width) {
                line.iter_mut().zip(&columns).for_each(|(value, &column)| *value = f32::from(row[column]));
                let start = sums.len();
                sums.resize(start + width, 0.0);
                add(&mut sums[start..], weights, |tap| &line[tap..tap + width]);
            }
            sums
        };
        let mut sums = vec![0.0f32; width];
        for (y, out) in plane.chunks_exact_mut(width).enumerate() {
            sums.fill(0.0);
            add(&mut sums, weights, |tap| &across[mirrored((y + tap) as isize - half as isize, height) * width..][..width]);
            out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = cut(sum.round_ties_even()));
        }
    }
}

/// Adds lines times their weights.
#[inline(always)]
fn add<'a>(sums: &mut [f32], weights: &[f32], line: impl Fn(usize) -> &'a [f32]) {
    for (tap, &weight) in weights.iter().enumerate() {
        sums.iter_mut().zip(line(tap)).for_each(|(sum, value)| *sum += weight * value);
    }
}

/// The place inside that one outside stands for, the edge itself counted once.
fn mirrored(at: isize, side: usize) -> usize {
    let period = (2 * side as isize - 2).max(1);
    let at = at.rem_euclid(period);
    at.min(period - at).max(0) as usize % side
}

/// Pillow's `GaussianBlur`: three box blurs of fractional width in each direction (P. Gwosdek et al. 2011, "Theoretical
/// foundations of Gaussian convolution by extended box filtering").
pub(super) fn boxes(picture: &mut Planar, radius: f32) {
    const PASSES: usize = 3;
    let square = radius * radius / PASSES as f32;
    let length = (12.0 * f64::from(square) + 1.0).sqrt() as f32;
    let whole = ((f64::from(length) - 1.0) / 2.0).floor() as f32;
    let share = (2.0 * whole + 1.0) * (whole * (whole + 1.0) - 3.0 * square);
    let radius = whole + share / (6.0 * (square - (whole + 1.0) * (whole + 1.0)));
    if radius <= 0.0 {
        return;
    }
    let (area, width, height) = (picture.area(), picture.width, picture.height);
    for plane in picture.values.chunks_exact_mut(area) {
        for _ in 0..PASSES {
            plane.chunks_exact_mut(width).for_each(|line| box_blur(line, radius));
        }
        let mut turned = transposed(plane, width);
        for _ in 0..PASSES {
            turned.chunks_exact_mut(height).for_each(|line| box_blur(line, radius));
        }
        plane.copy_from_slice(&transposed(&turned, height));
    }
}

fn transposed(plane: &[u8], width: usize) -> Vec<u8> {
    (0..width).flat_map(|column| plane.iter().skip(column).step_by(width).copied()).collect()
}

/// The mean of the pixels within the radius; the two at its ends count in part. Beyond the ends the last pixel is repeated.
fn box_blur(line: &mut [u8], radius: f32) {
    let (reach, last) = (radius as isize, line.len() as isize - 1);
    // Of 2^24.
    let weight = ((1 << 24) as f32 / (radius * 2.0 + 1.0)) as u32;
    let edge = ((1 << 24) - (reach as u32 * 2 + 1) * weight) / 2;
    let source = line.to_vec();
    let at = |place: isize| u32::from(source[place.clamp(0, last) as usize]);
    let mut sum: u32 = (-reach - 1..reach).map(at).sum();
    for (x, out) in line.iter_mut().enumerate() {
        let x = x as isize;
        sum = sum + at(x + reach) - at(x - reach - 1);
        let total = sum * weight + (at(x - reach - 1) + at(x + reach + 1)) * edge;
        *out = ((total + (1 << 23)) >> 24) as u8;
    }
}
