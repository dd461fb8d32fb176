//! Changes that look at a pixel's three channels together.

use pulp::{Arch, Simd, WithSimd};

use crate::planar::Planar;

/// The whole part, cut off at 0 and 255: what C's conversion and Rust's `as` give, of which only this form becomes vectors.
#[inline(always)]
pub(crate) fn cut(value: f32) -> u8 {
    // From 2^23 on, the last bit of a number is 1.
    (value.clamp(0.0, 255.0).floor() + 8_388_608.0).to_bits() as u8
}

/// Pillow's `Image.blend` of two values: `factor` 0 is the first, 1 the second; cut off, not rounded.
#[inline(always)]
pub(crate) fn blend(first: u8, second: u8, factor: f32) -> u8 {
    cut(f32::from(first) + factor * (f32::from(second) - f32::from(first)))
}

/// Grey by Pillow's rule, as [`Image::to_grey`](crate::Image::to_grey).
pub(super) fn luma(picture: &Planar) -> Vec<u8> {
    if picture.channels == 1 {
        return picture.values.clone();
    }
    Arch::new().dispatch(Luma(picture))
}

struct Luma<'a>(&'a Planar);

impl WithSimd for Luma<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let area = self.0.area();
        let (red, rest) = self.0.values.split_at(area);
        let (green, blue) = rest.split_at(area);
        let mut grey = vec![0; area];
        for (((grey, &red), &green), &blue) in grey.iter_mut().zip(red).zip(green).zip(blue) {
            *grey = ((u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + 0x8000) >> 16) as u8;
        }
        grey
    }
}

pub(super) fn grey(picture: &mut Planar) {
    picture.values = luma(picture).repeat(picture.channels);
}

pub(super) fn saturate(picture: &mut Planar, factor: f32) {
    if picture.channels == 1 {
        return;
    }
    let grey = luma(picture);
    for plane in picture.values.chunks_exact_mut(grey.len()) {
        Arch::new().dispatch(Blend { first: &grey, values: plane, factor });
    }
}

/// [`blend`] of two planes, into the second.
pub(super) struct Blend<'a> {
    pub(super) first: &'a [u8],
    pub(super) values: &'a mut [u8],
    pub(super) factor: f32,
}

impl WithSimd for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let factor = self.factor;
        self.values.iter_mut().zip(self.first).for_each(|(value, &first)| *value = blend(first, *value, factor));
    }
}

/// torchvision's `adjust_hue`: Pillow's 8-bit HSV, and its first value turned around.
pub(super) fn turn_hue(picture: &mut Planar, turn: f64) {
    if picture.channels == 1 {
        return;
    }
    let steps = (turn * 255.0) as i32 as u8;
    let area = picture.area();
    let (red, rest) = picture.values.split_at_mut(area);
    let (green, blue) = rest.split_at_mut(area);
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        let [hue, saturation, value] = to_hsv([*red, *green, *blue]);
        [*red, *green, *blue] = to_rgb([hue.wrapping_add(steps), saturation, value]);
    }
}

/// Pillow's conversion from RGB, in its precision.
fn to_hsv([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    if most == least {
        return [0, 0, most];
    }
    let range = f32::from(most - least);
    let [r, g, b] = [red, green, blue].map(|value| f32::from(most - value) / range);
    let sector = if red == most {
        b - g
    } else if green == most {
        (2.0 + f64::from(r) - f64::from(b)) as f32
    } else {
        (4.0 + f64::from(g) - f64::from(r)) as f32
    };
    // One is added because the remainder of a negative number is negative.
    let hue = ((f64::from(sector) / 6.0 + 1.0) % 1.0) as f32;
    [(f64::from(hue) * 255.0) as u8, (f64::from(range / f32::from(most)) * 255.0) as u8, most]
}

/// And back.
fn to_rgb([hue, saturation, value]: [u8; 3]) -> [u8; 3] {
    if saturation == 0 {
        return [value; 3];
    }
    let position = f64::from(hue) * 6.0 / 255.0;
    let sector = position.floor();
    let (rest, share) = ((position - sector) as f32, f32::from(saturation) / 255.0);
    let level = |part: f64| (f64::from(value) * (1.0 - part)).round() as u8;
    let p = level(f64::from(share));
    let q = level(f64::from(share * rest));
    let t = level(f64::from(share) * (1.0 - f64::from(rest)));
    match sector as u8 % 6 {
        0 => [value, t, p],
        1 => [q, value, p],
        2 => [p, value, t],
        3 => [p, q, value],
        4 => [t, p, value],
        _ => [value, p, q],
    }
}
