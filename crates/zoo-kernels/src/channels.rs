//! Sums over all pixels for each channel. Pixels are cut into ranges by the shape alone, so that the number of threads changes
//! nothing; what ranges give is added in f64.

use pulp::{Simd, WithSimd};

use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;
use crate::view::View;

/// Floats of a range.
const RANGE: usize = 32_768;
/// Most ranges.
const RANGES: usize = 64;

/// How many ranges the pixels are cut into.
pub(crate) fn ranges(pixels: usize, channels: usize) -> usize {
    (pixels * channels / RANGE).clamp(1, RANGES).min(pixels.max(1))
}

/// Calls `task(range, first pixel, pixels)` for all ranges.
pub(crate) fn each_range(pixels: usize, channels: usize, threads: &Threads, task: impl Fn(usize, usize, usize) + Sync) {
    let ranges = ranges(pixels, channels);
    threads.run(ranges, |i, _| {
        let first = pixels * i / ranges;
        task(i, first, pixels * (i + 1) / ranges - first);
    });
}

/// The sum over all pixels for each channel; `into` has as many floats as channels.
pub(crate) fn channel_sums(values: View<'_>, into: &mut [f32], isa: Isa, scratch: &mut Scratch, threads: &Threads) {
    let (pixels, channels, stride) = (values.pixels(), values.channels(), values.pixel_stride());
    let mut partial = scratch.take(ranges(pixels, channels) * channels);
    let (from, to) = (Shared::new(values.data()), SharedMut::new(&mut partial[..]));
    each_range(pixels, channels, threads, |range, first, rows| {
        // SAFETY: the pixels are within the tensor, and ranges have sums of their own.
        let (from, to) = unsafe { (from.at(first * stride), to.at(range * channels)) };
        isa.run(Sum { from, stride, rows, to, channels });
    });
    let mut sums = vec![0.0; channels];
    for partial in partial.chunks_exact(channels.max(1)) {
        sums.iter_mut().zip(partial).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    into.iter_mut().zip(sums).for_each(|(into, sum)| *into = sum as f32);
    scratch.give(partial);
}

struct Sum {
    from: *const f32,
    stride: usize,
    rows: usize,
    to: *mut f32,
    channels: usize,
}

impl WithSimd for Sum {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { from, stride, rows, to, channels } = self;
        // SAFETY: `channel_sums` made this of as many rows, and as many channels, as the tensor has.
        unsafe {
            to.write_bytes(0, channels);
            let mut row = 0;
            while row + 4 <= rows {
                let from = from.add(row * stride);
                for_lanes!(simd, channels, |s: S, c| {
                    let at = |i: usize| load(s, from.add(i * stride + c));
                    let sum = s.add_f32s(s.add_f32s(at(0), at(1)), s.add_f32s(at(2), at(3)));
                    store(s, to.add(c), s.add_f32s(load(s, to.add(c)), sum));
                });
                row += 4;
            }
            while row < rows {
                let from = from.add(row * stride);
                for_lanes!(simd, channels, |s: S, c| {
                    store(s, to.add(c), s.add_f32s(load(s, to.add(c)), load(s, from.add(c))));
                });
                row += 1;
            }
        }
    }
}
