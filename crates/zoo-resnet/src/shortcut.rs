//! The ways past a block's layers (He et al. 2016, section 4.1).

use burn::nn::pool::AvgPool2dConfig;
use burn::tensor::Tensor;
use zoo_core::Shortcut;
use zoo_layers::describe::Operation;
use zoo_layers::maps;
use zoo_layers::shape::{ShapeError, Window};

/// What one block adds to its branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bypass {
    /// Nothing: a plain network.
    Absent,
    /// The input.
    Identity,
    /// The input, subsampled, with zeros for the new channels.
    ZeroPadding(ZeroPadding),
    /// A strided 1x1 convolution of the input, with batch normalisation.
    Projection,
}

impl Bypass {
    /// The bypass of a block that makes `out_channels` of `in_channels`.
    pub fn new(option: Option<Shortcut>, in_channels: usize, out_channels: usize, stride: usize) -> Self {
        let changes = stride != 1 || in_channels != out_channels;
        match option {
            None => Self::Absent,
            Some(Shortcut::C) => Self::Projection,
            Some(_) if !changes => Self::Identity,
            Some(Shortcut::B) => Self::Projection,
            Some(Shortcut::A) => Self::ZeroPadding(ZeroPadding { out_channels, stride }),
        }
    }
}

/// Option A: every `stride`th pixel, and zeros for the channels that the input lacks. It has no parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroPadding {
    /// Channels of the output, at least those of the input.
    pub out_channels: usize,
    /// Step in pixels.
    pub stride: usize,
}

impl ZeroPadding {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`
    /// - output: `[batch, out_channels, ceil(height / stride), ceil(width / stride)]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        // The average of one pixel is that pixel.
        let pool = AvgPool2dConfig::new([1, 1]).with_strides([self.stride; 2]).init();
        let x = if self.stride == 1 { x } else { maps::avg_pool2d(&pool, x) };
        let [batch, channels, height, width] = x.dims();
        if channels >= self.out_channels {
            return x;
        }
        let zeros = Tensor::zeros([batch, self.out_channels - channels, height, width], (&x.device(), x.dtype()));
        maps::cat(vec![x, zeros])
    }
}

impl Operation for ZeroPadding {
    fn name(&self) -> &'static str {
        "ZeroPadding"
    }
    fn torch_args(&self) -> String {
        format!("{}, stride={}", self.out_channels, self.stride)
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let &[channels, height, width] = input else {
            return Err(ShapeError::Mismatch { layer: "ZeroPadding", expected: 3, actual: input.len(), unit: "axes" });
        };
        let window = Window::POINT.stride(self.stride);
        Ok(vec![channels.max(self.out_channels), window.conv_output(height)?, window.conv_output(width)?])
    }
    fn windows(&self, _: &[usize]) -> [Window; 2] {
        [Window::POINT.stride(self.stride); 2]
    }
}
