//! Winograd's transforms (Lavin and Gray 2016) of a tile's channels, as many at a time as a register holds.
//!
//! Polynomials are evaluated at 0, 1, -1 and infinity where four values make a tile, and for six at 0, infinity, and plus and minus
//! [`NEAR`] and [`FAR`]. The paper takes 1 and 2 there, which rounds twice as much (Barabasz et al. 2020, “Error analysis and
//! improving the accuracy of Winograd convolution for deep neural networks”, on the choice of points): over 256 channels the
//! error is 3.8 times that of a direct sum with 1 and 2, and 1.9 times with these. Their product is 1 and their squares are
//! 1/2 and 2, so that the transforms take no more operations.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use std::f32::consts::{FRAC_1_SQRT_2 as NEAR, SQRT_2 as FAR};

use pulp::Simd;

/// The transform of the weights along one axis: `A` values from `K`, three or five.
#[inline(always)]
fn weight_axis<S: Simd, const A: usize, const K: usize>(s: S, g: [S::f32s; K]) -> [S::f32s; A] {
    let mut y = [s.splat_f32s(0.0); A];
    let times = |factor: f32, x| s.mul_f32s(s.splat_f32s(factor), x);
    let fused = |factor: f32, a, b| s.mul_add_e_f32s(s.splat_f32s(factor), a, b);
    if A == 4 {
        let ends = s.add_f32s(g[0], g[2]);
        y[0] = g[0];
        y[1] = times(0.5, s.add_f32s(ends, g[1]));
        y[2] = times(0.5, s.sub_f32s(ends, g[1]));
        y[3] = g[2];
    } else {
        // Even and odd powers, at the squares 1/2 and 2.
        let even = |square: f32| fused(square, if K == 5 { fused(square, g[4], g[2]) } else { g[2] }, g[0]);
        let odd = |square: f32| if K == 5 { fused(square, g[3], g[1]) } else { g[1] };
        let (near, far) = (times(-2.0 / 3.0, even(0.5)), times(1.0 / 6.0, even(2.0)));
        y[0] = g[0];
        y[1] = fused(-2.0 / 3.0 * NEAR, odd(0.5), near);
        y[2] = fused(2.0 / 3.0 * NEAR, odd(0.5), near);
        y[3] = fused(1.0 / 6.0 * FAR, odd(2.0), far);
        y[4] = fused(-1.0 / 6.0 * FAR, odd(2.0), far);
        y[5] = g[K - 1];
    }
    y
}

/// Transforms kernels: `A` x `A` values from `K` x `K`.
#[inline(always)]
pub(super) fn weights<S: Simd, const A: usize, const K: usize>(s: S, g: [[S::f32s; K]; K], mut write: impl FnMut(usize, usize, S::f32s)) {
    let mut columns = [[s.splat_f32s(0.0); A]; K];
    for x in 0..K {
        columns[x] = weight_axis(s, g.map(|row| row[x]));
    }
    for y in 0..A {
        let values = weight_axis::<S, A, K>(s, columns.map(|column| column[y]));
        for x in 0..A {
            write(y, x, values[x]);
        }
    }
}

/// The input's transform along one axis; `A` is 4 or 6.
#[inline(always)]
fn input_axis<S: Simd, const A: usize>(s: S, x: [S::f32s; A]) -> [S::f32s; A] {
    let mut y = [s.splat_f32s(0.0); A];
    if A == 4 {
        y[0] = s.sub_f32s(x[0], x[2]);
        y[1] = s.add_f32s(x[1], x[2]);
        y[2] = s.sub_f32s(x[2], x[1]);
        y[3] = s.sub_f32s(x[1], x[3]);
    } else {
        let times = |factor: f32, a, b| s.mul_add_e_f32s(s.splat_f32s(factor), a, b);
        let (even, odd) = (times(-2.0, x[2], x[4]), times(-2.0, x[1], x[3]));
        let (even2, odd2) = (times(-0.5, x[2], x[4]), times(-0.5, x[1], x[3]));
        y[0] = times(-2.5, x[2], s.add_f32s(x[0], x[4]));
        y[1] = times(NEAR, odd, even);
        y[2] = times(-NEAR, odd, even);
        y[3] = times(FAR, odd2, even2);
        y[4] = times(-FAR, odd2, even2);
        y[5] = times(-2.5, x[3], s.add_f32s(x[1], x[5]));
    }
    y
}

/// The output's transform along one axis: `M` values from `A`.
#[inline(always)]
fn output_axis<S: Simd, const A: usize, const M: usize>(s: S, m: [S::f32s; A]) -> [S::f32s; M] {
    let mut y = [s.splat_f32s(0.0); M];
    let (sum, difference) = (s.add_f32s(m[1], m[2]), s.sub_f32s(m[1], m[2]));
    if A == 4 {
        y[0] = s.add_f32s(m[0], sum);
        y[1] = s.sub_f32s(difference, m[3]);
    } else {
        let (sum2, difference2) = (s.add_f32s(m[3], m[4]), s.sub_f32s(m[3], m[4]));
        let times = |factor: f32, a, b| s.mul_add_e_f32s(s.splat_f32s(factor), a, b);
        let (near, far) = (s.mul_f32s(s.splat_f32s(NEAR), difference), s.mul_f32s(s.splat_f32s(FAR), difference2));
        y[0] = s.add_f32s(s.add_f32s(m[0], sum), sum2);
        if M == 2 {
            y[1] = s.add_f32s(s.add_f32s(near, far), m[5]);
            return y;
        }
        y[1] = s.add_f32s(near, far);
        y[2] = times(0.5, sum, s.add_f32s(sum2, sum2));
        y[3] = times(0.5, near, times(2.0, far, m[5]));
    }
    y
}

