//! Changes of a picture with fixed parameters, as Pillow computes them for torchvision and timm.

mod affine;
mod blur;
mod color;
mod table;

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::planar::Planar;
use crate::resize::Filter;
use crate::sample::Image;

pub(crate) use color::{blend, cut};

/// One change of a picture. The numbers are those of torchvision's functions on Pillow's pictures (`adjust_brightness`,
/// `solarize`...); the results are theirs to the last bit, but where a variant says something else.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    /// Stretches each channel over 0 to 255.
    AutoContrast,
    /// Makes each channel's histogram even.
    Equalize,
    /// Negative.
    Invert,
    /// Grey, with as many channels as before.
    Grayscale,
    /// 0 is black, 1 changes nothing.
    Brightness(f64),
    /// 0 is the mean grey, 1 changes nothing.
    Contrast(f64),
    /// 0 is grey, 1 changes nothing. AutoAugment's "Color".
    Saturation(f64),
    /// Turns the colour circle by this share, -0.5 to 0.5.
    Hue(f64),
    /// 0 is smoothed, 1 changes nothing.
    Sharpness(f64),
    /// So many of the 8 bits are kept.
    Posterize(u32),
    /// Values from this one on become their negative.
    Solarize(f64),
    /// Adds so much to values below 128 (timm).
    SolarizeAdd(u8),
    /// By so many degrees, counter-clockwise, around the centre.
    Rotate(f64),
    /// The pixel in row `y` comes from so much times `y` farther right.
    ShearX(f64),
    /// The pixel in column `x` comes from so much times `x` farther down.
    ShearY(f64),
    /// To the right by so many pixels, as in torchvision. timm moves to the left.
    TranslateX(f64),
    /// Down by so many pixels, as in torchvision. timm moves up.
    TranslateY(f64),
    /// torchvision's `gaussian_blur`, within one level.
    GaussianBlur {
        /// Pixels of the kernel's side, odd.
        kernel: usize,
        /// Deviation in pixels.
        sigma: f64,
    },
    /// Pillow's `ImageFilter.GaussianBlur` with this radius: three box blurs.
    BoxBlur(f64),
}

/// What fills in where an operation moves pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Colour of what comes from outside of the picture. A grey picture has its first value.
    pub fill: [u8; 3],
    /// How pixels between pixels are made.
    pub filter: Filter,
}

impl Default for Canvas {
    /// Black, nearest pixel: torchvision's defaults.
    fn default() -> Self {
        Self { fill: [0; 3], filter: Filter::Nearest }
    }
}

impl Operation {
    /// The picture after it.
    pub fn apply(self, image: &Image, canvas: &Canvas) -> Image {
        let mut picture = Planar::from_image(image);
        self.run(&mut picture, canvas);
        picture.to_image()
    }

    /// Changes the picture. Its size and channels stay.
    pub(crate) fn run(self, picture: &mut Planar, canvas: &Canvas) {
        if let Some(matrix) = self.matrix([picture.height, picture.width]) {
            return affine::transform(picture, matrix, canvas);
        }
        match self {
            Self::Grayscale => color::grey(picture),
            Self::Saturation(factor) => color::saturate(picture, factor as f32),
            Self::Hue(turn) => color::turn_hue(picture, turn),
            Self::Sharpness(factor) => blur::sharpen(picture, factor as f32),
            Self::GaussianBlur { kernel, sigma } => blur::gaussian(picture, kernel, sigma),
            Self::BoxBlur(radius) => blur::boxes(picture, radius as f32),
            _ => table::apply(self, picture),
        }
    }

    /// From a pixel's place in the result to its place in the picture: `x' = m[0] x + m[1] y + m[2]`, `y' = m[3] x + m[4] y + m[5]`.
    fn matrix(self, [height, width]: [usize; 2]) -> Option<[f64; 6]> {
        Some(match self {
            Self::Rotate(degrees) => rotation(degrees, [height, width]),
            Self::ShearX(factor) => [1.0, factor, 0.0, 0.0, 1.0, 0.0],
            Self::ShearY(factor) => [1.0, 0.0, 0.0, factor, 1.0, 0.0],
            Self::TranslateX(pixels) => [1.0, 0.0, -pixels, 0.0, 1.0, 0.0],
            Self::TranslateY(pixels) => [1.0, 0.0, 0.0, 0.0, 1.0, -pixels],
            _ => return None,
        })
    }
}

/// Pillow's `Image.rotate`, whose sines and cosines are rounded to 15 digits, so that right angles are exact.
fn rotation(degrees: f64, [height, width]: [usize; 2]) -> [f64; 6] {
    let angle = -(degrees.rem_euclid(360.0)) * (PI / 180.0);
    let rounded = |value: f64| (value * 1e15).round_ties_even() / 1e15;
    let (sine, cosine) = (rounded(angle.sin()), rounded(angle.cos()));
    let (x, y) = (width as f64 / 2.0, height as f64 / 2.0);
    let (to_x, to_y) = (cosine * -x + sine * -y, -sine * -x + cosine * -y);
    [cosine, sine, to_x + x, -sine, cosine, to_y + y]
}
