//! Few rows: the weights are read once from memory where they lie, which takes longer than most of the products, and packing
//! them first would take twice as long again.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::gemm::Product;
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::scratch::Scratch;
use crate::threads::Threads;

/// Most rows for which it pays.
pub(super) const ROWS: usize = 256;
/// Most input features, and most values of all rows, that are in work at once: these stay in L2.
const FEATURES: usize = 1024;
const VALUES: usize = 1 << 15;
/// Rows of weights that are multiplied at once in the gradient to the input.
const OUTPUTS: usize = 32;
/// Output features of a task, and input features of one in the gradient to the input.
const TASK: [usize; 2] = [64, 512];

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

/// Calls `task` with ranges of `n`, at most `most` long where that makes more than a few.
fn share(n: usize, most: usize, threads: &Threads, task: impl Fn(Range<usize>, usize) + Sync) {
    let tasks = n.div_ceil(most).max(8).min(n.div_ceil(16));
    threads.run(tasks, |i, thread| task(n * i / tasks..n * (i + 1) / tasks, thread));
}

/// As [`share`], and each thread has `floats` floats of its own to copy to.
fn share_copying(
    n: usize,
    most: usize,
    floats: usize,
    scratch: &mut Scratch,
    threads: &Threads,
    task: impl Fn(Range<usize>, *mut f32) + Sync,
) {
    let mut copies = scratch.take(threads.count() * floats);
    let copy = SharedMut::new(&mut *copies);
    // SAFETY: there are as many floats for each thread.
    share(n, most, threads, |range, thread| task(range, unsafe { copy.at(thread * floats) }));
    scratch.give(copies);
}

/// Input features that are in work at once.
fn features(rows: usize) -> usize {
    (VALUES / rows.max(1)).clamp(TASK[0], FEATURES)
}

/// Floats from a copied row to the next: a cache line more than it is long.
const fn stride(columns: usize) -> usize {
    columns.next_multiple_of(16) + 16
}

/// Copies rows to where they do not compete for the same sets of the first cache, as rows do that are a multiple of 4 KiB apart.
///
/// # Safety
/// `rows` rows must be good for `columns` floats, `to` for as many times `to_stride`.
unsafe fn spread(from: *const f32, from_stride: usize, rows: usize, columns: usize, to: *mut f32, to_stride: usize) {
    for row in 0..rows {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from.add(row * from_stride), to.add(row * to_stride), columns) };
    }
}

/// Ranges of `n`, `size` long.
fn chunks(n: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(size).map(move |first| first..(first + size).min(n))
}

/// `output = input weight^T + bias`.
///
/// The product is computed the other way round, `weight input^T`, so that its sums need not be added up across registers.
///
/// # Safety
/// All must be as long as the sizes say; nobody else may use the output.
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn forward(
    sizes: Sizes,
    input: Rows<Shared>,
    weight: &[f32],
    bias: Option<&[f32]>,
    output: Rows<SharedMut>,
    isa: Isa,
    scratch: &mut Scratch,
    threads: &Threads,
) {
    // Whole registers, so that no column is left over.
    let width = sizes.rows.next_multiple_of(isa.lanes());
    let (mut columns, mut results) = (scratch.take(sizes.ins * width), scratch.take(sizes.outs * width));
    let (turned, sums) = (SharedMut::new(&mut *columns), SharedMut::new(&mut *results));
    share(sizes.ins, TASK[1], threads, |ins, _| {
        for row in 0..width {
            for i in ins.clone() {
                // SAFETY: the caller's promise; tasks have input features of their own.
                unsafe { *turned.at(i * width + row) = if row < sizes.rows { *input.data.at(row * input.stride + i) } else { 0.0 } };
            }
        }
    });
    share(sizes.outs, TASK[0], threads, |outs, _| {
        isa.run(Forward { sizes, weight, columns: turned.shared(), sums, width, outs: outs.clone() });
        for row in 0..sizes.rows {
            for out in outs.clone() {
                // SAFETY: the caller's promise; tasks have outputs of their own.
                unsafe { *output.data.at(row * output.stride + out) = *sums.at(out * width + row) + bias.map_or(0.0, |bias| bias[out]) };
            }
        }
    });
    scratch.give(columns);
    scratch.give(results);
}

