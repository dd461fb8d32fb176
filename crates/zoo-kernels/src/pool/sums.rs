//! Sums over the pixels of each picture: the gradient to what was the same for all of them, as a gate of a channel.

use pulp::{Simd, WithSimd};

use super::TASK;
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// `output[n, 0, 0, c] = sum over pixels of a b`, or of `a` alone.
///
/// # Errors
/// Operands of different shapes, or an output that is not `[batch, 1, 1, channels]`.
pub fn sum_pixels(a: View<'_>, b: Option<View<'_>>, mut output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    let [batch, height, width, channels] = a.shape();
    if let Some(b) = b {
        same("the second operand", &a.shape(), &b.shape())?;
    }
    same("the output", &[batch, 1, 1, channels], &output.shape())?;
    let pixels = height * width;
    let wanted = if threads.count() == 1 { 1 } else { (8 * threads.count()).min(batch * pixels * channels / TASK) };
    let parts = wanted.div_ceil(batch.max(1)).clamp(1, channels.div_ceil(32).max(1));
    let strides = [a.pixel_stride(), b.map_or(0, |b| b.pixel_stride())];
    let to_stride = output.pixel_stride();
    let (a, b, to) = (Shared::new(a.data()), b.map(|b| Shared::new(b.data())), SharedMut::new(output.data()));
    threads.run(batch * parts, |task, _| {
        let (image, part) = (task / parts, task % parts);
        let edge = |i: usize| (channels * i / parts).next_multiple_of(32).min(channels);
        let first = edge(part);
        // SAFETY: the picture is in all tensors; tasks have pictures and channels of their own.
        unsafe {
            let a = a.at(image * pixels * strides[0] + first);
            let b = b.map(|b| b.at(image * pixels * strides[1] + first));
            isa.run(Sum { a, b, strides, pixels, to: to.at(image * to_stride + first), channels: edge(part + 1) - first });
        }
    });
    Ok(())
}

struct Sum {
    a: *const f32,
    b: Option<*const f32>,
    strides: [usize; 2],
    pixels: usize,
    to: *mut f32,
    channels: usize,
}

impl WithSimd for Sum {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, strides, pixels, to, channels } = self;
        for_lanes!(simd, channels, |s: S, c| {
            // SAFETY: `sum_pixels` made this of as many pixels and channels as the tensors have.
            unsafe {
                let mut sums = [s.splat_f32s(0.0); 4];
                for pixel in 0..pixels {
                    let value = load(s, a.add(pixel * strides[0] + c));
                    let sum = sums[pixel % 4];
                    sums[pixel % 4] = match b {
                        Some(b) => s.mul_add_e_f32s(value, load(s, b.add(pixel * strides[1] + c)), sum),
                        None => s.add_f32s(value, sum),
                    };
                }
                store(s, to.add(c), s.add_f32s(s.add_f32s(sums[0], sums[1]), s.add_f32s(sums[2], sums[3])));
            }
        });
    }
}
