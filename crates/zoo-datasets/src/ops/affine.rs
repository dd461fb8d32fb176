//! Pixels from somewhere else: rotation, shear, translation, as Pillow's `Image.transform` (`Geometry.c`) computes them.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::planar::Planar;
use crate::resize::Filter;

use super::{Canvas, cut};

/// Moves the pixels. The matrix leads from a place in the result to one in the picture.
pub(super) fn transform(picture: &mut Planar, matrix: [f64; 6], canvas: &Canvas) {
    picture.values = Arch::new().dispatch(Move { picture, matrix, canvas });
}

struct Move<'a> {
    picture: &'a Planar,
    matrix: [f64; 6],
    canvas: &'a Canvas,
}

impl WithSimd for Move<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<u8> {
        let Self { picture, matrix, canvas } = self;
        let (size, width, area) = ([picture.height, picture.width], picture.width, picture.area());
        let mut values = vec![0; picture.values.len()];
        values.chunks_exact_mut(area).zip(canvas.fill).for_each(|(plane, fill)| plane.fill(fill));
        let mut row = Row::default();
        for y in 0..picture.height {
            match canvas.filter {
                Filter::Nearest => row.nearest(matrix, y, size),
                _ => row.between(matrix, y, size, if canvas.filter == Filter::Bilinear { 1 } else { 2 }),
            }
            for (plane, from) in values.chunks_exact_mut(area).zip(picture.values.chunks_exact(area)) {
                let out = &mut plane[y * width + row.begin..][..row.places.len()];
                match canvas.filter {
                    Filter::Nearest => nearest(out, from, &row, width),
                    Filter::Bilinear => bilinear(out, from, &row, size),
                    Filter::Bicubic => bicubic(out, from, &row, size),
                }
            }
        }
        values
    }
}

/// For the pixels of a row from `begin` on that come from inside of the picture: row and column of the pixel that each comes
/// from or begins at, and how far behind it the place is, in both directions.
#[derive(Default)]
struct Row {
    begin: usize,
    places: Vec<[i32; 2]>,
    shares: Vec<[f32; 2]>,
    /// Those of the places that have all their neighbours.
    inner: Range<usize>,
}

impl Row {
    /// Pillow's fixed-point steps of 2^-16, or its table where the axes stay.
    #[inline(always)]
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
    #[inline(always)]
    fn fill(&mut self, [height, width]: [usize; 2], mut place: impl FnMut(usize) -> [i32; 2]) {
        self.places.clear();
        self.begin = 0;
        for x in 0..width {
            let [row, column] = place(x);
            if (0..height as i32).contains(&row) && (0..width as i32).contains(&column) {
                if self.places.is_empty() {
                    self.begin = x;
                }
                self.places.push([row, column]);
            }
        }
    }

    /// The pixel before the place, and the place's distance from it. In front of an inner place there are `neighbours - 1`
    /// pixels, behind it `neighbours`.
    #[inline(always)]
    fn between(&mut self, m: [f64; 6], y: usize, size: [usize; 2], neighbours: i32) {
        let (down, [height, width]) = (y as f64 + 0.5, size.map(|side| side as f64));
        let place = |x: usize| {
            let across = x as f64 + 0.5;
            [m[3] * across + m[4] * down + m[5], m[0] * across + m[1] * down + m[2]]
        };
        let outside = |&x: &usize| {
            let [row, column] = place(x);
            column < 0.0 || column >= width || row < 0.0 || row >= height
        };
        // A row's places lie on a line, so that those in the picture are one stretch, and those with all neighbours another.
        self.begin = (0..size[1]).find(|x| !outside(x)).unwrap_or(size[1]);
        let end = (self.begin..size[1]).find(outside).unwrap_or(size[1]);
        self.places.resize(end - self.begin, [0; 2]);
        self.shares.resize(end - self.begin, [0.0; 2]);
        for ((x, first), share) in (self.begin..end).zip(&mut self.places).zip(&mut self.shares) {
            let place = place(x).map(|place| place - 0.5);
            let whole = place.map(f64::floor);
            // Behind 1.5 times 2^52, whole numbers are the last bits; as `as`, but in vectors.
            *first = whole.map(|place| (place + 6_755_399_441_055_744.0).to_bits() as i32);
            *share = [(place[0] - whole[0]) as f32, (place[1] - whole[1]) as f32];
        }
        let limits = size.map(|side| side as i32 - neighbours);
        let inside = |place: &[i32; 2]| [0, 1].iter().all(|&axis| (neighbours - 1..limits[axis]).contains(&place[axis]));
        let first = self.places.iter().position(inside).unwrap_or(self.places.len());
        let count = self.places[first..].iter().position(|place| !inside(place)).unwrap_or(self.places.len() - first);
        self.inner = first..first + count;
    }

