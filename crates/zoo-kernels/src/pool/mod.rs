//! Pooling: maximum and average, over windows of fixed size or adapted to an output size, as PyTorch defines them.

mod backward;
mod sums;

pub use backward::{adaptive_pool_backward, pool_backward};
pub use sums::sum_pixels;

use pulp::{Simd, WithSimd};

use crate::error::{Result, same, setting};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{load, max_or_nan, store};
use crate::threads::Threads;
use crate::view::{Shape, View, ViewMut};

/// Values read by a task that takes some microseconds.
const TASK: usize = 60_000;

/// What is computed over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// The largest value; NaN where there is one. Padding never wins.
    Max,
    /// The mean; with `count_padding` zeros around the input count as values.
    Average {
        /// PyTorch's `count_include_pad`.
        count_padding: bool,
    },
}

/// Windows of fixed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PoolSpec {
    /// What is computed.
    pub kind: PoolKind,
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Vertical and horizontal step.
    pub stride: [usize; 2],
    /// Around the input: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
    /// Distance between the window's elements; 1 for averages.
    pub dilation: [usize; 2],
    /// Whether a last window may reach beyond the padded input, if it begins within the input or the padding before it.
    pub ceil_mode: bool,
}

/// A window along one axis: the elements `first, first + step, ..` below `end`, and what the divisor counts.
#[derive(Clone, Copy)]
struct Window {
    first: usize,
    end: usize,
    count: usize,
}

impl PoolSpec {
    /// Windows without padding and dilation, as far apart as they are large.
    pub const fn new(kind: PoolKind, kernel: usize) -> Self {
        let (kernel, padding) = ([kernel; 2], [[0; 2]; 2]);
        Self { kind, kernel, stride: kernel, padding, dilation: [1, 1], ceil_mode: false }
    }

    /// # Errors
    /// A number that makes no sense, or an input smaller than a window.
    fn windows(&self, axis: usize, length: usize) -> Result<Vec<Window>> {
        let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
        let [before, after] = self.padding[axis];
        if kernel == 0 || stride == 0 || dilation == 0 {
            return setting("pooling", "window, step and dilation must be at least one");
        }
        if before >= kernel || after >= kernel || (dilation > 1 && self.kind != PoolKind::Max) {
            return setting("pooling", "padding must be smaller than the window, and averages have no dilation");
        }
        let reach = dilation * (kernel - 1) + 1;
        // In ceil mode the last window may reach beyond the input, the first one too, as in PyTorch.
        let beyond = if self.ceil_mode { stride - 1 } else { 0 };
        let Some(room) = (length + before + after + beyond).checked_sub(reach) else {
            return setting("pooling", "the input is smaller than the window");
        };
        let mut outputs = room / stride + 1;
        if self.ceil_mode && (outputs - 1) * stride >= length + before {
            outputs -= 1;
        }
        let window = |i: usize| {
            let start = i * stride;
            // The first element that is not in the padding before.
            let skipped = before.saturating_sub(start).div_ceil(dilation);
            let first = start + skipped * dilation - before;
            let end = (start + reach).min(length + before).saturating_sub(before);
            let padded = (start + reach).min(length + before + after) - start;
            let count = if self.kind == (PoolKind::Average { count_padding: true }) { padded } else { end.saturating_sub(first) };
            Window { first, end, count }
        };
        Ok((0..outputs).map(window).collect())
    }

    /// The shape of the output.
    ///
    /// # Errors
    /// Settings that make no sense, or an input smaller than a window.
    pub fn output_shape(&self, [batch, height, width, channels]: Shape) -> Result<Shape> {
        Ok([batch, self.windows(0, height)?.len(), self.windows(1, width)?.len(), channels])
    }
}

/// Pools over windows of fixed size.
///
/// # Errors
/// As [`PoolSpec::output_shape`], or another shape of the output.
pub fn pool(spec: &PoolSpec, input: View<'_>, output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    let shape = input.shape();
    let windows = [spec.windows(0, shape[1])?, spec.windows(1, shape[2])?];
    run(matches!(spec.kind, PoolKind::Max), &windows, spec.dilation, input, output, isa, threads)
}

/// Pools to the height and width of the output, `[1, 1]` for the whole picture. Windows overlap where sizes do not divide.
///
/// # Errors
/// An output of another batch or of other channels, or an empty input.
pub fn adaptive_pool(kind: PoolKind, input: View<'_>, output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    let (from, to) = (input.shape(), output.shape());
    if from.contains(&0) && !to.contains(&0) {
        return setting("pooling", "the input is empty");
    }
    let windows = adaptive_windows(from, to);
    run(matches!(kind, PoolKind::Max), &windows, [1, 1], input, output, isa, threads)
}

