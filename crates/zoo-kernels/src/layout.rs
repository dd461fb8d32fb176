//! Moving values about: channels first and last, gathered channels, permuted axes.

use crate::elementwise::share;
use crate::error::{Result, same, setting};
use crate::memory::{Shared, SharedMut};
use crate::threads::Threads;
use crate::view::{View, ViewMut};

/// Channels and pixels that are moved together: a cache line of each, so that what is read and written is used whole at once.
const BLOCK: usize = 16;

/// From `[batch, channels, height, width]` to channels last.
///
/// # Errors
/// An input of another length than the output.
pub fn nchw_to_nhwc(input: &[f32], mut output: ViewMut<'_>, threads: &Threads) -> Result<()> {
    let ([_, height, width, channels], stride) = (output.shape(), output.pixel_stride());
    same("the input", &[output.pixels() * channels], &[input.len()])?;
    let (area, pixels) = (height * width, output.pixels());
    let (from, to) = (Shared::new(input), SharedMut::new(output.data()));
    share(pixels, channels, threads, |first, count| {
        // SAFETY: pixels and channels are within both tensors, and parts do not overlap.
        blocks(first, count, [area, channels], |image, [at, c], size| unsafe {
            transpose(from.at((image * channels + c) * area + at), area, to.at((image * area + at) * stride + c), stride, size);
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
        // SAFETY: pixels and channels are within both tensors, and parts do not overlap.
        blocks(first, count, [area, channels], |image, [at, c], [n, m]| unsafe {
            transpose(from.at((image * area + at) * stride + c), stride, to.at((image * channels + c) * area + at), area, [m, n]);
        });
    });
    Ok(())
}

/// `to[i][j] = from[j][i]` for `i` below the first size and `j` below the second; rows are as far apart as the strides say.
///
/// # Safety
/// All of these must be valid, and nobody else may use those of `to`.
#[inline(always)]
unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize, [rows, columns]: [usize; 2]) {
    // SAFETY: the caller's promise.
    unsafe {
        if rows == BLOCK && columns == BLOCK {
            let mut block = [[0.0_f32; BLOCK]; BLOCK];
            for (j, row) in block.iter_mut().enumerate() {
                *row = from.add(j * from_stride).cast::<[f32; BLOCK]>().read_unaligned();
            }
            for i in 0..BLOCK {
                to.add(i * to_stride).cast::<[f32; BLOCK]>().write_unaligned(block.map(|row| row[i]));
            }
            return;
        }
        // The planes of a picture.
        if rows == BLOCK && columns == 3 && to_stride == 3 {
            let plane = |j: usize| from.add(j * from_stride).cast::<[f32; BLOCK]>().read_unaligned();
            let planes = [plane(0), plane(1), plane(2)];
            to.cast::<[[f32; 3]; BLOCK]>().write_unaligned(std::array::from_fn(|i| planes.map(|plane| plane[i])));
            return;
        }
        for i in 0..rows {
            for j in 0..columns {
                *to.add(i * to_stride + j) = *from.add(j * from_stride + i);
            }
        }
    }
}

/// Calls `block(image, [first pixel within it, first channel], [pixels, channels])` for small blocks of a range of pixels.
fn blocks(first: usize, count: usize, [area, channels]: [usize; 2], block: impl Fn(usize, [usize; 2], [usize; 2])) {
    let (mut at, end) = (first, first + count);
    while at < end {
        let left = area - at % area;
        let n = left.min(BLOCK).min(end - at);
        for c in (0..channels).step_by(BLOCK) {
            block(at / area, [at % area, c], [n, BLOCK.min(channels - c)]);
        }
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
