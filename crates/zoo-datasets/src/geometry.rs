//! Whole-pixel moves: cut with zeros outside, mirror.

use crate::sample::Image;

/// `height` x `width` pixels from row `top`, column `left`, which may lie outside: zeros (black) there.
pub(crate) fn crop(image: &Image, top: isize, left: isize, height: usize, width: usize) -> Image {
    let channels = image.channels();
    let mut pixels = vec![0; height * width * channels];
    let (skip_columns, from_column, columns) = overlap(left, width, image.width());
    let (skip_rows, from_row, rows) = overlap(top, height, image.height());
    if columns > 0 {
        for row in 0..rows {
            let source = ((from_row + row) * image.width() + from_column) * channels;
            let target = ((skip_rows + row) * width + skip_columns) * channels;
            pixels[target..target + columns * channels].copy_from_slice(&image.pixels()[source..source + columns * channels]);
        }
    }
    Image::from_parts(height, width, channels, pixels)
}

/// Pixels to leave out in the result, first pixel in the source, and how many they share.
fn overlap(start: isize, length: usize, available: usize) -> (usize, usize, usize) {
    let skip = start.min(0).unsigned_abs();
    let from = start.max(0).unsigned_abs();
    (skip, from, length.saturating_sub(skip).min(available.saturating_sub(from)))
}

/// The middle, as `torchvision.transforms.functional.center_crop`: zeros around where the picture is smaller.
pub(crate) fn center_crop(image: &Image, [height, width]: [usize; 2]) -> Image {
    crop(image, center_offset(image.height(), height), center_offset(image.width(), width), height, width)
}

/// torchvision pads first, by `(crop - side) // 2` in front; otherwise it cuts at `round((side - crop) / 2)`,
/// where Python rounds a half to the even neighbour.
pub(crate) fn center_offset(side: usize, crop: usize) -> isize {
    if crop >= side {
        return -((crop - side) as isize / 2);
    }
    let half = (side - crop) / 2;
    let odd_half = (side - crop) % 2 == 1 && half % 2 == 1;
    (half + usize::from(odd_half)) as isize
}

/// Left and right exchanged.
pub(crate) fn mirror(image: &Image) -> Image {
    let channels = image.channels();
    let mut pixels = Vec::with_capacity(image.pixels().len());
    for row in image.pixels().chunks_exact(image.width() * channels) {
        row.chunks_exact(channels).rev().for_each(|pixel| pixels.extend_from_slice(pixel));
    }
    Image::from_parts(image.height(), image.width(), channels, pixels)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn crops_inside_across_and_outside() {
        let image = Image::new(2, 3, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(crop(&image, 1, 1, 1, 2).pixels(), [5, 6]);
        assert_eq!(crop(&image, -1, -1, 2, 2).pixels(), [0, 0, 0, 1]);
        assert_eq!(crop(&image, 1, 2, 2, 2).pixels(), [6, 0, 0, 0]);
        assert_eq!(crop(&image, -5, 0, 2, 2).pixels(), [0; 4]);
        assert_eq!(crop(&image, 0, 7, 2, 2).pixels(), [0; 4]);
    }

    #[test]
    fn mirrors_pixels_not_channels() {
        let image = Image::new(1, 2, 3, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(mirror(&image).pixels(), [4, 5, 6, 1, 2, 3]);
    }

    #[test]
    fn centre_offsets_are_torchvisions() {
        // int(round((side - crop) / 2.0)) in Python, for crop = 4; negative: -((4 - side) // 2)
        let expected = [-1, -1, 0, 0, 0, 1, 2, 2, 2, 3, 4, 4];
        let found: Vec<isize> = (1..=12).map(|side| center_offset(side, 4)).collect();
        assert_eq!(found, expected);
    }
}
