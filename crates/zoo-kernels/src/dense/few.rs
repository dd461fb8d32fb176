//! Few rows: the weights are read once from memory where they lie, which takes longer than all products, and packing them first
//! would take twice as long again.
//!
//! Loops over registers count indices, as in the matrix product's inner kernel.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;

/// Most rows for which it pays.
pub(super) const ROWS: usize = 64;
/// Rows that are computed together.
const GROUP: usize = 8;
/// Input features whose values, of a group of rows, stay in L1.
const FEATURES: usize = 1024;
/// Tasks that threads share evenly.
const TASKS: usize = 64;

/// Rows of floats, `stride` apart.
#[derive(Clone, Copy)]
pub(super) struct Rows<T> {
    pub data: T,
    pub stride: usize,
}

/// `[rows, in_features]` and `[rows, out_features]`, with weights `[out_features, in_features]`.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub rows: usize,
    pub ins: usize,
    pub outs: usize,
}

/// Groups of at most [`GROUP`] rows.
fn groups(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(GROUP).map(move |first| (first, (rows - first).min(GROUP)))
}

fn part(n: usize, i: usize, of: usize) -> Range<usize> {
    n * i / of..n * (i + 1) / of
}

/// Calls `$run::<.., ROWS>` for the number of rows at hand.
macro_rules! for_rows {
    ($rows:expr, $call:ident::<$s:ident>($($argument:expr),*)) => {
        match $rows {
            1 => $call::<$s, 1>($($argument),*),
            2 => $call::<$s, 2>($($argument),*),
            3 => $call::<$s, 3>($($argument),*),
            4 => $call::<$s, 4>($($argument),*),
            5 => $call::<$s, 5>($($argument),*),
            6 => $call::<$s, 6>($($argument),*),
            7 => $call::<$s, 7>($($argument),*),
            _ => $call::<$s, 8>($($argument),*),
        }
    };
}

/// `output = input weight^T + bias`.
///
/// # Safety
/// All must be as long as the sizes say; nobody else may use the output.
pub(super) unsafe fn forward(
    sizes: Sizes,
    input: Rows<Shared>,
    weight: &[f32],
    bias: Option<&[f32]>,
    output: Rows<SharedMut>,
    isa: Isa,
    threads: &Threads,
) {
    let tasks = TASKS.min(sizes.outs);
    threads.run(tasks, |task, _| {
        isa.run(Forward { sizes, input, weight, bias, output, outs: part(sizes.outs, task, tasks) });
    });
}

struct Forward<'a> {
    sizes: Sizes,
    input: Rows<Shared>,
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    output: Rows<SharedMut>,
    outs: Range<usize>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ins = self.sizes.ins;
        // SAFETY: `forward`'s caller promised it; outputs of other tasks are others.
        unsafe {
            for row in 0..self.sizes.rows {
                for out in self.outs.clone() {
                    *self.output.data.at(row * self.output.stride + out) = self.bias.map_or(0.0, |bias| bias[out]);
                }
            }
            for begin in (0..ins).step_by(FEATURES) {
                let n = (ins - begin).min(FEATURES);
                for out in self.outs.clone() {
                    let weight = self.weight[out * ins + begin..][..n].as_ptr();
                    for (first, rows) in groups(self.sizes.rows) {
                        let from = self.input.data.at(first * self.input.stride + begin);
                        let to = self.output.data.at(first * self.output.stride + out);
                        for_rows!(rows, dot::<S>(simd, from, self.input.stride, weight, n, to, self.output.stride));
                    }
                }
            }
        }
    }
}

/// Adds the products of R rows with one row of weights to R floats.
///
/// # Safety
/// The rows and the weights must be good for `n` floats.
#[inline(always)]
unsafe fn dot<S: Simd, const R: usize>(
    simd: S,
    from: *const f32,
    stride: usize,
    weight: *const f32,
    n: usize,
    to: *mut f32,
    to_stride: usize,
) {
    let mut sums = [simd.splat_f32s(0.0); R];
    let mut at = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while at + S::F32_LANES <= n {
            let w = load(simd, weight.add(at));
            for (row, sum) in sums.iter_mut().enumerate() {
                *sum = simd.mul_add_e_f32s(load(simd, from.add(row * stride + at)), w, *sum);
            }
            at += S::F32_LANES;
        }
        for (row, sum) in sums.into_iter().enumerate() {
            let mut sum = simd.reduce_sum_f32s(sum);
            for i in at..n {
                sum += *from.add(row * stride + i) * *weight.add(i);
            }
            *to.add(row * to_stride) += sum;
        }
    }
}

/// `into = gradient weight`.
///
/// # Safety
/// As for [`forward`].
pub(super) unsafe fn input_gradient(
    sizes: Sizes,
    gradient: Rows<Shared>,
    weight: &[f32],
    into: Rows<SharedMut>,
    isa: Isa,
    threads: &Threads,
) {
    let blocks = sizes.ins.div_ceil(FEATURES / 2);
    threads.run(blocks, |block, _| {
        isa.run(Backward { sizes, gradient, weight, into, ins: part(sizes.ins, block, blocks) });
    });
}

