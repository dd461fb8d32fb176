//! The resize of training: bilinear, antialiased, within one level of Pillow's.
//!
//! Both directions are the same pass, sums of rows, for which whole rows are vectors; between them and after them the picture is
//! transposed. Sums of neighbours in a row, which is the usual way, took four times as long.

use pulp::{Arch, Simd, WithSimd};

/// Rows of all buffers are a multiple of so many values, which are transposed at once.
const BLOCK: usize = 32;

/// Resizes the area `[top, left, height, width]` of a plane of rows of `stride` values. Pixels outside of the area are not looked
/// at, but for those that it cuts through.
pub(crate) fn bilinear(plane: &[u8], stride: usize, area: [f64; 4], out: &mut [u8], [height, width]: [usize; 2]) {
    let [top, left, area_height, area_width] = area;
    let rows = Windows::new(top, area_height, plane.len() / stride, height);
    let columns = Windows::new(left, area_width, stride, width);
    Arch::new().dispatch(Bilinear { plane, stride, rows, columns, out, width });
}

/// For each row of the result, which rows of the source are added up, and with what weights.
struct Windows {
    /// The first source row that is used at all, and how many there are from it.
    begin: usize,
    count: usize,
    /// First source row, and where the weights end.
    ranges: Vec<[usize; 2]>,
    /// Of 2^[`FRACTION`].
    weights: Vec<i16>,
}

/// Bits of a weight. With as many, products are those of 16-bit numbers, for which machines have the fastest instruction.
const FRACTION: u32 = 14;

impl Windows {
    /// Pillow's triangle, which is wider where the picture is reduced.
    fn new(start: f64, length: f64, limit: usize, count: usize) -> Self {
        let scale = length / count as f64;
        let support = scale.max(1.0);
        let begin = (start.max(0.0) as usize).min(limit - 1);
        let end = ((start + length).ceil() as usize).clamp(begin + 1, limit);
        let (mut ranges, mut weights) = (Vec::with_capacity(count), Vec::with_capacity(count * (2.0 * support + 2.0) as usize));
        for target in 0..count {
            let center = start + (target as f64 + 0.5) * scale;
            let weight = |place: usize| (1.0 - ((place as f64 + 0.5 - center) / support).abs()).max(0.0);
            let from = ((center - support + 0.5).max(begin as f64) as usize).min(end - 1);
            let to = ((center + support + 0.5).max(0.0) as usize).clamp(from + 1, end);
            let total: f64 = (from..to).map(weight).sum();
            if total > 0.0 {
                weights.extend((from..to).map(|place| (weight(place) / total * f64::from(1 << FRACTION)).round() as i16));
            } else {
                weights.push(1 << FRACTION);
            }
            ranges.push([from - begin, weights.len()]);
        }
        Self { begin, count: end - begin, ranges, weights }
    }
}

struct Bilinear<'a> {
    plane: &'a [u8],
    stride: usize,
    rows: Windows,
    columns: Windows,
    out: &'a mut [u8],
    width: usize,
}

impl WithSimd for Bilinear<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plane, stride, rows, columns, out, width } = self;
        let across = columns.count.next_multiple_of(BLOCK);
        let down = rows.ranges.len().next_multiple_of(BLOCK);
        let mut low = vec![0; down * across];
        pass(&plane[rows.begin * stride + columns.begin..], stride, &rows, &mut low, across, columns.count);
        let mut turned = vec![0; across * down];
        transpose(&low, across, &mut turned, down);
        let side = width.next_multiple_of(BLOCK);
        let mut narrow = vec![0; side * down];
        pass(&turned, down, &columns, &mut narrow, down, down);
        let mut result = vec![0; down * side];
        transpose(&narrow, down, &mut result, side);
        out.chunks_exact_mut(width).zip(result.chunks_exact(side)).for_each(|(out, row)| out.copy_from_slice(&row[..width]));
    }
}

