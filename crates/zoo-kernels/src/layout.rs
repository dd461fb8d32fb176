//! Moving values about: channels first and last, gathered channels, permuted axes.

use crate::elementwise::share;
use crate::error::{Result, same, setting};
use crate::memory::{Shared, SharedMut};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// Pixels that are moved together, so that what is written stays in L1.
const BLOCK: usize = 32;

/// From `[batch, channels, height, width]` to channels last.
///
/// # Errors
/// An input of another length than the output.
pub fn nchw_to_nhwc(input: &[f32], mut output: ViewMut<'_>, threads: &Threads) -> Result<()> {
    let ([_, height, width, channels], stride) = (output.shape(), output.pixel_stride());
    same("the input", &[output.pixels() * channels], &[input.len()])?;
    let (area, pixels) = (height * width, output.pixels());
    let to = SharedMut::new(output.data());
    share(pixels, channels, threads, |first, count| {
        blocks(first, count, area, |image, at, n| {
            for c in 0..channels {
                let from = &input[(image * channels + c) * area + at..][..n];
                for (i, &value) in from.iter().enumerate() {
                    // SAFETY: the pixel and the channel are within the output, and parts do not overlap.
                    unsafe { *to.at((image * area + at + i) * stride + c) = value };
                }
            }
        });
    });
    Ok(())
}

/// From channels last to `[batch, channels, height, width]`.
///
/// # Errors
/// An output of another length than the input.
pub fn nhwc_to_nchw(input: View<'_>, output: &mut [f32], threads: &Threads) -> Result<()> {
    let ([_, height, width, channels], stride) = (input.shape(), input.pixel_stride());
    same("the output", &[input.pixels() * channels], &[output.len()])?;
    let area = height * width;
    let (from, to) = (Shared::new(input.data()), SharedMut::new(output));
    share(input.pixels(), channels, threads, |first, count| {
        blocks(first, count, area, |image, at, n| {
            for c in 0..channels {
                for i in 0..n {
                    // SAFETY: the pixel and the channel are within both tensors, and parts do not overlap.
                    unsafe { *to.at((image * channels + c) * area + at + i) = *from.at((image * area + at + i) * stride + c) };
                }
            }
        });
    });
    Ok(())
}

/// Calls `block(image, first pixel within it, pixels)` for small blocks of a range of pixels.
fn blocks(first: usize, count: usize, area: usize, block: impl Fn(usize, usize, usize)) {
    let (mut at, end) = (first, first + count);
    while at < end {
        let left = area - at % area;
        let n = left.min(BLOCK).min(end - at);
        block(at / area, at % area, n);
        at += n;
    }
}

/// Output channel `i` is input channel `channels[i]`.
///
/// # Errors
/// Shapes that do not fit, or a channel that the input has not.
pub fn gather_channels(input: View<'_>, channels: &[usize], mut output: ViewMut<'_>, threads: &Threads) -> Result<()> {
    let [batch, height, width, inputs] = input.shape();
    same("the output", &[batch, height, width, channels.len()], &output.shape())?;
    if channels.iter().any(|&c| c >= inputs) {
        return setting("channels", "the input has fewer");
    }
    let (from, strides) = (Shared::new(input.data()), [input.pixel_stride(), output.pixel_stride()]);
    let pixels = output.pixels();
    let to = SharedMut::new(output.data());
    share(pixels, channels.len(), threads, |first, count| {
        for pixel in first..first + count {
            // SAFETY: the pixel is within both tensors, the channels were checked, and parts do not overlap.
            unsafe {
                let (from, to) = (from.at(pixel * strides[0]), to.at(pixel * strides[1]));
                for (i, &c) in channels.iter().enumerate() {
                    *to.add(i) = *from.add(c);
                }
            }
        }
    });
    Ok(())
}

/// The order of channels that ShuffleNet's shuffle makes: as `[groups, channels / groups]`, transposed.
pub fn shuffled_channels(channels: usize, groups: usize) -> Vec<usize> {
    let width = channels / groups.max(1);
    (0..channels).map(|i| i % groups * width + i / groups).collect()
}

/// Axis `i` of the output is axis `axes[i]` of the input, as PyTorch's `permute`.
///
/// # Errors
/// Axes that are not a permutation, or lengths that do not fit the shape.
pub fn permute(input: &[f32], shape: &[usize], axes: &[usize], output: &mut [f32], threads: &Threads) -> Result<()> {
    let len = shape.iter().product();
    same("the input and the output", &[len, len], &[input.len(), output.len()])?;
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..shape.len()) {
        return setting("axes", "they are not a permutation");
    }
    let Some((&last, outer)) = axes.split_last() else {
        output.copy_from_slice(input);
        return Ok(());
    };
    let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
    let (width, step) = (shape[last], strides[last]);
    if len == 0 {
        return Ok(());
    }
    let to = SharedMut::new(output);
    share(len / width, width, threads, |first, count| {
        for row in first..first + count {
            let mut rest = row;
            let mut from = 0;
            for &axis in outer.iter().rev() {
                from += rest % shape[axis] * strides[axis];
                rest /= shape[axis];
            }
            // SAFETY: `row` is a row of the output, and parts do not overlap.
            let to = unsafe { std::slice::from_raw_parts_mut(to.at(row * width), width) };
            if step == 1 {
                to.copy_from_slice(&input[from..from + width]);
            } else {
                to.iter_mut().enumerate().for_each(|(i, to)| *to = input[from + i * step]);
            }
        }
    });
    Ok(())
}
