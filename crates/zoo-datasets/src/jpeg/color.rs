//! From components to red, green and blue: chroma is interpolated to the size of luma, as libjpeg-turbo does it ("fancy
//! upsampling", a triangle filter), and converted by its fixed-point factors (JFIF 1.02, ITU-R BT.601).

use pulp::{Arch, Simd, WithSimd};

use super::planes::Plane;

/// [`rgb`] as a task for [`pulp::Arch::dispatch`].
pub(super) struct Rgb<'a> {
    pub(super) planes: &'a [Plane],
    pub(super) from: [usize; 2],
    pub(super) size: [usize; 2],
}

impl WithSimd for Rgb<'_> {
    type Output = Vec<Vec<u8>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        rgb(self.planes, self.from, self.size)
    }
}

/// The planes of `size` = `[height, width]` pixels from row and column `from` of the picture.
#[inline(always)]
fn rgb(planes: &[Plane], from: [usize; 2], [height, width]: [usize; 2]) -> Vec<Vec<u8>> {
    let mut colors: Vec<Vec<u8>> = planes.iter().map(|_| vec![0; height * width]).collect();
    let [luma, blue, red] = planes else {
        if let ([grey], [color]) = (planes, colors.as_mut_slice()) {
            let rows = color.chunks_exact_mut(width).enumerate();
            rows.for_each(|(row, out)| out.copy_from_slice(plain(grey, from[0] + row, from[1], width)));
        }
        return colors;
    };
    let mut chroma = [Row::new(width), Row::new(width)];
    let [r, g, b] = colors.as_mut_slice() else { return colors };
    let rows = r.chunks_exact_mut(width).zip(g.chunks_exact_mut(width)).zip(b.chunks_exact_mut(width));
    for (row, ((r, g), b)) in rows.enumerate() {
        let y = plain(luma, from[0] + row, from[1], width);
        let [cb, cr] = &mut chroma;
        convert(y, cb.of(blue, from[0] + row, from[1], width), cr.of(red, from[0] + row, from[1], width), r, g, b);
    }
    colors
}

/// Pixels of a component that is as large as the picture.
#[inline(always)]
fn plain(plane: &Plane, row: usize, column: usize, width: usize) -> &[u8] {
    let [top, left] = plane.origin();
    &plane.values[(row - top) * plane.width + column - left..][..width]
}

/// A row of chroma in the size of luma.
struct Row {
    /// Weighted sums of two rows, with a neighbour at either end.
    sums: Vec<u16>,
    values: Vec<u8>,
}

impl Row {
    fn new(width: usize) -> Self {
        Self { sums: Vec::with_capacity(width / 2 + 4), values: vec![0; width + 4] }
    }

    #[inline(always)]
    fn of<'a>(&'a mut self, plane: &'a Plane, row: usize, column: usize, width: usize) -> &'a [u8] {
        if plane.factor == [1, 1] {
            return plain(plane, row, column, width);
        }
        let [top, left] = plane.origin();
        let [whole_height, whole_width] = plane.size;
        let line = |row: usize| &plane.values[(row - top) * plane.width..][..plane.width];
        // The columns that give the wanted pixels. Beyond the component's edge, its last pixel is repeated.
        let (first, last) = (column / 2, (column + width).div_ceil(2));
        let (begin, end) = (first.saturating_sub(1), (last + 1).min(whole_width));
        self.sums.clear();
        let sums = &mut self.sums;
        // Each pixel is 3/4 the nearer row and 1/4 the farther.
        let (near, far, bits) = if plane.factor[0] == 2 {
            let near = row / 2;
            let far = if row.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(whole_height - 1) };
            (line(near), line(far), 4)
        } else {
            (line(row), line(row), 2)
        };
        let pairs = near[begin - left..end - left].iter().zip(&far[begin - left..end - left]);
        if first == 0 {
            sums.push(0);
        }
        if bits == 4 {
            sums.extend(pairs.map(|(&near, &far)| 3 * u16::from(near) + u16::from(far)));
        } else {
            sums.extend(pairs.map(|(&near, _)| u16::from(near)));
        }
        if first == 0 {
            sums[0] = sums[1];
        }
        if last + 1 > whole_width {
            sums.push(sums[sums.len() - 1]);
        }
        let (low, high) = if bits == 4 { (8, 7) } else { (1, 2) };
        let out = &mut self.values[..2 * (last - first)];
        for (pair, window) in out.as_chunks_mut::<2>().0.iter_mut().zip(sums.windows(3)) {
            *pair = [(3 * window[1] + window[0] + low) >> bits, (3 * window[1] + window[2] + high) >> bits].map(|value| value as u8);
        }
        &self.values[column - 2 * first..][..width]
    }
}

/// Luma, blue and red difference, one plane behind the other, become red, green and blue.
pub(crate) fn rgb_in_place(values: &mut [u8]) {
    Arch::new().dispatch(InPlace(values));
}

struct InPlace<'a>(&'a mut [u8]);

impl WithSimd for InPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let area = self.0.len() / 3;
        let (first, rest) = self.0.split_at_mut(area);
        let (second, third) = rest.split_at_mut(area);
        for ((first, second), third) in first.iter_mut().zip(second).zip(third) {
            [*first, *second, *third] = color(*first, *second, *third);
        }
    }
}

#[inline(always)]
fn color(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    // 1.402, 0.344136, 0.714136 and 1.772 times 2^16.
    let red = y + ((91_881 * cr + HALF) >> 16);
    let green = y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16);
    let blue = y + ((116_130 * cb + HALF) >> 16);
    [red, green, blue].map(|value| value.clamp(0, 255) as u8)
}

#[inline(always)]
fn convert(y: &[u8], cb: &[u8], cr: &[u8], r: &mut [u8], g: &mut [u8], b: &mut [u8]) {
    // Of one length, so that the compiler need not look at each index.
    let width = y.len();
    let (cb, cr) = (&cb[..width], &cr[..width]);
    let (r, g, b) = (&mut r[..width], &mut g[..width], &mut b[..width]);
    for i in 0..width {
        [r[i], g[i], b[i]] = color(y[i], cb[i], cr[i]);
    }
}