struct Backward<'a> {
    sizes: Sizes,
    gradient: Rows<Shared>,
    weight: &'a [f32],
    into: Rows<SharedMut>,
    ins: Range<usize>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n = self.ins.len();
        // SAFETY: `input_gradient`'s caller promised it; features of other tasks are others.
        unsafe {
            for row in 0..self.sizes.rows {
                self.into.data.at(row * self.into.stride + self.ins.start).write_bytes(0, n);
            }
            let mut out = 0;
            while out < self.sizes.outs {
                let outs = if self.sizes.outs - out >= 4 { 4 } else { 1 };
                let weight = self.weight[out * self.sizes.ins + self.ins.start..].as_ptr();
                for (first, rows) in groups(self.sizes.rows) {
                    let gradient = Rows { data: self.gradient.data.at(first * self.gradient.stride + out), stride: self.gradient.stride };
                    let to = Rows { data: self.into.data.at(first * self.into.stride + self.ins.start), stride: self.into.stride };
                    if outs == 4 {
                        for_rows!(rows, add_four::<S>(simd, gradient, weight, self.sizes.ins, to, n));
                    } else {
                        for_rows!(rows, add_one::<S>(simd, gradient, weight, self.sizes.ins, to, n));
                    }
                }
                out += outs;
            }
        }
    }
}

#[inline(always)]
unsafe fn add_four<S: Simd, const R: usize>(simd: S, g: Rows<*const f32>, w: *const f32, step: usize, to: Rows<*mut f32>, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { add::<S, R, 4>(simd, g, w, step, to, n) };
}

#[inline(always)]
unsafe fn add_one<S: Simd, const R: usize>(simd: S, g: Rows<*const f32>, w: *const f32, step: usize, to: Rows<*mut f32>, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { add::<S, R, 1>(simd, g, w, step, to, n) };
}

/// Adds O rows of weights, `step` apart, times their gradients to R rows.
///
/// # Safety
/// The rows must be good for `n` floats, gradients for O in each of R rows.
#[inline(always)]
unsafe fn add<S: Simd, const R: usize, const O: usize>(
    simd: S,
    gradient: Rows<*const f32>,
    weight: *const f32,
    step: usize,
    to: Rows<*mut f32>,
    n: usize,
) {
    let mut factors = [[0.0_f32; O]; R];
    for (row, factors) in factors.iter_mut().enumerate() {
        for (out, factor) in factors.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *factor = unsafe { *gradient.data.add(row * gradient.stride + out) };
        }
    }
    for_lanes!(simd, n, |s: S, at| {
        // SAFETY: as above.
        unsafe {
            let mut w = [s.splat_f32s(0.0); O];
            for out in 0..O {
                w[out] = load(s, weight.add(out * step + at));
            }
            for row in 0..R {
                let to = to.data.add(row * to.stride + at);
                let mut sum = load(s, to);
                for out in 0..O {
                    sum = s.mul_add_e_f32s(w[out], s.splat_f32s(factors[row][out]), sum);
                }
                store(s, to, sum);
            }
        }
    });
}

/// `weight = gradient^T input`.
///
/// # Safety
/// As for [`forward`].
pub(super) unsafe fn weight_gradient(
    sizes: Sizes,
    input: Rows<Shared>,
    gradient: Rows<Shared>,
    weight: &mut [f32],
    isa: Isa,
    threads: &Threads,
) {
    let tasks = TASKS.min(sizes.outs);
    let weight = SharedMut::new(weight);
    threads.run(tasks, |task, _| {
        isa.run(Weights { sizes, input, gradient, weight, outs: part(sizes.outs, task, tasks) });
    });
}

struct Weights {
    sizes: Sizes,
    input: Rows<Shared>,
    gradient: Rows<Shared>,
    weight: SharedMut,
    outs: Range<usize>,
}

impl WithSimd for Weights {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sizes: Sizes { rows: all, ins, .. }, input, gradient, weight, outs } = self;
        // SAFETY: `weight_gradient`'s caller promised it; outputs of other tasks are others.
        unsafe {
            for begin in (0..ins).step_by(FEATURES) {
                let n = (ins - begin).min(FEATURES);
                for out in outs.clone() {
                    let to = weight.at(out * ins + begin);
                    for (first, rows) in groups(all) {
                        let from = Rows { data: input.data.at(first * input.stride + begin), stride: input.stride };
                        let gradient = gradient.data.at(first * gradient.stride + out);
                        for_rows!(rows, outer::<S>(simd, from, gradient, self.gradient.stride, to, n, first > 0));
                    }
                }
            }
        }
    }
}

/// The sum of R rows, each times its gradient, added to what `to` holds or not.
///
/// # Safety
/// Rows and `to` must be good for `n` floats, gradients be R, `stride` apart.
#[inline(always)]
unsafe fn outer<S: Simd, const R: usize>(
    simd: S,
    from: Rows<*const f32>,
    gradient: *const f32,
    stride: usize,
    to: *mut f32,
    n: usize,
    accumulate: bool,
) {
    let mut factors = [0.0_f32; R];
    for (row, factor) in factors.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        *factor = unsafe { *gradient.add(row * stride) };
    }
    for_lanes!(simd, n, |s: S, at| {
        // SAFETY: as above.
        unsafe {
            let mut sum = if accumulate { load(s, to.add(at)) } else { s.splat_f32s(0.0) };
            for row in 0..R {
                sum = s.mul_add_e_f32s(load(s, from.data.add(row * from.stride + at)), s.splat_f32s(factors[row]), sum);
            }
            store(s, to.add(at), sum);
        }
    });
}
