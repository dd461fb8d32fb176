//! The input scale of weights that Google trained.

use burn::tensor::{Tensor, TensorData};

use crate::describe::Operation;
use crate::shape::ShapeError;

const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const STD: [f64; 3] = [0.229, 0.224, 0.225];

/// From pictures normalised with ImageNet's mean and standard deviation to `[-1, 1]`, as if they had been normalised with
/// 0.5 and 0.5: torchvision's `transform_input`, for weights that were trained on such pictures.
#[derive(Debug, Clone, Copy)]
pub struct TransformInput;

impl TransformInput {
    /// # Shapes
    /// - input and output: `[batch, 3, height, width]`
    pub fn forward(self, images: Tensor<4>) -> Tensor<4> {
        let per_channel = |of: fn((f64, f64)) -> f64| {
            let values: Vec<f32> = MEAN.into_iter().zip(STD).map(|pair| of(pair) as f32).collect();
            Tensor::<4>::from_data(TensorData::new(values, [1, 3, 1, 1]), (&images.device(), images.dtype()))
        };
        let (scale, shift) = (per_channel(|(_, std)| std / 0.5), per_channel(|(mean, _)| (mean - 0.5) / 0.5));
        images * scale + shift
    }
}

impl Operation for TransformInput {
    fn name(&self) -> &'static str {
        "TransformInput"
    }

    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn it_undoes_imagenets_scale() {
        let raw = [0.25, 0.5, 0.75];
        let normalised: Vec<f32> = (0..3).map(|c| ((raw[c] - MEAN[c]) / STD[c]) as f32).collect();
        let x = Tensor::<4>::from_data(TensorData::new(normalised, [1, 3, 1, 1]), &Device::flex());
        let y = TransformInput.forward(x).into_data().try_to_vec::<f32>().unwrap();
        for (got, want) in y.iter().zip([-0.5, 0.0, 0.5]) {
            assert!((got - want).abs() < 1e-6, "{y:?}");
        }
    }
}
