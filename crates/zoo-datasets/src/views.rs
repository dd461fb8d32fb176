//! Test-time augmentation: several views of a picture, whose logits are averaged.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::TransformError;
use crate::geometry::{center_offset, crop, mirror};
use crate::sample::Image;
use crate::transform::{Preprocess, Transform};

/// Which views of a picture are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Views {
    /// The picture.
    #[default]
    One,
    /// The picture, and its mirror image.
    Flip,
    /// torchvision's `FiveCrop`: the four corners (top left, top right, bottom left, bottom right) and the centre.
    FiveCrop,
    /// torchvision's `TenCrop`: those five, and the five of the mirror image.
    TenCrop,
}

impl Views {
    /// Number of views.
    pub fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Flip => 2,
            Self::FiveCrop => 5,
            Self::TenCrop => 10,
        }
    }

    /// `[batch, views * channels, height, width]`, as [`TestTime`] makes them, to `[batch * views, channels, height, width]`.
    pub fn split(self, images: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = images.dims();
        images.reshape([batch * self.count(), channels / self.count(), height, width])
    }

    /// Logits `[batch * views, classes]` to their means `[batch, classes]`.
    pub fn average(self, logits: Tensor<2>) -> Tensor<2> {
        let [rows, classes] = logits.dims();
        logits.reshape([rows / self.count(), self.count(), classes]).mean_dim(1).squeeze_dim(1)
    }
}

/// Evaluation preprocessing that makes several views of a picture: `[views * channels, height, width]`, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct TestTime {
    /// What makes one view. For the crops, its `crop` says how large they are.
    pub transform: Transform,
    /// The views.
    pub views: Views,
}

impl TestTime {
    /// The views of a picture, as 8-bit values.
    ///
    /// # Errors
    /// Those of [`Transform::picture`], and [`TransformError::NoSize`] for crops without a size.
    pub fn pictures(&self, image: &Image) -> Result<Vec<Image>, TransformError> {
        let whole = |picture: Image| {
            let mirrored = (self.views == Views::Flip).then(|| mirror(&picture));
            std::iter::once(picture).chain(mirrored).collect()
        };
        if matches!(self.views, Views::One | Views::Flip) {
            return self.transform.picture(image).map(whole);
        }
        let size = self.transform.crop.ok_or(TransformError::NoSize)?;
        let uncut = Transform { crop: None, ..self.transform.clone() }.picture(image)?;
        let mut pictures = five(&uncut, size);
        if self.views == Views::TenCrop {
            pictures.extend(five(&mirror(&uncut), size));
        }
        Ok(pictures)
    }
}

/// Corners and centre. A picture that is smaller than the crop is in the middle of black, as with a centre crop.
fn five(image: &Image, [height, width]: [usize; 2]) -> Vec<Image> {
    let center = [center_offset(image.height(), height), center_offset(image.width(), width)];
    let far = |side: usize, crop: usize, center: isize| if crop >= side { center } else { (side - crop) as isize };
    let [bottom, right] = [far(image.height(), height, center[0]), far(image.width(), width, center[1])];
    let [top, left] = center.map(|offset| offset.min(0));
    let corners = [[top, left], [top, right], [bottom, left], [bottom, right], center];
    corners.map(|[row, column]| crop(image, row, column, height, width)).to_vec()
}

impl Preprocess for TestTime {
    fn apply(&self, image: &Image, _seed: u64, values: &mut Vec<f32>) -> Result<[usize; 3], TransformError> {
        let pictures = self.pictures(image)?;
        let mut shape = [0; 3];
        for picture in &pictures {
            let [channels, height, width] = self.transform.normalise(picture, values);
            shape = [shape[0] + channels, height, width];
        }
        Ok(shape)
    }

    fn check(&self) -> Result<(), TransformError> {
        self.transform.validate()?;
        let needs_size = matches!(self.views, Views::FiveCrop | Views::TenCrop);
        if needs_size && self.transform.crop.is_none() { Err(TransformError::NoSize) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::Device;

    use super::*;
    use crate::transform::Resize;

    fn make(views: Views) -> TestTime {
        let mut transform = Transform::simple([2, 2], 1);
        (transform.resize, transform.crop) = (Resize::None, Some([2, 2]));
        (transform.mean, transform.std) = (vec![0.0], vec![1.0 / 255.0]);
        TestTime { transform, views }
    }

    fn values(views: Views) -> Vec<u8> {
        let image = Image::new(3, 4, 1, (1..=12).collect()).unwrap();
        let mut values = vec![];
        let shape = make(views).apply(&image, 0, &mut values).unwrap();
        assert_eq!(shape, [views.count(), 2, 2]);
        values.iter().map(|value| value.round() as u8).collect()
    }

    #[test]
    fn crops_are_torchvisions() {
        // torchvision.transforms.functional.ten_crop of the same numbers. Its centre crop begins at round(0.5) = 0.
        let ten = [
            [1, 2, 5, 6],
            [3, 4, 7, 8],
            [5, 6, 9, 10],
            [7, 8, 11, 12],
            [2, 3, 6, 7],
            [4, 3, 8, 7],
            [2, 1, 6, 5],
            [8, 7, 12, 11],
            [6, 5, 10, 9],
            [3, 2, 7, 6],
        ];
        assert_eq!(values(Views::TenCrop), ten.concat());
        assert_eq!(values(Views::FiveCrop), ten[..5].concat());
        assert_eq!(values(Views::Flip), [2, 3, 6, 7, 3, 2, 7, 6]);
        assert_eq!(values(Views::One), [2, 3, 6, 7]);
    }

    #[test]
    fn small_pictures_and_missing_sizes() {
        let mut crops = make(Views::FiveCrop);
        let image = Image::new(1, 1, 1, vec![9]).unwrap();
        assert!(crops.pictures(&image).unwrap().iter().all(|view| view.pixels().contains(&9)));
        crops.transform.crop = None;
        assert_eq!(crops.check(), Err(TransformError::NoSize));
        assert_eq!(crops.pictures(&image), Err(TransformError::NoSize));
    }

    #[test]
    fn views_are_split_and_averaged() {
        let device = Device::flex();
        let images = Tensor::<1>::from_floats([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &device).reshape([2, 4, 1, 1]);
        let split = Views::Flip.split(images);
        assert_eq!(split.dims(), [4, 2, 1, 1]);
        let means = Views::Flip.average(split.reshape([4, 2]));
        assert_eq!(means.into_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 2.0, 5.0, 6.0]);
    }
}
