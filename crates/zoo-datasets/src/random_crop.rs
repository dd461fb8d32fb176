//! The usual augmentation of ImageNet: a random part of the picture, resized, mirrored or not.

use crate::decode::decode;
use crate::error::{EncodedError, TransformError};
use crate::geometry;
use crate::jpeg::{Area, Component, Decoded, Frame, is_complete, rgb_in_place};
use crate::planar::Planar;
use crate::resize::{Filter, resize};
use crate::rng::SplitMix64;
use crate::sample::Image;
use crate::scale::bilinear;
use crate::transform::{Preprocess, Transform};

/// A random area of a random shape, resized to the model's input, mirrored or not, and normalised: torchvision's
/// `RandomResizedCrop` and `RandomHorizontalFlip` (Szegedy et al. 2014, "Going deeper with convolutions", section 6).
///
/// Of a JPEG file only the area is decoded, and at half, a quarter or an eighth of its size where that still is at least
/// twice the size of the result. The bilinear resize is a fast one within one level of Pillow's, the others are Pillow's.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomResizedCrop {
    /// Size (its [`output_size`](Transform::output_size)), filter, channels, mean and standard deviation. Its own resize and
    /// crop are not done.
    pub transform: Transform,
    /// Least and largest share of the picture's area, in `(0, 1]`. torchvision: 0.08 and 1.
    pub scale: [f64; 2],
    /// Least and largest width divided by height. torchvision: 3/4 and 4/3.
    pub ratio: [f64; 2],
    /// Probability of exchanging left and right, in `[0, 1]`.
    pub flip: f64,
}

/// A reduced picture keeps so many pixels for each of the result; with two, the resize still hides how it was reduced.
const KEPT: usize = 2;

impl RandomResizedCrop {
    /// With torchvision's scale and ratio, and a mirror image every second time.
    pub fn new(transform: Transform) -> Self {
        Self { transform, scale: [0.08, 1.0], ratio: [3.0 / 4.0, 4.0 / 3.0], flip: 0.5 }
    }

    fn size(&self) -> Result<[usize; 2], TransformError> {
        let ordered = |[low, high]: [f64; 2], limit: f64| low > 0.0 && low <= high && high <= limit;
        for (field, range, limit) in [("scale", self.scale, 1.0), ("ratio", self.ratio, f64::MAX)] {
            if !ordered(range, limit) {
                return Err(TransformError::Value { field, value: range[usize::from(range[0] > 0.0)] });
            }
        }
        if !(0.0..=1.0).contains(&self.flip) {
            return Err(TransformError::Value { field: "flip", value: self.flip });
        }
        self.transform.validate()?;
        self.transform.output_size().ok_or(TransformError::NoSize)
    }

    /// What one picture gets: torchvision's `RandomResizedCrop.get_params`, with our random numbers.
    fn choose(&self, [height, width]: [usize; 2], seed: u64) -> (Area, bool) {
        let mut rng = SplitMix64::keyed(&[seed]);
        let flip = rng.unit() < self.flip;
        let [low, high] = self.ratio.map(f64::ln);
        for _ in 0..10 {
            let target = height as f64 * width as f64 * rng.range(self.scale[0], self.scale[1]);
            let ratio = rng.range(low, high).exp();
            let (w, h) = ((target * ratio).sqrt().round() as usize, (target / ratio).sqrt().round() as usize);
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let (top, left) = (rng.below(height - h + 1), rng.below(width - w + 1));
                return (Area { top, left, height: h, width: w }, flip);
            }
        }
        // The middle, as much of it as the ratio allows.
        let ratio = width as f64 / height as f64;
        let [w, h] = match ratio {
            ratio if ratio < self.ratio[0] => [width, (width as f64 / self.ratio[0]).round() as usize],
            ratio if ratio > self.ratio[1] => [(height as f64 * self.ratio[1]).round() as usize, height],
            _ => [width, height],
        };
        let (h, w) = (h.clamp(1, height), w.clamp(1, width));
        (Area { top: (height - h) / 2, left: (width - w) / 2, height: h, width: w }, flip)
    }

    /// Resizes the area.
    fn finish(&self, decoded: &Decoded, [height, width]: [usize; 2]) -> Planar {
        let mut values = Vec::with_capacity(decoded.planes.len() * height * width);
        for plane in &decoded.planes {
            values.extend(resized(plane, decoded, [height, width], self.transform.filter));
        }
        Planar { channels: decoded.planes.len(), height, width, values }
    }

    /// The resized area of a picture, and whether it is to be mirrored. Grey has one plane.
    pub(crate) fn crop(&self, image: &Image, seed: u64) -> Result<(Planar, bool), TransformError> {
        let size = self.size()?;
        let (area, flip) = self.choose([image.height(), image.width()], seed);
        let decoded = match self.transform.channels {
            1 => planes(&image.to_grey(), area),
            _ => planes(image, area),
        };
        Ok((self.finish(&decoded, size), flip))
    }

    /// As [`crop`](Self::crop), from the picture's file.
    pub(crate) fn crop_encoded(&self, bytes: &[u8], seed: u64) -> Result<(Planar, bool), EncodedError> {
        let size = self.size()?;
        if let Some(frame) = Frame::read(bytes).filter(|frame| self.transform.channels >= frame.channels() && is_complete(bytes)) {
            let (area, flip) = self.choose(frame.size(), seed);
            let large = |reduction: usize| area.height >= KEPT * size[0] * reduction && area.width >= KEPT * size[1] * reduction;
            let reduction = [8, 4, 2].into_iter().find(|&reduction| large(reduction)).unwrap_or(1);
            if self.transform.filter == Filter::Bilinear {
                if let Some(parts) = frame.components(area, reduction) {
                    return Ok((combined(&parts, size), flip));
                }
            } else if let Some(decoded) = frame.decode(area, 1) {
                return Ok((self.finish(&decoded, size), flip));
            }
        }
        // Another kind of picture, or a damaged one, of which the whole decoder has the last word.
        Ok(self.crop(&decode(bytes)?, seed)?)
    }
}

