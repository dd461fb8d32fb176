//! Pixels from somewhere else: rotation, shear, translation, as Pillow's `Image.transform` (`Geometry.c`) computes them.

use crate::planar::Planar;
use crate::resize::Filter;

use super::Canvas;

/// For each pixel of a row: where the pixel that it comes from lies in its plane, and how far behind it the place is, in both
/// directions. Pixels outside of `begin..end` come from outside of the picture.
#[derive(Default)]
struct Row {
    begin: usize,
    end: usize,
    places: Vec<[i32; 2]>,
    shares: Vec<[f32; 2]>,
}

/// Moves the pixels. The matrix leads from a place in the result to one in the picture.
pub(super) fn transform(picture: &mut Planar, matrix: [f64; 6], canvas: &Canvas) {
    let (height, width, area) = (picture.height, picture.width, picture.area());
    let source = std::mem::take(&mut picture.values);
    let mut values = vec![0; source.len()];
    values.chunks_exact_mut(area).zip(canvas.fill).for_each(|(plane, fill)| plane.fill(fill));
    let mut row = Row::default();
    for y in 0..height {
        match canvas.filter {
            Filter::Nearest => row.nearest(matrix, y, [height, width]),
            _ => row.between(matrix, y, [height, width]),
        }
        for (plane, from) in values.chunks_exact_mut(area).zip(source.chunks_exact(area)) {
            let out = &mut plane[y * width + row.begin..y * width + row.end];
            match canvas.filter {
                Filter::Nearest => nearest(out, from, &row, width),
                Filter::Bilinear => bilinear(out, from, &row, [height, width]),
                Filter::Bicubic => bicubic(out, from, &row, [height, width]),
            }
        }
    }
    picture.values = values;
}

impl Row {
    /// Pillow's fixed-point steps of 2^-16, or its table where the axes stay.
    fn nearest(&mut self, m: [f64; 6], y: usize, size: [usize; 2]) {
        let fixed = |value: f64| (value * 65536.0 + 0.5).floor() as i64;
        let cut = |value: f64| if value < 0.0 { -1 } else { value as i32 };
        if m[1] == 0.0 && m[3] == 0.0 {
            let (mut x, row) = (m[2] + m[0] * 0.5, cut((0..y).fold(m[5] + m[4] * 0.5, |at, _| at + m[4])));
            return self.fill(size, |_| {
                let place = [row, cut(x)];
                x += m[0];
                place
            });
        }
        let steps = [m[3], m[0]].map(fixed);
        let start = [m[5] + m[3] * 0.5 + m[4] * 0.5, m[2] + m[0] * 0.5 + m[1] * 0.5].map(fixed);
        let down = [m[4], m[1]].map(fixed);
        // Wrapping, because any number may be asked for.
        let mut place = [0, 1].map(|axis| start[axis].wrapping_add((y as i64).wrapping_mul(down[axis])));
        self.fill(size, |_| {
            let whole = place.map(|place| (place >> 16) as i32);
            (0..2).for_each(|axis| place[axis] = place[axis].wrapping_add(steps[axis]));
            whole
        });
    }

    /// Keeps what is in the picture, which in a row is one stretch.
    fn fill(&mut self, [height, width]: [usize; 2], mut place: impl FnMut(usize) -> [i32; 2]) {
        self.places.clear();
        (self.begin, self.end) = (0, 0);
        for x in 0..width {
            let [row, column] = place(x);
            if (0..height as i32).contains(&row) && (0..width as i32).contains(&column) {
                if self.places.is_empty() {
                    self.begin = x;
                }
                self.places.push([row, column]);
            }
        }
        self.end = self.begin + self.places.len();
    }

    /// The pixel before the place, and the place's distance from it.
    fn between(&mut self, m: [f64; 6], y: usize, size: [usize; 2]) {
        let (down, [height, width]) = (y as f64 + 0.5, size.map(|side| side as f64));
        let shares = &mut self.shares;
        shares.clear();
        self.places.clear();
        (self.begin, self.end) = (0, 0);
        for x in 0..size[1] {
            let across = x as f64 + 0.5;
            let (column, row) = (m[0] * across + m[1] * down + m[2], m[3] * across + m[4] * down + m[5]);
            if column < 0.0 || column >= width || row < 0.0 || row >= height {
                continue;
            }
            if self.places.is_empty() {
                self.begin = x;
            }
            let place = [row - 0.5, column - 0.5];
            let whole = place.map(f64::floor);
            self.places.push(whole.map(|place| place as i32));
            shares.push([(place[0] - whole[0]) as f32, (place[1] - whole[1]) as f32]);
        }
        self.end = self.begin + self.places.len();
    }
}

fn nearest(out: &mut [u8], from: &[u8], row: &Row, width: usize) {
    for (out, &[row, column]) in out.iter_mut().zip(&row.places) {
        *out = from[row as usize * width + column as usize];
    }
}

fn bilinear(out: &mut [u8], from: &[u8], row: &Row, [height, width]: [usize; 2]) {
    for ((out, &[row, column]), &[down, across]) in out.iter_mut().zip(&row.places).zip(&row.shares) {
        // At the edges the last pixel is repeated.
        let [left, right] = [column, column + 1].map(|column| column.clamp(0, width as i32 - 1) as usize);
        let [upper, lower] = [row, row + 1].map(|row| {
            let start = row.clamp(0, height as i32 - 1) as usize * width;
            let (a, b) = (f32::from(from[start + left]), f32::from(from[start + right]));
            a + (b - a) * across
        });
        *out = (upper + (lower - upper) * down) as u8;
    }
}

fn bicubic(out: &mut [u8], from: &[u8], row: &Row, [height, width]: [usize; 2]) {
    for ((out, &[row, column]), &[down, across]) in out.iter_mut().zip(&row.places).zip(&row.shares) {
        let columns = [-1, 0, 1, 2].map(|step| (column + step).clamp(0, width as i32 - 1) as usize);
        let lines = [-1, 0, 1, 2].map(|step| {
            let start = (row + step).clamp(0, height as i32 - 1) as usize * width;
            cubic(columns.map(|column| f32::from(from[start + column])), across)
        });
        *out = cubic(lines, down) as u8;
    }
}

/// Keys' cubic with a = -1, which Pillow has here (its resize has -0.5).
#[inline(always)]
fn cubic([a, b, c, d]: [f32; 4], share: f32) -> f32 {
    let (p1, p2, p3, p4) = (b, c - a, 2.0 * (a - b) + c - d, b - a - c + d);
    p1 + share * (p2 + share * (p3 + share * p4))
}
