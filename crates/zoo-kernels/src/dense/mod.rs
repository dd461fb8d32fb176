//! Fully connected layers.

mod few;
mod training;

pub use training::DenseTraining;

use crate::activation::Activation;
use crate::conv::{Algorithm, ConvSpec, PackedConv};
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// A fully connected layer: the last axis of its input, `in_features` long, becomes `out_features`.
///
/// It is a 1x1 convolution of every pixel. With one row, both cores read their own part of the weights.
#[derive(Clone)]
pub struct Dense(PackedConv);

impl Dense {
    /// Packs weights `[out_features, in_features]` and a bias.
    ///
    /// # Errors
    /// Zero features, or lengths that do not fit.
    pub fn pack(in_features: usize, out_features: usize, weight: &[f32], bias: Option<&[f32]>, isa: Isa) -> Result<Self> {
        let spec = ConvSpec::new(in_features, out_features, [1, 1]);
        PackedConv::pack(&spec, weight, bias, Algorithm::Pointwise, isa).map(Self)
    }

    /// Packs weights `[out_features, channels * height * width]` made for an input that PyTorch flattened from
    /// `[channels, height, width]`, so that they fit one that is flattened from `[height, width, channels]`.
    ///
    /// # Errors
    /// As [`Dense::pack`].
    pub fn pack_flattened(
        [channels, height, width]: [usize; 3],
        out_features: usize,
        weight: &[f32],
        bias: Option<&[f32]>,
        isa: Isa,
    ) -> Result<Self> {
        let (area, features) = (height * width, channels * height * width);
        same("the weights", &[features * out_features], &[weight.len()])?;
        let moved: Vec<f32> = (0..weight.len()).map(|i| weight[i - i % features + i % channels * area + i % features / channels]).collect();
        Self::pack(features, out_features, &moved, bias, isa)
    }

    /// Bytes that the packed weights take.
    pub fn weight_bytes(&self) -> usize {
        self.0.weight_bytes()
    }

    /// `output = activation(input weight^T + bias + residual)`, `[.., in_features]` to `[.., out_features]`.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn run(
        &self,
        input: View<'_>,
        residual: Option<View<'_>>,
        activation: Activation,
        output: ViewMut<'_>,
        threads: &Threads,
    ) -> Result<()> {
        self.0.run(input, residual, activation, output, &mut [], threads)
    }
}