/// Windows that cover `from`'s height and width in as many steps as `to` has.
fn adaptive_windows(from: Shape, to: Shape) -> [Vec<Window>; 2] {
    [1, 2].map(|axis| {
        let window = |i: usize| {
            let (first, end) = (i * from[axis] / to[axis], ((i + 1) * from[axis]).div_ceil(to[axis]));
            Window { first, end, count: end - first }
        };
        (0..to[axis]).map(window).collect::<Vec<_>>()
    })
}

fn run(
    max: bool,
    windows: &[Vec<Window>; 2],
    step: [usize; 2],
    input: View<'_>,
    mut output: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    let [batch, height, width, channels] = input.shape();
    let expected = [batch, windows[0].len(), windows[1].len(), channels];
    same("the output", &expected, &output.shape())?;
    if expected.contains(&0) {
        return Ok(());
    }
    let lines = batch * expected[1];
    let work = batch * height * width * channels;
    let target = if threads.count() == 1 { 1 } else { (work / TASK).clamp(1, 8 * threads.count()) };
    let strips = target.min(lines);
    let parts = (target / strips).clamp(1, channels.div_ceil(64));
    let (stride, output_stride) = (input.pixel_stride(), output.pixel_stride());
    let (from, to) = (Shared::new(input.data()), SharedMut::new(output.data()));
    threads.run(strips * parts, |task, _| {
        let (strip, part) = (task / parts, task % parts);
        let edge = |i: usize| (channels * i / parts).next_multiple_of(32).min(channels);
        for line in lines * strip / strips..lines * (strip + 1) / strips {
            let (image, y) = (line / expected[1], line % expected[1]);
            for (x, &columns) in windows[1].iter().enumerate() {
                // SAFETY: the windows lie within the input, the pixel and the channels within the output; tasks have lines
                // and channels of their own.
                unsafe {
                    isa.run(Pixel {
                        max,
                        rows: windows[0][y],
                        columns,
                        step,
                        input: from.at(image * height * width * stride + edge(part)),
                        line: width * stride,
                        pixel: stride,
                        output: to.at((line * expected[2] + x) * output_stride + edge(part)),
                        channels: edge(part + 1) - edge(part),
                    });
                }
            }
        }
    });
    Ok(())
}

/// One pixel of the output.
struct Pixel {
    max: bool,
    rows: Window,
    columns: Window,
    step: [usize; 2],
    input: *const f32,
    /// Floats from row to row, and from pixel to pixel.
    line: usize,
    pixel: usize,
    output: *mut f32,
    channels: usize,
}

impl WithSimd for Pixel {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: whoever makes a `Pixel` promises that windows and channels lie within the tensors.
        unsafe {
            if self.max {
                self.fold(simd, |s: Fold<'_, S>| s.max(), |s: Fold<'_, pulp::Scalar>| s.max());
            } else {
                self.fold(simd, |s: Fold<'_, S>| s.mean(), |s: Fold<'_, pulp::Scalar>| s.mean());
            }
        }
    }
}

/// A register's worth of channels of a pixel.
struct Fold<'a, S> {
    simd: S,
    of: &'a Pixel,
    channel: usize,
}

impl Pixel {
    #[inline(always)]
    unsafe fn fold<S: Simd>(&self, simd: S, wide: impl Fn(Fold<'_, S>) -> S::f32s, narrow: impl Fn(Fold<'_, pulp::Scalar>) -> f32) {
        let mut channel = 0;
        while channel + S::F32_LANES <= self.channels {
            // SAFETY: the channels are within the output.
            unsafe { store(simd, self.output.add(channel), wide(Fold { simd, of: self, channel })) };
            channel += S::F32_LANES;
        }
        while channel < self.channels {
            // SAFETY: as above.
            unsafe { *self.output.add(channel) = narrow(Fold { simd: pulp::Scalar, of: self, channel }) };
            channel += 1;
        }
    }
}

impl<S: Simd> Fold<'_, S> {
    #[inline(always)]
    fn over(&self, start: S::f32s, mut f: impl FnMut(S::f32s, S::f32s) -> S::f32s) -> S::f32s {
        let (pixel, mut result) = (self.of, start);
        let mut y = pixel.rows.first;
        while y < pixel.rows.end {
            let mut x = pixel.columns.first;
            while x < pixel.columns.end {
                // SAFETY: the window is within the input.
                let value = unsafe { load(self.simd, pixel.input.add(y * pixel.line + x * pixel.pixel + self.channel)) };
                result = f(result, value);
                x += pixel.step[1];
            }
            y += pixel.step[0];
        }
        result
    }

    #[inline(always)]
    fn max(self) -> S::f32s {
        self.over(self.simd.splat_f32s(f32::NEG_INFINITY), |a, b| max_or_nan(self.simd, a, b))
    }

    #[inline(always)]
    fn mean(self) -> S::f32s {
        let sum = self.over(self.simd.splat_f32s(0.0), |a, b| self.simd.add_f32s(a, b));
        let count = (self.of.rows.count * self.of.columns.count) as f32;
        self.simd.div_f32s(sum, self.simd.splat_f32s(count))
    }
}