    /// The places that lack a neighbour.
    #[inline(always)]
    fn outer(&self) -> impl Iterator<Item = usize> {
        (0..self.inner.start).chain(self.inner.end..self.places.len())
    }
}

#[inline(always)]
fn nearest(out: &mut [u8], from: &[u8], row: &Row, width: usize) {
    for (out, &[row, column]) in out.iter_mut().zip(&row.places) {
        *out = from[row as usize * width + column as usize];
    }
}

#[inline(always)]
fn bilinear(out: &mut [u8], from: &[u8], row: &Row, [height, width]: [usize; 2]) {
    let between = |[a, b, c, d]: [u8; 4], [down, across]: [f32; 2]| {
        let [a, b, c, d] = [a, b, c, d].map(f32::from);
        let (upper, lower) = (a + (b - a) * across, c + (d - c) * across);
        cut(upper + (lower - upper) * down)
    };
    for at in row.outer() {
        let [y, x] = row.places[at];
        let value = |y: i32, x: i32| from[edge(y, height) * width + edge(x, width)];
        out[at] = between([value(y, x), value(y, x + 1), value(y + 1, x), value(y + 1, x + 1)], row.shares[at]);
    }
    let inner = row.inner.clone();
    for ((out, &[y, x]), &shares) in out[inner.clone()].iter_mut().zip(&row.places[inner.clone()]).zip(&row.shares[inner]) {
        let start = y as usize * width + x as usize;
        let both = &from[start..start + width + 2];
        *out = between([both[0], both[1], both[width], both[width + 1]], shares);
    }
}

#[inline(always)]
fn bicubic(out: &mut [u8], from: &[u8], row: &Row, [height, width]: [usize; 2]) {
    for at in row.outer() {
        let [y, x] = row.places[at];
        let line = |step: i32| [-1, 0, 1, 2].map(|across| f32::from(from[edge(y + step, height) * width + edge(x + across, width)]));
        out[at] = cut(cubic([-1, 0, 1, 2].map(|step| cubic(line(step), row.shares[at][1])), row.shares[at][0]));
    }
    for at in row.inner.clone() {
        let ([y, x], [down, across]) = (row.places[at], row.shares[at]);
        let start = (y as usize - 1) * width + x as usize - 1;
        let four = &from[start..start + 3 * width + 4];
        let line = |step: usize| cubic([0, 1, 2, 3].map(|column| f32::from(four[step * width + column])), across);
        out[at] = cut(cubic([line(0), line(1), line(2), line(3)], down));
    }
}

/// At the edges the last pixel is repeated.
#[inline(always)]
fn edge(place: i32, side: usize) -> usize {
    place.clamp(0, side as i32 - 1) as usize
}

/// Keys' cubic with a = -1, which Pillow has here (its resize has -0.5).
#[inline(always)]
fn cubic([a, b, c, d]: [f32; 4], share: f32) -> f32 {
    let (p1, p2, p3, p4) = (b, c - a, 2.0 * (a - b) + c - d, b - a - c + d);
    p1 + share * (p2 + share * (p3 + share * p4))
}