/// The area of a plane in another size, within one level of Pillow's `resize(..., box=...)`.
fn resized(plane: &[u8], decoded: &Decoded, size: [usize; 2], filter: Filter) -> Vec<u8> {
    if filter != Filter::Bilinear {
        // The fast one takes the two directions in another order, which shows where bicubic overshoots.
        return resize(&Image::from_parts(decoded.height, decoded.width, 1, plane.to_vec()), size, filter).into_pixels();
    }
    let mut out = vec![0; size[0] * size[1]];
    bilinear(plane, decoded.width, decoded.area, &mut out, size);
    out
}

/// Resizes the components first and makes colours of them then, which is less work than the other way round, as chroma mostly is
/// stored in half the size.
fn combined(parts: &[Component], [height, width]: [usize; 2]) -> Planar {
    let mut values = vec![0; parts.len() * height * width];
    for (part, out) in parts.iter().zip(values.chunks_exact_mut(height * width)) {
        bilinear(&part.values, part.width, part.area, out, [height, width]);
    }
    if parts.len() == 3 {
        rgb_in_place(&mut values);
    }
    Planar { channels: parts.len(), height, width, values }
}

/// An area of a picture that was decoded already, as planes.
fn planes(image: &Image, area: Area) -> Decoded {
    let part = Planar::from_image(&geometry::crop(image, area.top as isize, area.left as isize, area.height, area.width));
    Decoded {
        planes: part.values.chunks_exact(part.area()).map(<[u8]>::to_vec).collect(),
        height: area.height,
        width: area.width,
        area: [0.0, 0.0, area.height as f64, area.width as f64],
    }
}

impl Preprocess for RandomResizedCrop {
    fn apply(&self, image: &Image, seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], TransformError> {
        let (picture, flip) = self.crop(image, seed)?;
        Ok(picture.normalise(&self.transform, flip, values))
    }

    fn apply_encoded(&self, bytes: &[u8], seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], EncodedError> {
        let (picture, flip) = self.crop_encoded(bytes, seed)?;
        Ok(picture.normalise(&self.transform, flip, values))
    }