/// Adds up rows of `length` values.
#[inline(always)]
fn pass(source: &[u8], stride: usize, windows: &Windows, out: &mut [u8], out_stride: usize, length: usize) {
    let mut sums = vec![0i32; length];
    let mut begin = 0;
    for (&[first, end], out) in windows.ranges.iter().zip(out.chunks_exact_mut(out_stride)) {
        let (weights, out) = (&windows.weights[begin..end], &mut out[..length]);
        let row = |tap: usize| &source[(first + tap) * stride..][..length];
        begin = end;
        match *weights {
            [_] => out.copy_from_slice(row(0)),
            [a, b] => add(out, [row(0), row(1)], [a, b]),
            [a, b, c] => add(out, [row(0), row(1), row(2)], [a, b, c]),
            [a, b, c, d] => add(out, [row(0), row(1), row(2), row(3)], [a, b, c, d]),
            _ => {
                sums.fill(HALF);
                for (tap, &weight) in weights.iter().enumerate() {
                    sums.iter_mut().zip(row(tap)).for_each(|(sum, &value)| *sum += i32::from(value) * i32::from(weight));
                }
                out.iter_mut().zip(&sums).for_each(|(out, &sum)| *out = (sum >> FRACTION) as u8);
            }
        }
    }
}

const HALF: i32 = 1 << (FRACTION - 1);

#[inline(always)]
fn add<const N: usize>(out: &mut [u8], rows: [&[u8]; N], weights: [i16; N]) {
    let length = out.len();
    let rows = rows.map(|row| &row[..length]);
    for (at, out) in out.iter_mut().enumerate() {
        let mut sum = HALF;
        for (row, &weight) in rows.iter().zip(&weights) {
            sum += i32::from(row[at]) * i32::from(weight);
        }
        // Weights are positive and add up to 1 but for their rounding, so that it is below 256.
        *out = (sum >> FRACTION) as u8;
    }
}

/// Exchanges rows and columns, which both are multiples of [`BLOCK`], by eights: numbers of 64 bits are eight values of a row,
/// and three exchanges of halves turn eight of them.
#[inline(always)]
fn transpose(source: &[u8], stride: usize, out: &mut [u8], out_stride: usize) {
    const LANES: usize = BLOCK / 8;
    for (band, rows) in source.chunks_exact(8 * stride).enumerate() {
        for column in (0..stride).step_by(BLOCK) {
            let mut tile = [[0u64; LANES]; 8];
            for (line, row) in tile.iter_mut().zip(rows.chunks_exact(stride)) {
                let values = row[column..column + BLOCK].as_chunks::<8>().0;
                line.iter_mut().zip(values).for_each(|(lane, values)| *lane = u64::from_le_bytes(*values));
            }
            exchange::<8, LANES>(&mut tile, 0x00FF_00FF_00FF_00FF);
            exchange::<16, LANES>(&mut tile, 0x0000_FFFF_0000_FFFF);
            exchange::<32, LANES>(&mut tile, 0x0000_0000_FFFF_FFFF);
            for lane in 0..LANES {
                for (row, line) in tile.iter().enumerate() {
                    let start = (column + lane * 8 + row) * out_stride + band * 8;
                    out[start..start + 8].copy_from_slice(&line[lane].to_le_bytes());
                }
            }
        }
    }
}

/// Exchanges the upper halves of rows with the lower halves of those `BITS / 8` below.
#[inline(always)]
fn exchange<const BITS: usize, const LANES: usize>(tile: &mut [[u64; LANES]; 8], mask: u64) {
    let apart = BITS / 8;
    for upper in (0..8).filter(|row| row & apart == 0) {
        let (before, after) = tile.split_at_mut(upper + apart);
        for (high, low) in before[upper].iter_mut().zip(&mut after[0]) {
            let swapped = (*high >> BITS ^ *low) & mask;
            *low ^= swapped;
            *high ^= swapped << BITS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let source: Vec<u8> = (0..64 * 32).map(|at| (at * 7 % 253) as u8).collect();
        let mut out = vec![0; 64 * 32];
        transpose(&source, 64, &mut out, 32);
        assert!((0..32).all(|row| (0..64).all(|column| out[column * 32 + row] == source[row * 64 + column])));
    }

    #[test]
    fn pixels_outside_of_the_area_do_not_count() {
        let mut plane = vec![255; 20 * 16];
        for row in 3..11 {
            plane[row * 20 + 5..row * 20 + 12].fill(10);
        }
        for size in [[4, 4], [8, 7], [30, 40], [1, 1]] {
            let mut out = vec![0; size[0] * size[1]];
            bilinear(&plane, 20, [3.0, 5.0, 8.0, 7.0], &mut out, size);
            assert!(out.iter().all(|&value| value == 10), "{size:?}");
        }
    }
}