struct Forward<'a> {
    sizes: Sizes,
    weight: &'a [f32],
    /// `[in_features, width]`
    columns: Shared,
    /// `[out_features, width]`
    sums: SharedMut,
    width: usize,
    outs: Range<usize>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sizes: Sizes { rows, ins, .. }, weight, width, outs, .. } = self;
        for part in chunks(ins, features(rows)) {
            // SAFETY: `forward`'s buffers have these lengths; outputs of other tasks are others.
            unsafe {
                Product {
                    a: weight[outs.start * ins + part.start..].as_ptr(),
                    a_stride: [ins, 1],
                    depth: part.len(),
                    b: self.columns.at(part.start * width),
                    b_stride: width,
                    c: self.sums.at(outs.start * width),
                    c_stride: width,
                    accumulate: part.start > 0,
                }
                .run(simd, outs.len(), width);
            }
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
    scratch: &mut Scratch,
    threads: &Threads,
) {
    share_copying(sizes.ins, TASK[1], OUTPUTS * stride(TASK[1]), scratch, threads, |ins, copy| {
        isa.run(Backward { sizes, gradient, weight, copy, into, ins });
    });
}

struct Backward<'a> {
    sizes: Sizes,
    gradient: Rows<Shared>,
    weight: &'a [f32],
    copy: *mut f32,
    into: Rows<SharedMut>,
    ins: Range<usize>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sizes: Sizes { rows, ins: all, outs }, gradient, weight, copy, into, ins } = self;
        for part in chunks(outs, OUTPUTS) {
            // SAFETY: `input_gradient`'s caller promised it; features of other tasks are others.
            unsafe {
                let (mut b, mut b_stride) = (weight[part.start * all + ins.start..].as_ptr(), all);
                if rows > 8 {
                    spread(b, b_stride, part.len(), ins.len(), copy, stride(TASK[1]));
                    (b, b_stride) = (copy.cast_const(), stride(TASK[1]));
                }
                Product {
                    a: gradient.data.at(part.start),
                    a_stride: [gradient.stride, 1],
                    depth: part.len(),
                    b,
                    b_stride,
                    c: into.data.at(ins.start),
                    c_stride: into.stride,
                    accumulate: part.start > 0,
                }
                .run(simd, rows, ins.len());
            }
        }
    }
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
    scratch: &mut Scratch,
    threads: &Threads,
) {
    let weight = SharedMut::new(weight);
    share_copying(sizes.outs, TASK[0], sizes.rows * stride(features(sizes.rows)), scratch, threads, |outs, copy| {
        isa.run(Weights { sizes, input, gradient, copy, weight, outs });
    });
}

struct Weights {
    sizes: Sizes,
    input: Rows<Shared>,
    gradient: Rows<Shared>,
    copy: *mut f32,
    weight: SharedMut,
    outs: Range<usize>,
}

impl WithSimd for Weights {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sizes: Sizes { rows, ins, .. }, input, gradient, copy, weight, outs } = self;
        for part in chunks(ins, features(rows)) {
            // SAFETY: `weight_gradient`'s caller promised it; outputs of other tasks are others.
            unsafe {
                spread(input.data.at(part.start), input.stride, rows, part.len(), copy, stride(part.len()));
                Product {
                    a: gradient.data.at(outs.start),
                    a_stride: [1, gradient.stride],
                    depth: rows,
                    b: copy,
                    b_stride: stride(part.len()),
                    c: weight.at(outs.start * ins + part.start),
                    c_stride: ins,
                    accumulate: false,
                }
                .run(simd, outs.len(), part.len());
            }
        }
    }
}