    fn check(&self) -> Result<(), TransformError> {
        self.size().map(|_| ())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::decode::read_image;
    use crate::transform::Resize;

    fn fixtures(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
    }

    fn crop(side: usize) -> RandomResizedCrop {
        RandomResizedCrop::new(Transform { resize: Resize::None, crop: Some([side, side]), ..Transform::imagenet() })
    }

    fn whole(image: &Image) -> Area {
        Area { top: 0, left: 0, height: image.height(), width: image.width() }
    }

    #[test]
    fn the_resize_is_within_a_level_of_pillows() {
        let mut compared = 0;
        for entry in fs::read_dir(fixtures("resize")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let parts: Vec<&str> = name.split('.').collect();
            let [source, target, _] = parts[..] else { continue };
            let filter = match target.split_once('-').unwrap().0 {
                "bilinear" => Filter::Bilinear,
                "bicubic" => Filter::Bicubic,
                _ => Filter::Nearest,
            };
            let source = read_image(&fixtures(&format!("resize/{source}.png"))).unwrap();
            let expected = read_image(&fixtures(&format!("resize/{name}"))).unwrap();
            let decoded = planes(&source, whole(&source));
            for (channel, plane) in decoded.planes.iter().enumerate() {
                let found = resized(plane, &decoded, [expected.height(), expected.width()], filter);
                let wanted = expected.pixels().iter().skip(channel).step_by(expected.channels());
                let largest = found.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(largest <= Some(1), "{name}: {largest:?}");
            }
            compared += 1;
        }
        assert!(compared == 60, "{compared}");
    }

    #[test]
    fn areas_are_torchvisions() {
        let crop = crop(8);
        let (mut shares, mut flips) = (0.0, 0);
        for seed in 0..4000 {
            let (area, flip) = crop.choose([375, 500], seed);
            assert!(area.top + area.height <= 375 && area.left + area.width <= 500);
            let (share, ratio) = ((area.height * area.width) as f64 / 187_500.0, area.width as f64 / area.height as f64);
            assert!((0.075..=1.0).contains(&share) && (0.73..=1.36).contains(&ratio), "{area:?}");
            shares += share / 4000.0;
            flips += usize::from(flip);
        }
        // torchvision 0.29 on 375x500: 0.435 on average of 20,000.
        assert!((shares - 0.435f64).abs() < 0.02, "{shares}");
        assert!(flips.abs_diff(2000) < 150, "{flips}");
        // Far too wide for any crop of that ratio: the middle.
        assert_eq!(crop.choose([3, 300], 1).0, Area { top: 0, left: 148, height: 3, width: 4 });
        assert_eq!(crop.choose([300, 3], 1).0, Area { top: 148, left: 0, height: 4, width: 3 });
    }

    #[test]
    fn a_file_gives_what_the_decoded_picture_gives() {
        // Levels on average. The other decoder interpolates chroma in its own way, and here chroma is resized before it is made
        // colours of: much on the first three fixtures, all edges as they are, little on a photograph.
        for (name, side, limit) in [
            ("jpeg/420.jpg", 24, 8.0),
            ("jpeg/422.jpg", 24, 8.0),
            ("jpeg/444.jpg", 24, 2.5),
            ("jpeg/grey.jpg", 24, 2.5),
            ("corpus/good-progressive-420.jpg", 24, 2.5),
            ("corpus/good-turned-6.jpg", 24, 2.5),
            ("../../../../examples/images/china.jpg", 150, 1.0),
        ] {
            let bytes = fs::read(fixtures(name)).unwrap();
            let image = decode(&bytes).unwrap();
            for seed in 0..20 {
                let (mut from_file, mut from_image) = (vec![], vec![]);
                let crop = crop(side);
                assert_eq!(crop.apply_encoded(&bytes, seed, &mut from_file).unwrap(), [3, side, side]);
                assert_eq!(crop.apply(&image, seed, &mut from_image).unwrap(), [3, side, side]);
                let differences = from_file.iter().zip(&from_image).map(|(a, b)| f64::from((a - b).abs() * 0.225 * 255.0));
                let (count, total) = differences.fold((0.0, 0.0), |(count, total), difference| (count + 1.0, total + difference));
                assert!(total / count < limit, "{name}: {} levels on average", total / count);
            }
        }
    }

    #[test]
    fn the_flip_is_that_of_the_picture() {
        let image = Image::new(2, 3, 3, (0..18).map(|value| value * 14).collect()).unwrap();
        let values = |flip| {
            let mut values = vec![];
            let crop = RandomResizedCrop { flip, scale: [1.0, 1.0], ratio: [1.5, 1.5], ..crop(6) };
            crop.apply(&image, 3, &mut values).unwrap();
            values
        };
        let (plain, flipped) = (values(0.0), values(1.0));
        assert!(plain.chunks_exact(6).zip(flipped.chunks_exact(6)).all(|(a, b)| a.iter().eq(b.iter().rev())));
        assert_ne!(plain, flipped);
    }

    #[test]
    fn what_cannot_work_is_said_at_once() {
        let message = |crop: RandomResizedCrop| crop.check().unwrap_err().to_string();
        assert_eq!(message(RandomResizedCrop { scale: [0.5, 0.2], ..crop(8) }), "`scale` holds 0.2, which is not a usable number");
        assert_eq!(message(RandomResizedCrop { ratio: [0.0, 2.0], ..crop(8) }), "`ratio` holds 0, which is not a usable number");
        assert_eq!(message(RandomResizedCrop { flip: 1.5, ..crop(8) }), "`flip` holds 1.5, which is not a usable number");
        let open = Transform { crop: None, ..Transform::imagenet() };
        assert!(message(RandomResizedCrop::new(open)).starts_with("the size of the result is not fixed"));
        assert!(crop(8).check().is_ok());
    }
}
