//! What is done to the input of a 1x1 convolution on its way in: a batch norm and its activation that stand before the
//! convolution (DenseNet), or the gates of a squeeze-and-excitation block (EfficientNet, MobileNetV3).

use std::ops::Range;

use pulp::Simd;

use crate::activation::Activation;
use crate::affine::AffineRow;
use crate::error::{Result, same};
use crate::memory::Shared;
use crate::view::Shape;

/// `x` becomes `activation(x scale[c] + shift[c])` before the convolution sees it.
#[derive(Debug, Clone, Copy)]
pub struct Prologue<'a> {
    /// A factor for each channel, or for each channel of each picture: `[channels]` or `[batch, channels]`.
    pub scale: &'a [f32],
    /// A summand for each channel.
    pub shift: Option<&'a [f32]>,
    /// Applied last.
    pub activation: Activation,
}

impl Prologue<'_> {
    pub(super) fn check(&self, [batch, _, _, channels]: Shape) -> Result<Affine> {
        let each = self.scale.len() != channels;
        if each {
            same("the prologue's scale", &[batch, channels], &[self.scale.len() / channels.max(1), channels])?;
            same("the prologue's scale", &[batch * channels], &[self.scale.len()])?;
        }
        if let Some(shift) = self.shift {
            same("the prologue's shift", &[channels], &[shift.len()])?;
        }
        Ok(Affine {
            scale: Shared::new(self.scale),
            scale_step: if each { channels } else { 0 },
            shift: self.shift.map(Shared::new),
            activation: self.activation,
        })
    }
}

/// A prologue, checked, as addresses.
#[derive(Clone, Copy)]
pub(crate) struct Affine {
    scale: Shared,
    /// Floats from a picture's factors to the next one's.
    scale_step: usize,
    shift: Option<Shared>,
    activation: Activation,
}

impl Affine {
    /// Writes the changed rows to `to`, `step` floats apart, and makes `rows` point there. They are the part `channels` of
    /// pixels.
    ///
    /// # Safety
    /// Each row is good for as many floats as there are `channels`, and so is `to` at each step; `image(i)` is the picture of
    /// row `i`.
    #[inline(always)]
    pub(super) unsafe fn apply<S: Simd>(
        &self,
        simd: S,
        rows: &mut [*const f32],
        channels: Range<usize>,
        (to, step): (*mut f32, usize),
        image: impl Fn(usize) -> usize,
    ) {
        for (i, row) in rows.iter_mut().enumerate() {
            // SAFETY: the caller's promise; scale and shift were checked.
            unsafe {
                let to = to.add(i * step);
                let scale = self.scale.at(image(i) * self.scale_step + channels.start);
                let shift = self.shift.map_or(std::ptr::null(), |shift| shift.at(channels.start));
                AffineRow { from: *row, to, scale, shift, activation: self.activation, channels: channels.len() }.run(simd);
                *row = to.cast_const();
            }
        }
    }
}
