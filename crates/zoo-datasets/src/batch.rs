//! Several pictures as one tensor.

use std::path::PathBuf;

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Preprocessed pictures with their labels, still in memory and on no device.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The values, `[batch, channels, height, width]`.
    pub images: Vec<f32>,
    /// `[batch, channels, height, width]`.
    pub shape: [usize; 4],
    /// Class of each picture.
    pub labels: Vec<usize>,
    /// Index of each picture in its data set.
    pub indices: Vec<usize>,
    /// What the pictures were mixed with, where they were.
    pub mix: Option<Mix>,
    /// Pictures that belong here but cannot be decoded; see [`LoaderOptions::damaged`](crate::LoaderOptions::damaged).
    pub skipped: Vec<SkippedPicture>,
}

/// How the pictures of a batch were mixed with each other: the target of picture `i` is `shares[i]` of its own label and
/// `1 - shares[i]` of the label `partners[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The other label of each picture.
    pub partners: Vec<usize>,
    /// The share of its own label, in `[0, 1]`.
    pub shares: Vec<f32>,
}

/// A picture that was left out because its file is damaged or no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedPicture {
    /// Its index in the data set.
    pub index: usize,
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it, in one sentence.
    pub reason: String,
}

impl std::fmt::Display for SkippedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} was skipped: {}", self.file.display(), self.reason)
    }
}

impl Batch {
    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no picture. A [`Loader`](crate::Loader) makes no such batch.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pictures on a device, `[batch, channels, height, width]`.
    pub fn images_tensor(&self, device: &Device) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.images.clone(), self.shape), device)
    }

    /// The labels on a device, `[batch]`.
    pub fn labels_tensor(&self, device: &Device) -> Tensor<1, Int> {
        let labels: Vec<i64> = self.labels.iter().map(|&label| label as i64).collect();
        Tensor::from_data(TensorData::new(labels, [self.labels.len()]), device)
    }

    /// The targets on a device, `[batch, classes]`: each picture's own label and the one it was mixed with, in their shares,
    /// smoothed as timm's `mixup_target` does it: `smoothing / classes` for every class, `1 - smoothing` besides for the label's.
    /// A label that is no class has no share.
    pub fn soft_targets(&self, classes: usize, smoothing: f64, device: &Device) -> Tensor<2> {
        let off = smoothing / classes as f64;
        let mut targets = vec![off as f32; self.len() * classes];
        for (picture, (row, &label)) in targets.chunks_exact_mut(classes.max(1)).zip(&self.labels).enumerate() {
            let (partner, own) = match &self.mix {
                Some(mix) => (mix.partners[picture], f64::from(mix.shares[picture])),
                None => (label, 1.0),
            };
            for (label, share) in [(label, own), (partner, 1.0 - own)] {
                row.iter_mut().skip(label).take(1).for_each(|target| *target += (share * (1.0 - smoothing)) as f32);
            }
        }
        Tensor::from_data(TensorData::new(targets, [self.len(), classes]), device)
    }

    /// Both tensors, without a copy of the pictures: `[batch, channels, height, width]` and `[batch]`.
    pub fn into_tensors(self, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
        let labels = self.labels_tensor(device);
        (Tensor::from_data(TensorData::new(self.images, self.shape), device), labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_hold_the_values_in_order() {
        let batch = Batch {
            images: (0..12).map(|v| v as f32).collect(),
            shape: [2, 3, 1, 2],
            labels: vec![4, 1],
            indices: vec![9, 8],
            mix: None,
            skipped: vec![],
        };
        let device = Device::flex();
        let images = batch.images_tensor(&device);
        assert_eq!(images.dims(), [2, 3, 1, 2]);
        assert_eq!(images.into_data().iter::<f32>().collect::<Vec<_>>(), batch.images);
        assert_eq!(batch.labels_tensor(&device).into_data().iter::<i64>().collect::<Vec<_>>(), [4, 1]);
        // timm's `mixup_target` of labels 4 and 1 of 5, lam 0.75, smoothing 0.1.
        let mixed = Batch { mix: Some(Mix { partners: vec![1, 4], shares: vec![0.75; 2] }), ..batch.clone() };
        let targets = mixed.soft_targets(5, 0.1, &device).into_data().iter::<f32>().collect::<Vec<_>>();
        let expected = [0.02, 0.245, 0.02, 0.02, 0.695, 0.02, 0.695, 0.02, 0.02, 0.245];
        assert!(targets.iter().zip(expected).all(|(found, expected): (&f32, f32)| (found - expected).abs() < 1e-6), "{targets:?}");
        let plain = batch.soft_targets(5, 0.0, &device).into_data().iter::<f32>().collect::<Vec<_>>();
        assert_eq!(plain, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        let (images, labels) = batch.clone().into_tensors(&device);
        assert_eq!(images.into_data().iter::<f32>().collect::<Vec<_>>(), batch.images);
        assert_eq!(labels.into_data().iter::<i64>().collect::<Vec<_>>(), [4, 1]);
    }
}
