//! Resizing that equals Pillow's `Image.resize` to the last bit, for 8-bit grey and RGB.
//!
//! Follows `src/libImaging/Resample.c` and, for nearest, `ImagingScaleAffine` in `Geometry.c`: the filter's support grows
//! with the reduction (antialiasing), weights are 22-bit fixed-point integers, and the picture is rounded to 8 bits
//! between the two passes. The reference is Pillow 13.0.0; for the one difference from earlier versions see `vertical_first`.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use crate::sample::Image;

/// How a pixel is made from its neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Filter {
    /// The nearest pixel.
    Nearest,
    /// Triangle, antialiased when reducing.
    #[default]
    Bilinear,
    /// Keys' cubic with a = -0.5, antialiased when reducing.
    Bicubic,
}

/// Resizes to `height` x `width` pixels, both at least 1 (0 is taken as 1).
pub fn resize(image: &Image, [height, width]: [usize; 2], filter: Filter) -> Image {
    let (height, width) = (height.max(1), width.max(1));
    if [image.height(), image.width()] == [height, width] {
        return image.clone();
    }
    match filter {
        Filter::Nearest => nearest(image, height, width),
        Filter::Bilinear => separable(image, height, width, 1.0, triangle),
        Filter::Bicubic => separable(image, height, width, 2.0, cubic),
    }
}

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn nearest(image: &Image, height: usize, width: usize) -> Image {
    let (rows, columns, channels) = (positions(image.height(), height), positions(image.width(), width), image.channels());
    let mut pixels = Vec::with_capacity(height * width * channels);
    for row in rows {
        let row = &image.pixels()[row * image.width() * channels..][..image.width() * channels];
        columns.iter().for_each(|&column| pixels.extend_from_slice(&row[column * channels..][..channels]));
    }
    Image::from_parts(height, width, channels, pixels)
}

/// Pillow adds the step up instead of multiplying, so the same rounding errors are made here.
fn positions(from: usize, to: usize) -> Vec<usize> {
    let step = from as f64 / to as f64;
    let mut position = step * 0.5;
    let next = |_| {
        let index = (position as usize).min(from - 1);
        position += step;
        index
    };
    (0..to).map(next).collect()
}

const PRECISION_BITS: u32 = 32 - 8 - 2;

/// Source pixels of one target pixel, and their weights.
struct Window {
    first: usize,
    weights: Vec<i32>,
}

fn windows(from: usize, to: usize, support: f64, filter: fn(f64) -> f64) -> Vec<Window> {
    let scale = from as f64 / to as f64;
    let filter_scale = scale.max(1.0);
    let (support, inverse) = (support * filter_scale, 1.0 / filter_scale);
    let window = |target: usize| {
        let center = (target as f64 + 0.5) * scale;
        // `as usize` cuts towards zero and takes a negative as 0, as Pillow's cast and clamp do together.
        let first = (center - support + 0.5) as usize;
        let end = ((center + support + 0.5) as usize).min(from);
        let raw: Vec<f64> = (first..end).map(|x| filter((x as f64 - center + 0.5) * inverse)).collect();
        let total: f64 = raw.iter().fold(0.0, |sum, weight| sum + weight);
        let weights = raw.iter().map(|&weight| fixed(if total == 0.0 { weight } else { weight / total })).collect();
        Window { first, weights }
    };
    (0..to).map(window).collect()
}

fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1u32 << PRECISION_BITS);
    (if weight < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

fn clip(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

fn separable(image: &Image, height: usize, width: usize, support: f64, filter: fn(f64) -> f64) -> Image {
    let windows_of = |from: usize, to: usize| (from != to).then(|| windows(from, to, support, filter));
    let (columns, rows) = (windows_of(image.width(), width), windows_of(image.height(), height));
    // Compiled a second time, for the vector instructions of newer machines: integers, so that the result is the same.
    let across =
        |image: &Image| columns.as_ref().map(|windows| Arch::new().dispatch(Pass { direction: Direction::Across, image, windows }));
    let down = |image: &Image| rows.as_ref().map(|windows| Arch::new().dispatch(Pass { direction: Direction::Down, image, windows }));
    let result = if vertical_first(image, height, width) {
        let low = down(image);
        across(low.as_ref().unwrap_or(image)).or(low)
    } else {
        let wide = across(image);
        down(wide.as_ref().unwrap_or(image)).or(wide)
    };
    result.unwrap_or_else(|| image.clone())
}

#[derive(Clone, Copy)]
enum Direction {
    Across,
    Down,
}

/// One pass as a task for [`Arch::dispatch`].
struct Pass<'a> {
    direction: Direction,
    image: &'a Image,
    windows: &'a [Window],
}

impl WithSimd for Pass<'_> {
    type Output = Image;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Image {
        match self.direction {
            Direction::Across => horizontal(self.image, self.windows),
            Direction::Down => vertical(self.image, self.windows),
        }
    }
}

/// Which pass comes first shows in the result, by the rounding between them. Pillow before version 13 begins with the
/// horizontal one; since then with the vertical one where that removes more than twice as many rows as the other columns.
/// Pictures up to 2:1 that keep their proportions are the same in both.
fn vertical_first(image: &Image, height: usize, width: usize) -> bool {
    height < image.height() && (image.height() - height) as i128 > 2 * (image.width() as i128 - width as i128)
}

#[inline(always)]
fn horizontal(image: &Image, windows: &[Window]) -> Image {
    match image.channels() {
        3 => horizontal_of::<3>(image, windows),
        _ => horizontal_of::<1>(image, windows),
    }
}

/// Four values at once, of which those beyond the channels are not used: a vector whatever the number of channels.
#[inline(always)]
fn horizontal_of<const CHANNELS: usize>(image: &Image, windows: &[Window]) -> Image {
    const LANES: usize = 4;
    let (from, to) = (image.width() * CHANNELS, windows.len() * CHANNELS);
    let mut pixels = vec![0; image.height() * to];
    let mut padded = vec![0; from + LANES];
    for (row, out) in image.pixels().chunks_exact(from).zip(pixels.chunks_exact_mut(to)) {
        padded[..from].copy_from_slice(row);
        for (window, out) in windows.iter().zip(out.chunks_exact_mut(CHANNELS)) {
            let mut sums = [1i32 << (PRECISION_BITS - 1); LANES];
            let sources = padded[window.first * CHANNELS..].windows(LANES).step_by(CHANNELS);
            for (source, &weight) in sources.zip(&window.weights) {
                for (sum, &value) in sums.iter_mut().zip(source) {
                    *sum += i32::from(value) * weight;
                }
            }
            out.copy_from_slice(&sums.map(clip)[..CHANNELS]);
        }
    }
    Image::from_parts(image.height(), windows.len(), CHANNELS, pixels)
}

/// Row by row, so that memory is read in order and the inner loop vectorises.
#[inline(always)]
fn vertical(image: &Image, windows: &[Window]) -> Image {
    let stride = image.width() * image.channels();
    let mut pixels = Vec::with_capacity(windows.len() * stride);
    let mut sums = vec![0i32; stride];
    for window in windows {
        sums.fill(1 << (PRECISION_BITS - 1));
        let rows = image.pixels()[window.first * stride..].chunks_exact(stride);
        for (row, &weight) in rows.zip(&window.weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        pixels.extend(sums.iter().map(|&sum| clip(sum)));
    }
    Image::from_parts(windows.len(), image.width(), image.channels(), pixels)
}
