//! Element by element: sums, products and activations with broadcasting, copies.

use pulp::{Simd, WithSimd};

use crate::activation::{Activation, Rows, map_run};
use crate::error::{Result, same};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;
use crate::view::{Shape, View, ViewMut};

/// Elements of a task that takes some microseconds.
const TASK: usize = 16_384;

/// An operation on two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a b`.
    Mul,
    /// `a / b`.
    Div,
}

impl Binary {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        match self {
            Self::Add => simd.add_f32s(a, b),
            Self::Sub => simd.sub_f32s(a, b),
            Self::Mul => simd.mul_f32s(a, b),
            Self::Div => simd.div_f32s(a, b),
        }
    }
}

/// An operand seen with the output's shape: the floats from image to image, row to row, pixel to pixel (zero where it is
/// repeated), and whether one float stands for all channels.
#[derive(Clone, Copy)]
struct Operand {
    data: Shared,
    steps: [usize; 3],
    single: bool,
}

impl Operand {
    fn new(view: &View<'_>, to: Shape) -> Result<Self> {
        let from = view.shape();
        if (0..4).any(|axis| from[axis] != to[axis] && from[axis] != 1) {
            same("an operand", &to, &from)?;
        }
        let pixel = view.pixel_stride();
        let full = [from[1] * from[2] * pixel, from[2] * pixel, pixel];
        let steps = [0, 1, 2].map(|axis| if from[axis] == 1 { 0 } else { full[axis] });
        Ok(Self { data: Shared::new(view.data()), steps, single: from[3] == 1 && to[3] > 1 })
    }

    /// # Safety
    /// There must be such a pixel in the output.
    #[inline(always)]
    unsafe fn at(&self, [image, y, x]: [usize; 3]) -> *const f32 {
        // SAFETY: the shapes were found to fit.
        unsafe { self.data.at(image * self.steps[0] + y * self.steps[1] + x * self.steps[2]) }
    }
}

/// Calls `task(first pixel, pixels)` for parts of a tensor, on all threads.
pub(crate) fn share(pixels: usize, channels: usize, threads: &Threads, task: impl Fn(usize, usize) + Sync) {
    let most = if threads.count() == 1 { 1 } else { 8 * threads.count() };
    let tasks = (pixels * channels / TASK).clamp(1, most).min(pixels);
    threads.run(tasks, |i, _| {
        let first = pixels * i / tasks;
        task(first, pixels * (i + 1) / tasks - first);
    });
}

/// `output = activation(a op b)`; either operand may have 1 for any length of the output and is repeated along that axis.
///
/// # Errors
/// Operands that do not fit the output's shape.
pub fn binary(
    op: Binary,
    a: View<'_>,
    b: View<'_>,
    activation: Activation,
    mut output: ViewMut<'_>,
    isa: Isa,
    threads: &Threads,
) -> Result<()> {
    let shape = output.shape();
    let (a_at, b_at) = (Operand::new(&a, shape)?, Operand::new(&b, shape)?);
    let flat = a.shape() == shape && b.shape() == shape && a.is_dense() && b.is_dense() && output.is_dense();
    let stride = output.pixel_stride();
    Job { op, a: a_at, b: b_at, activation, output: SharedMut::new(output.data()), shape, stride, flat }.share(isa, threads);
    Ok(())
}

/// `a = activation(a op b)`; the second operand may have 1 for any length of the first.
///
/// # Errors
/// A second operand that does not fit the first one's shape.
pub fn binary_in_place(op: Binary, mut a: ViewMut<'_>, b: View<'_>, activation: Activation, isa: Isa, threads: &Threads) -> Result<()> {
    let (shape, stride) = (a.shape(), a.pixel_stride());
    let (mut a_at, b_at) = (Operand::new(&a.as_view(), shape)?, Operand::new(&b, shape)?);
    let flat = b.shape() == shape && a.is_dense() && b.is_dense();
    let output = SharedMut::new(a.data());
    a_at.data = output.shared();
    Job { op, a: a_at, b: b_at, activation, output, shape, stride, flat }.share(isa, threads);
    Ok(())
}

struct Job {
    op: Binary,
    a: Operand,
    b: Operand,
    activation: Activation,
    output: SharedMut,
    shape: Shape,
    stride: usize,
    /// All three tensors are dense and of one shape.
    flat: bool,
}

impl Job {
    fn share(&self, isa: Isa, threads: &Threads) {
        if self.shape.contains(&0) {
            return;
        }
        let [batch, height, width, channels] = self.shape;
        share(batch * height * width, channels, threads, |first, pixels| {
            isa.run(Part { job: self, first, pixels });
        });
    }
}