/// Transforms a tile: `read(row, column)` gives its values, `write(row, column, value)` takes the results.
#[inline(always)]
pub(super) fn input<S: Simd, const A: usize>(s: S, read: impl Fn(usize, usize) -> S::f32s, mut write: impl FnMut(usize, usize, S::f32s)) {
    let mut columns = [[s.splat_f32s(0.0); A]; A];
    for x in 0..A {
        let mut values = [s.splat_f32s(0.0); A];
        for y in 0..A {
            values[y] = read(y, x);
        }
        columns[x] = input_axis(s, values);
    }
    for y in 0..A {
        let mut values = [s.splat_f32s(0.0); A];
        for x in 0..A {
            values[x] = columns[x][y];
        }
        let values = input_axis(s, values);
        for x in 0..A {
            write(y, x, values[x]);
        }
    }
}

/// Transforms a product back: `M` x `M` outputs from `A` x `A` values.
#[inline(always)]
pub(super) fn output<S: Simd, const A: usize, const M: usize>(
    s: S,
    read: impl Fn(usize, usize) -> S::f32s,
    mut write: impl FnMut(usize, usize, S::f32s),
) {
    let mut columns = [[s.splat_f32s(0.0); M]; A];
    for x in 0..A {
        let mut values = [s.splat_f32s(0.0); A];
        for y in 0..A {
            values[y] = read(y, x);
        }
        columns[x] = output_axis(s, values);
    }
    for y in 0..M {
        let mut values = [s.splat_f32s(0.0); A];
        for x in 0..A {
            values[x] = columns[x][y];
        }
        let values = output_axis::<S, A, M>(s, values);
        for x in 0..M {
            write(y, x, values[x]);
        }
    }
}

/// The output's transform the other way round, along one axis: `A` values from `M` gradients.
#[inline(always)]
fn gradient_axis<S: Simd, const A: usize, const M: usize>(s: S, y: [S::f32s; M]) -> [S::f32s; A] {
    let mut m = [s.splat_f32s(0.0); A];
    m[0] = y[0];
    if A == 4 {
        m[1] = s.add_f32s(y[0], y[1]);
        m[2] = s.sub_f32s(y[0], y[1]);
        m[3] = s.sub_f32s(s.splat_f32s(0.0), y[1]);
    } else {
        let times = |factor: f32, a, b| s.mul_add_e_f32s(s.splat_f32s(factor), a, b);
        let (even, odd) = (times(0.5, y[2], y[0]), times(0.5, y[3], y[1]));
        let (even2, odd2) = (times(2.0, y[2], y[0]), times(2.0, y[3], y[1]));
        m[1] = times(NEAR, odd, even);
        m[2] = times(-NEAR, odd, even);
        m[3] = times(FAR, odd2, even2);
        m[4] = times(-FAR, odd2, even2);
        m[5] = y[3];
    }
    m
}

/// The weights' transform the other way round, along one axis: three values from `A`.
#[inline(always)]
fn kernel_axis<S: Simd, const A: usize>(s: S, u: [S::f32s; A]) -> [S::f32s; 3] {
    let times = |factor: f32, a, b| s.mul_add_e_f32s(s.splat_f32s(factor), a, b);
    let scaled = |factor: f32, a| s.mul_f32s(s.splat_f32s(factor), a);
    let (sum, difference) = (s.add_f32s(u[1], u[2]), s.sub_f32s(u[1], u[2]));
    if A == 4 {
        return [times(0.5, sum, u[0]), scaled(0.5, difference), times(0.5, sum, u[3])];
    }
    let (sum2, difference2) = (s.add_f32s(u[3], u[4]), s.sub_f32s(u[3], u[4]));
    [
        times(-2.0 / 3.0, sum, times(1.0 / 6.0, sum2, u[0])),
        times(-2.0 / 3.0 * NEAR, difference, scaled(1.0 / 6.0 * FAR, difference2)),
        times(1.0 / 3.0, s.sub_f32s(sum2, sum), u[5]),
    ]
}

/// Transforms the gradients of a tile's outputs: `A` x `A` values from `M` x `M`.
#[inline(always)]
pub(super) fn gradient<S: Simd, const A: usize, const M: usize>(
    s: S,
    read: impl Fn(usize, usize) -> S::f32s,
    mut write: impl FnMut(usize, usize, S::f32s),
) {
    let mut columns = [[s.splat_f32s(0.0); A]; M];
    for x in 0..M {
        let mut values = [s.splat_f32s(0.0); M];
        for y in 0..M {
            values[y] = read(y, x);
        }
        columns[x] = gradient_axis(s, values);
    }
    for y in 0..A {
        let mut values = [s.splat_f32s(0.0); M];
        for x in 0..M {
            values[x] = columns[x][y];
        }
        let values = gradient_axis::<S, A, M>(s, values);
        for x in 0..A {
            write(y, x, values[x]);
        }
    }
}

/// Transforms the gradients of transformed kernels back: 3 x 3 from `A` x `A`.
#[inline(always)]
pub(super) fn kernel<S: Simd, const A: usize>(s: S, read: impl Fn(usize, usize) -> S::f32s) -> [[S::f32s; 3]; 3] {
    let mut columns = [[s.splat_f32s(0.0); 3]; A];
    for x in 0..A {
        let mut values = [s.splat_f32s(0.0); A];
        for y in 0..A {
            values[y] = read(y, x);
        }
        columns[x] = kernel_axis(s, values);
    }
    let mut kernel = [[s.splat_f32s(0.0); 3]; 3];
    for y in 0..3 {
        let mut values = [s.splat_f32s(0.0); A];
        for x in 0..A {
            values[x] = columns[x][y];
        }
        kernel[y] = kernel_axis(s, values);
    }
    kernel
}
