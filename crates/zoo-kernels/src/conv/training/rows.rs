//! Where the taps of output pixels read.

use std::ops::Range;

use super::super::ConvSpec;
use super::super::places::places;
use crate::memory::Shared;
use crate::view::Shape;

/// A tensor that rows are taken from, and what padding points to.
#[derive(Clone, Copy)]
pub(in super::super) struct Origin<'a> {
    pub data: Shared,
    pub shape: Shape,
    pub stride: usize,
    /// As long as a pixel.
    pub zeros: &'a [f32],
}

impl Origin<'_> {
    /// A pixel, or zeros outside of the picture; `y` and `x` wrap around above and left of it.
    #[inline(always)]
    pub(in super::super) fn pixel(&self, image: usize, y: usize, x: usize) -> *const f32 {
        let [_, height, width, _] = self.shape;
        if y < height && x < width {
            // SAFETY: within the tensor.
            unsafe { self.data.at(((image * height + y) * width + x) * self.stride) }
        } else {
            self.zeros.as_ptr()
        }
    }

    /// For each of `taps`, the pointers of all `pixels` of an output.
    pub(super) fn taps(&self, spec: &ConvSpec, output: Shape, pixels: Range<usize>, taps: Range<usize>, rows: &mut Vec<*const f32>) {
        let [_, height, width, _] = output;
        rows.clear();
        for tap in taps {
            let (down, right) = (tap / spec.kernel[1] * spec.dilation[0], tap % spec.kernel[1] * spec.dilation[1]);
            for [image, y, x] in places(pixels.start, [height, width]).take(pixels.len()) {
                let row = (y * spec.stride[0] + down).wrapping_sub(spec.padding[0][0]);
                rows.push(self.pixel(image, row, (x * spec.stride[1] + right).wrapping_sub(spec.padding[1][0])));
            }
        }
    }
}
