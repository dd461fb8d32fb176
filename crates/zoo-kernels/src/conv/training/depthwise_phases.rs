//! Depthwise convolution with a stride: the gradient to the input, pixel by pixel from the few gradients that see it.

use pulp::{Simd, WithSimd};

use super::super::{CUT_FOR, ConvSpec};
use super::phases::{Axis, axes};
use super::rows::Origin;
use crate::isa::Isa;
use crate::memory::{Aligned, Shared, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// The gradient to the input; the shapes must fit.
pub(super) fn run(
    spec: &ConvSpec,
    gradient: View<'_>,
    weight: &[f32],
    mut into: ViewMut<'_>,
    isa: Isa,
    scratch: &mut Scratch,
    threads: &Threads,
) {
    let (channels, taps) = (spec.in_channels, spec.taps());
    let [batch, height, ..] = into.shape();
    let mut weights = scratch.take(taps * channels);
    for (channel, from) in weight.chunks_exact(taps).enumerate() {
        from.iter().enumerate().for_each(|(tap, &w)| weights[tap * channels + channel] = w);
    }
    let zeros = Aligned::zeros(channels);
    let origin = Origin { data: Shared::new(gradient.data()), shape: gradient.shape(), stride: gradient.pixel_stride(), zeros: &zeros };
    let (shape, stride) = (into.shape(), into.pixel_stride());
    let (axes, to) = (axes(spec, shape), SharedMut::new(into.data()));
    let lines = batch * height;
    let tasks = (8 * CUT_FOR).min(lines);
    threads.run(tasks, |task, _| {
        for line in lines * task / tasks..lines * (task + 1) / tasks {
            // SAFETY: a line of the input's gradient, which is this task's.
            let to = unsafe { to.at(line * shape[2] * stride) };
            isa.run(Line {
                spec,
                axes: &axes,
                origin,
                weights: &weights,
                place: [line / height, line % height],
                width: shape[2],
                to,
                stride,
            });
        }
    });
    scratch.give(weights);
}

/// A line of the input's gradient.
struct Line<'a> {
    spec: &'a ConvSpec,
    axes: &'a [Vec<Axis>; 2],
    origin: Origin<'a>,
    /// `[taps][channels]`.
    weights: &'a [f32],
    /// Picture and row.
    place: [usize; 2],
    width: usize,
    to: *mut f32,
    stride: usize,
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (spec, [image, y]) = (self.spec, self.place);
        let (channels, [down, right]) = (spec.in_channels, spec.stride);
        let mut taps: Vec<(*const f32, *const f32)> = Vec::with_capacity(spec.taps());
        for x in 0..self.width {
            taps.clear();
            for &(ky, row) in &self.axes[0][y % down].taps {
                for &(kx, column) in &self.axes[1][x % right].taps {
                    let from = self.origin.pixel(image, (y / down).wrapping_add(row), (x / right).wrapping_add(column));
                    if from != self.origin.zeros.as_ptr() {
                        taps.push((from, self.weights[(ky * spec.kernel[1] + kx) * channels..].as_ptr()));
                    }
                }
            }
            // SAFETY: all pointers are good for the channels, and the pixel is this line's.
            unsafe { pixel(simd, &taps, self.to.add(x * self.stride), channels) };
        }
    }
}

/// The sum of some products for each channel.
///
/// # Safety
/// All pointers must be good for `channels` floats.
#[inline(always)]
unsafe fn pixel<S: Simd>(simd: S, taps: &[(*const f32, *const f32)], to: *mut f32, channels: usize) {
    struct Op<'a>(&'a [(*const f32, *const f32)], *mut f32, usize);
    impl WithSimd for Op<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(taps, to, channels) = self;
            for_lanes!(simd, channels, |s: S, c| {
                let mut sum = s.splat_f32s(0.0);
                for (from, weight) in taps {
                    // SAFETY: `pixel`'s caller promised it.
                    unsafe { sum = s.mul_add_e_f32s(load(s, from.add(c)), load(s, weight.add(c)), sum) };
                }
                // SAFETY: as above.
                unsafe { store(s, to.add(c), sum) };
            });
        }
    }
    simd.vectorize(Op(taps, to, channels));
}
