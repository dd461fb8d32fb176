//! Gradients: sums for each channel in one pass, the input's gradient in a second.

use pulp::{Simd, WithSimd};

use crate::activation::Activation;
use crate::channels::{each_range, ranges};
use crate::isa::Isa;
use crate::memory::{Shared, SharedMut};
use crate::scratch::Scratch;
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;
use crate::view::ViewMut;

/// How the gradient before the activation is found from the one after it.
#[derive(Clone, Copy)]
pub(super) enum Slope {
    /// There is no activation.
    One,
    /// From the value before the activation, computed again.
    Input(Activation),
    /// From the activation's result.
    Output(Activation, Shared, usize),
}

/// What both passes read.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub input: (Shared, usize),
    pub gradient: (Shared, usize),
    pub slope: Slope,
    pub mean: &'a [f32],
    pub scale: &'a [f32],
    pub shift: &'a [f32],
    pub pixels: usize,
}

/// The sums over all pixels of the gradients before the activation, and of them times the distances from the mean.
pub(super) fn sums(pass: &Pass<'_>, isa: Isa, scratch: &mut Scratch, threads: &Threads) -> [Vec<f64>; 2] {
    let channels = pass.mean.len();
    let mut partial = scratch.take(ranges(pass.pixels, channels) * 2 * channels);
    let to = SharedMut::new(&mut partial[..]);
    each_range(pass.pixels, channels, threads, |range, first, rows| {
        // SAFETY: ranges have sums of their own.
        let to = unsafe { to.at(range * 2 * channels) };
        isa.run(Part { pass, first, rows, work: Work::Sum(to) });
    });
    let mut both = [(); 2].map(|()| vec![0.0; channels]);
    for partial in partial.chunks_exact(2 * channels) {
        for (sums, partial) in both.iter_mut().zip(partial.chunks_exact(channels)) {
            sums.iter_mut().zip(partial).for_each(|(sum, &x)| *sum += f64::from(x));
        }
    }
    scratch.give(partial);
    both
}

/// `input (+)= scale gradient + slope (x - mean) + constant`, and the gradient before the activation to `residual`.
pub(super) fn gradients(
    pass: &Pass<'_>,
    [slope, constant]: [&[f32]; 2],
    (input, accumulate): (&mut ViewMut<'_>, bool),
    residual: Option<&mut ViewMut<'_>>,
    isa: Isa,
    threads: &Threads,
) {
    let residual = residual.map(|residual| (residual.pixel_stride(), SharedMut::new(residual.data())));
    let input = (input.pixel_stride(), SharedMut::new(input.data()));
    each_range(pass.pixels, pass.mean.len(), threads, |_, first, rows| {
        isa.run(Part { pass, first, rows, work: Work::Write { slope, constant, input, accumulate, residual } });
    });
}

type Target = (usize, SharedMut);

enum Work<'a> {
    /// `[2][channels]`.
    Sum(*mut f32),
    Write {
        slope: &'a [f32],
        constant: &'a [f32],
        input: Target,
        accumulate: bool,
        residual: Option<Target>,
    },
}

struct Part<'a> {
    pass: &'a Pass<'a>,
    first: usize,
    rows: usize,
    work: Work<'a>,
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { pass, first, rows, work } = self;
        let channels = pass.mean.len();
        let (mean, scale, shift) = (pass.mean.as_ptr(), pass.scale.as_ptr(), pass.shift.as_ptr());
        // SAFETY: whoever makes a `Part` promises tensors of at least `first + rows` pixels and as many channels as `mean` has;
        // what is written is this range's.
        unsafe {
            if let Work::Sum(to) = work {
                to.write_bytes(0, 2 * channels);
            }
            for row in first..first + rows {
                let (x, g) = (pass.input.0.at(row * pass.input.1), pass.gradient.0.at(row * pass.gradient.1));
                macro_rules! row {
                    (|$s:ident, $c:ident, $value:ident, $g:ident| $gradient:expr) => {
                        match &work {
                            Work::Sum(to) => {
                                let (to, products) = (*to, to.add(channels));
                                for_lanes!(simd, channels, |$s: S, $c| {
                                    let ($value, $g) = (load($s, x.add($c)), load($s, g.add($c)));
                                    let gradient = $gradient;
                                    let distance = $s.sub_f32s($value, load($s, mean.add($c)));
                                    store($s, to.add($c), $s.add_f32s(load($s, to.add($c)), gradient));
                                    let product = $s.mul_add_e_f32s(gradient, distance, load($s, products.add($c)));
                                    store($s, products.add($c), product);
                                });
                            }
                            Work::Write { slope, constant, input, accumulate, residual } => {
                                let (slope, constant, to) = (slope.as_ptr(), constant.as_ptr(), input.1.at(row * input.0));
                                let residual = residual.map(|(stride, residual)| residual.at(row * stride));
                                for_lanes!(simd, channels, |$s: S, $c| {
                                    let ($value, $g) = (load($s, x.add($c)), load($s, g.add($c)));
                                    let gradient = $gradient;
                                    let distance = $s.sub_f32s($value, load($s, mean.add($c)));
                                    let mut rest = $s.mul_add_e_f32s(distance, load($s, slope.add($c)), load($s, constant.add($c)));
                                    if *accumulate {
                                        rest = $s.add_f32s(rest, load($s, to.add($c)));
                                    }
                                    if let Some(residual) = residual {
                                        store($s, residual.add($c), gradient);
                                    }
                                    store($s, to.add($c), $s.mul_add_e_f32s(gradient, load($s, scale.add($c)), rest));
                                });
                            }
                        }
                    };
                }
                match pass.slope {
                    Slope::One => row!(|s, c, value, g| g),
                    Slope::Output(Activation::Relu, y, stride) => {
                        let y = y.at(row * stride);
                        row!(|s, c, value, g| Activation::Relu.backward(s, load(s, y.add(c)), g));
                    }
                    Slope::Output(activation, y, stride) => {
                        let y = y.at(row * stride);
                        row!(|s, c, value, g| activation.backward(s, load(s, y.add(c)), g));
                    }
                    Slope::Input(Activation::Relu) => {
                        row!(|s, c, value, g| {
                            let before = s.mul_add_e_f32s(value, load(s, scale.add(c)), load(s, shift.add(c)));
                            Activation::Relu.backward(s, before, g)
                        });
                    }
                    Slope::Input(activation) => {
                        row!(|s, c, value, g| {
                            let before = s.mul_add_e_f32s(value, load(s, scale.add(c)), load(s, shift.add(c)));
                            activation.backward(s, before, g)
                        });
                    }
                }
            }
        }
    }
}
