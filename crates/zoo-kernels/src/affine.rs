//! A factor and a summand for each channel, as a batch norm that no convolution could take in.

use pulp::{Simd, WithSimd};

use crate::activation::{Activation, Rows};
use crate::elementwise::share;
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{at_least, at_most, for_lanes, load, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// `output = activation(input scale[channel] + shift[channel])`.
///
/// # Errors
/// Shapes that differ, or other lengths of `scale` and `shift` than channels.
pub fn affine(
    input: View<'_>,
    scale: &[f32],
    shift: &[f32],
    activation: Activation,
    mut output: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    same("the output", &input.shape(), &output.shape())?;
    same("scale and shift", &[input.channels(); 2], &[scale.len(), shift.len()])?;
    let (pixels, channels) = (output.pixels(), output.channels());
    let strides = [input.pixel_stride(), output.pixel_stride()];
    let (from, to) = (Shared::new(input.data()), SharedMut::new(output.data()));
    share(pixels, channels, threads, |first, rows| {
        // SAFETY: the pixels are within both tensors, and parts do not overlap.
        let (from, to) = unsafe { (from.at(first * strides[0]), to.at(first * strides[1])) };
        isa.run(Part { from, to, rows, strides, scale, shift, activation });
    });
    Ok(())
}

struct Part<'a> {
    from: *const f32,
    to: *mut f32,
    rows: usize,
    strides: [usize; 2],
    scale: &'a [f32],
    shift: &'a [f32],
    activation: Activation,
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in 0..self.rows {
            // SAFETY: `affine` checked that there are as many rows, and as many channels in each, in scale and in shift.
            unsafe {
                AffineRow {
                    from: self.from.add(row * self.strides[0]),
                    to: self.to.add(row * self.strides[1]),
                    scale: self.scale.as_ptr(),
                    shift: self.shift.as_ptr(),
                    activation: self.activation,
                    channels: self.scale.len(),
                }
                .run(simd);
            }
        }
    }
}

/// One pixel's channels.
pub(crate) struct AffineRow {
    pub from: *const f32,
    pub to: *mut f32,
    pub scale: *const f32,
    /// Null for zeros.
    pub shift: *const f32,
    pub activation: Activation,
    pub channels: usize,
}

impl AffineRow {
    /// # Safety
    /// All but a null `shift` are good for `channels` floats; `to` is written by nobody else.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(self, simd: S) {
        struct Op(AffineRow);
        impl WithSimd for Op {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                let AffineRow { from, to, scale, shift, activation, channels } = self.0;
                let (low, high) = activation.clamp().unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
                for_lanes!(simd, channels, |s: S, at| {
                    // SAFETY: `AffineRow::run`'s caller promised it.
                    unsafe {
                        let shift = if shift.is_null() { s.splat_f32s(0.0) } else { load(s, shift.add(at)) };
                        let value = s.mul_add_e_f32s(load(s, from.add(at)), load(s, scale.add(at)), shift);
                        store(s, to.add(at), at_most(s, s.splat_f32s(high), at_least(s, s.splat_f32s(low), value)));
                    }
                });
                if let Some(activation) = activation.beyond_clamp() {
                    // SAFETY: as above.
                    unsafe { Rows { activation, data: to, rows: 1, stride: channels, width: channels }.run(simd) };
                }
            }
        }
        simd.vectorize(Op(self));
    }
}
