//! Pooling: maximum and average, over windows of fixed size or adapted to an output size, as PyTorch defines them.

mod backward;
mod forward;
mod sums;

pub use backward::{adaptive_pool_backward, pool_backward};
pub use sums::sum_pixels;

use forward::{Map, Task};

use crate::error::{Result, same, setting};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
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
    let (input, output) = (
        Map { data: Shared::new(input.data()), stride: input.pixel_stride(), shape: input.shape() },
        Map { stride: output.pixel_stride(), shape: output.shape(), data: SharedMut::new(output.data()) },
    );
    threads.run(strips * parts, |task, _| {
        let (strip, part) = (task / parts, task % parts);
        let edge = |i: usize| (channels * i / parts).next_multiple_of(32).min(channels);
        let lines = lines * strip / strips..lines * (strip + 1) / strips;
        // The windows lie within the input, and as many pixels within the output; tasks have lines and channels of their own.
        isa.run(Task { max, windows, step, input, output, lines, channels: [edge(part), edge(part + 1)] });
    });
    Ok(())
}