/// Some pixels of a job.
struct Part<'a> {
    job: &'a Job,
    first: usize,
    pixels: usize,
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.job.op {
            Binary::Add => self.run(simd, Binary::Add),
            Binary::Sub => self.run(simd, Binary::Sub),
            Binary::Mul => self.run(simd, Binary::Mul),
            Binary::Div => self.run(simd, Binary::Div),
        }
    }
}

impl Part<'_> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, op: Binary) {
        let Job { a, b, output, shape: [_, height, width, channels], stride, flat, .. } = *self.job;
        if flat {
            let at = self.first * channels;
            // SAFETY: all three tensors are dense and of one shape, of which this part is a range.
            unsafe { self.row(simd, op, [a.data.at(at), b.data.at(at)], output.at(at), self.pixels * channels) };
            return;
        }
        for pixel in self.first..self.first + self.pixels {
            let place = [pixel / (height * width), pixel / width % height, pixel % width];
            // SAFETY: the pixel is within the output and, the shapes fitting, within the operands.
            unsafe { self.row(simd, op, [a.at(place), b.at(place)], output.at(pixel * stride), channels) };
        }
    }

    /// # Safety
    /// `n` floats are at `to` and at both operands, one float where an operand is single.
    #[inline(always)]
    unsafe fn row<S: Simd>(&self, simd: S, op: Binary, [a, b]: [*const f32; 2], to: *mut f32, n: usize) {
        let single = [self.job.a.single, self.job.b.single];
        macro_rules! values {
            (|$s:ident, $at:ident| $a:expr, $b:expr) => {
                for_lanes!(simd, n, |$s: S, $at| {
                    // SAFETY: `at` and the lanes after it are below `n`.
                    unsafe { store($s, to.add($at), op.apply($s, $a, $b)) };
                })
            };
        }
        match single {
            [false, false] => values!(|s, at| load(s, a.add(at)), load(s, b.add(at))),
            [false, true] => values!(|s, at| load(s, a.add(at)), s.splat_f32s(*b)),
            [true, false] => values!(|s, at| s.splat_f32s(*a), load(s, b.add(at))),
            [true, true] => values!(|s, _at| s.splat_f32s(*a), s.splat_f32s(*b)),
        }
        if self.job.activation != Activation::Identity {
            let rows = Rows { activation: self.job.activation, data: to, rows: 1, stride: n, width: n };
            // SAFETY: as above.
            unsafe { rows.run(simd) };
        }
    }
}

/// `output = activation(input)`. With [`Activation::Identity`] it is a copy, as into a part of a concatenation.
///
/// # Errors
/// Shapes that differ.
pub fn unary(activation: Activation, input: View<'_>, mut output: ViewMut<'_>, isa: Isa, threads: &Threads) -> Result<()> {
    same("the output", &input.shape(), &output.shape())?;
    let (pixels, channels) = (output.pixels(), output.channels());
    let (from_stride, to_stride) = (input.pixel_stride(), output.pixel_stride());
    let flat = input.is_dense() && output.is_dense();
    let (from, to) = (Shared::new(input.data()), SharedMut::new(output.data()));
    share(pixels, channels, threads, |first, count| {
        let (rows, width) = if flat { (1, count * channels) } else { (count, channels) };
        // SAFETY: the pixels are within both tensors, and parts do not overlap.
        unsafe {
            let (from, to) = (from.at(first * from_stride), to.at(first * to_stride));
            isa.run(Map { activation, from, to, rows, width, from_stride, to_stride });
        }
    });
    Ok(())
}

/// `tensor = activation(tensor)`.
pub fn unary_in_place(activation: Activation, mut tensor: ViewMut<'_>, isa: Isa, threads: &Threads) {
    let (pixels, channels, stride) = (tensor.pixels(), tensor.channels(), tensor.pixel_stride());
    let flat = tensor.is_dense();
    let to = SharedMut::new(tensor.data());
    share(pixels, channels, threads, |first, count| {
        let (rows, width) = if flat { (1, count * channels) } else { (count, channels) };
        // SAFETY: the pixels are within the tensor, and parts do not overlap.
        unsafe {
            let to = to.at(first * stride);
            isa.run(Map { activation, from: to, to, rows, width, from_stride: stride, to_stride: stride });
        }
    });
}

struct Map {
    activation: Activation,
    from: *const f32,
    to: *mut f32,
    rows: usize,
    width: usize,
    from_stride: usize,
    to_stride: usize,
}

impl WithSimd for Map {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in 0..self.rows {
            // SAFETY: whoever makes a `Map` promises that its rows are valid, and equal or apart.
            unsafe {
                let (from, to) = (self.from.add(row * self.from_stride), self.to.add(row * self.to_stride));
                map_run(simd, self.activation, from, to, self.width);
            }
        }
    }
}
