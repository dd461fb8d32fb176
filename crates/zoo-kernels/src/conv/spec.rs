//! What a convolution is.

use crate::error::{Result, need, same, setting};
use crate::view::Shape;

/// A two-dimensional convolution, as PyTorch defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConvSpec {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Vertical and horizontal step.
    pub stride: [usize; 2],
    /// Zeros around the input: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
    /// Vertical and horizontal distance between the kernel's elements.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl ConvSpec {
    /// A convolution of stride 1 without padding.
    pub const fn new(in_channels: usize, out_channels: usize, kernel: [usize; 2]) -> Self {
        let (stride, padding, dilation) = ([1, 1], [[0, 0], [0, 0]], [1, 1]);
        Self { in_channels, out_channels, kernel, stride, padding, dilation, groups: 1 }
    }

    /// With this step in both directions.
    pub const fn stride(mut self, stride: usize) -> Self {
        self.stride = [stride, stride];
        self
    }

    /// With as many zeros on all sides.
    pub const fn padding(mut self, padding: usize) -> Self {
        self.padding = [[padding, padding], [padding, padding]];
        self
    }

    /// With this dilation in both directions.
    pub const fn dilation(mut self, dilation: usize) -> Self {
        self.dilation = [dilation, dilation];
        self
    }

    /// With groups.
    pub const fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// Floats of the weights, `[out_channels, in_channels / groups, height, width]`.
    pub const fn weight_len(&self) -> usize {
        self.out_channels * (self.in_channels / self.groups) * self.taps()
    }

    pub(crate) const fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether each input channel gives one output channel of its own.
    pub const fn is_depthwise(&self) -> bool {
        self.groups == self.in_channels && self.in_channels == self.out_channels && self.groups > 1
    }

    /// Whether each pixel of the output is made of one pixel of the input: 1x1 without padding and groups, of any stride.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.groups == 1 && self.padding == [[0; 2]; 2]
    }

    /// # Errors
    /// A number is zero, or groups do not divide the channels.
    pub(crate) fn check_settings(&self) -> Result<()> {
        let sizes = [self.in_channels, self.out_channels, self.kernel[0], self.kernel[1], self.groups];
        if sizes.contains(&0) || self.stride.contains(&0) || self.dilation.contains(&0) {
            return setting("convolution", "channels, kernel, stride, dilation and groups must be at least one");
        }
        if !self.in_channels.is_multiple_of(self.groups) || !self.out_channels.is_multiple_of(self.groups) {
            return setting("groups", "they must divide the channels");
        }
        Ok(())
    }

    /// # Errors
    /// As [`ConvSpec::check_settings`], or weights and bias have other lengths.
    pub(crate) fn check(&self, weight: &[f32], bias: Option<&[f32]>) -> Result<()> {
        self.check_settings()?;
        need("the weights", self.weight_len(), weight.len())?;
        same("the weights", &[self.weight_len()], &[weight.len()])?;
        bias.map_or(Ok(()), |bias| same("the bias", &[self.out_channels], &[bias.len()]))
    }

    /// The shape of the output.
    ///
    /// # Errors
    /// The input has other channels, or is smaller than the kernel.
    pub fn output_shape(&self, input: Shape) -> Result<Shape> {
        same("the input's channels", &[self.in_channels], &[input[3]])?;
        let side = |axis: usize| {
            let reach = self.dilation[axis].checked_mul(self.kernel[axis] - 1)?.checked_add(1)?;
            let padded = input[axis + 1].checked_add(self.padding[axis][0])?.checked_add(self.padding[axis][1])?;
            Some(padded.checked_sub(reach)? / self.stride[axis] + 1)
        };
        match (side(0), side(1)) {
            (Some(height), Some(width)) => Ok([input[0], height, width, self.out_channels]),
            _ => setting("input", "it is smaller than the kernel"),
        }
    }

    /// Multiply-accumulates for this input.
    ///
    /// # Errors
    /// As [`ConvSpec::output_shape`].
    pub fn macs(&self, input: Shape) -> Result<usize> {
        let [batch, height, width, _] = self.output_shape(input)?;
        Ok(batch * height * width * self.weight_len())
    }
}
