//! A picture as planes: what augmentation works on, because most of it is the same for each channel.

use pulp::{Arch, Simd, WithSimd};

use crate::sample::Image;
use crate::transform::Transform;

/// 8-bit values `[channels, height, width]`, with 1 (grey) or 3 (RGB) channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planar {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<u8>,
}

impl Planar {
    pub(crate) fn from_image(image: &Image) -> Self {
        let (channels, pixels) = (image.channels(), image.pixels());
        let mut values = pixels.to_vec();
        if channels == 3 {
            Arch::new().dispatch(Split { pixels, values: &mut values });
        }
        Self { channels, height: image.height(), width: image.width(), values }
    }

    pub(crate) fn to_image(&self) -> Image {
        let area = self.area();
        let pixels = match self.channels {
            3 => (0..area).flat_map(|at| [self.values[at], self.values[area + at], self.values[2 * area + at]]).collect(),
            _ => self.values.clone(),
        };
        Image::from_parts(self.height, self.width, self.channels, pixels)
    }

    pub(crate) fn area(&self) -> usize {
        self.height * self.width
    }

    /// Grey becomes RGB where `channels` is 3.
    pub(crate) fn with_channels(mut self, channels: usize) -> Self {
        if channels == 3 && self.channels == 1 {
            self.values = self.values.repeat(3);
            self.channels = 3;
        }
        self
    }

    /// Left and right exchanged.
    pub(crate) fn mirror(&mut self) {
        self.values.chunks_exact_mut(self.width).for_each(<[u8]>::reverse);
    }

    /// Top and bottom exchanged.
    pub(crate) fn upend(&mut self) {
        let (area, width) = (self.area(), self.width);
        for plane in self.values.chunks_exact_mut(area) {
            let (upper, lower) = plane.split_at_mut(area / 2);
            upper.chunks_exact_mut(width).zip(lower.rchunks_exact_mut(width)).for_each(|(a, b)| a.swap_with_slice(b));
        }
    }

    /// Appends normalised values `[channels, height, width]`, mirrored where `flip` says so. Grey serves all channels.
    pub(crate) fn normalise(&self, transform: &Transform, flip: bool, values: &mut Vec<f32>) -> [usize; 3] {
        let area = self.area();
        for (channel, (mean, std)) in transform.mean.iter().zip(&transform.std).enumerate() {
            let plane = &self.values[channel.min(self.channels - 1) * area..][..area];
            let (factor, offset) = (1.0 / (255.0 * std), -mean / std);
            values.reserve(area);
            Arch::new().dispatch(Normalise { plane, width: self.width, flip, factor, offset, values });
        }
        [transform.channels, self.height, self.width]
    }
}

/// Pixels to planes.
struct Split<'a> {
    pixels: &'a [u8],
    values: &'a mut [u8],
}

impl WithSimd for Split<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (red, rest) = self.values.split_at_mut(self.pixels.len() / 3);
        let (green, blue) = rest.split_at_mut(red.len());
        for (((pixel, red), green), blue) in self.pixels.as_chunks::<3>().0.iter().zip(red).zip(green).zip(blue) {
            [*red, *green, *blue] = *pixel;
        }
    }
}

/// Turns the values of a channel into those of the model's input, row by row.
struct Normalise<'a> {
    plane: &'a [u8],
    width: usize,
    flip: bool,
    factor: f32,
    offset: f32,
    values: &'a mut Vec<f32>,
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plane, width, flip, factor, offset, values } = self;
        let normal = |&value: &u8| f32::from(value) * factor + offset;
        if flip {
            plane.chunks_exact(width).for_each(|row| values.extend(row.iter().rev().map(normal)));
        } else {
            values.extend(plane.iter().map(normal));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn planes_and_pixels_are_the_same_picture() {
        let image = Image::new(3, 2, 3, (0..18).collect()).unwrap();
        let planar = Planar::from_image(&image);
        assert_eq!(planar.values, [0, 3, 6, 9, 12, 15, 1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17]);
        assert_eq!(planar.to_image(), image);
        let grey = Planar::from_image(&Image::new(1, 2, 1, vec![7, 9]).unwrap());
        assert_eq!(grey.with_channels(3).to_image().pixels(), [7, 7, 7, 9, 9, 9]);
    }

    #[test]
    fn turns_over_rows_and_columns() {
        let mut planar = Planar { channels: 1, height: 3, width: 2, values: vec![1, 2, 3, 4, 5, 6] };
        planar.upend();
        assert_eq!(planar.values, [5, 6, 3, 4, 1, 2]);
        planar.mirror();
        assert_eq!(planar.values, [6, 5, 4, 3, 2, 1]);
    }
}
