//! What clipping by norm needs.

use pulp::{Simd, WithSimd};

use crate::elementwise::share;
use crate::isa::Isa;
use crate::memory::SharedMut;
use crate::simd::{for_lanes, load, store};
use crate::threads::Threads;

/// Floats whose squares are summed in f32.
const RANGE: usize = 32_768;
/// Sums side by side, several registers of any instruction set.
const SUMS: usize = 64;

/// The sum of the squares, the same for any number of threads.
pub fn sum_of_squares(values: &[f32], isa: Isa, threads: &Threads) -> f64 {
    let ranges = values.len().div_ceil(RANGE);
    let mut sums = vec![0.0_f32; 2 * ranges];
    let to = SharedMut::new(&mut sums[..]);
    threads.run(ranges, |i, _| {
        let sum = isa.run(Squares(&values[i * RANGE..((i + 1) * RANGE).min(values.len())]));
        // As two floats, so that nothing is lost.
        let high = sum as f32;
        let low = if high.is_finite() { (sum - f64::from(high)) as f32 } else { 0.0 };
        // SAFETY: ranges have places of their own.
        unsafe { to.at(2 * i).cast::<[f32; 2]>().write([high, low]) };
    });
    sums.iter().map(|&x| f64::from(x)).sum()
}

struct Squares<'a>(&'a [f32]);

impl WithSimd for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let mut sums = [0.0_f32; SUMS];
        let (whole, rest) = self.0.as_chunks::<SUMS>();
        for chunk in whole {
            for_lanes!(simd, SUMS, |s: S, at| {
                // SAFETY: `at` and the lanes after it are below `SUMS`.
                unsafe {
                    let (x, to) = (load(s, chunk.as_ptr().add(at)), sums.as_mut_ptr().add(at));
                    store(s, to, s.mul_add_e_f32s(x, x, load(s, to.cast_const())));
                }
            });
        }
        let rest = rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        sums.iter().map(|&x| f64::from(x)).sum::<f64>() + rest
    }
}

/// `values = factor values`.
pub fn scale(values: &mut [f32], factor: f32, isa: Isa, threads: &Threads) {
    struct Part(*mut f32, usize, f32);
    impl WithSimd for Part {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(values, n, factor) = self;
            for_lanes!(simd, n, |s: S, at| {
                // SAFETY: `scale` made this of `n` floats.
                unsafe { store(s, values.add(at), s.mul_f32s(load(s, values.add(at)), s.splat_f32s(factor))) };
            });
        }
    }
    let len = values.len();
    let to = SharedMut::new(values);
    share(len, 1, threads, |first, n| {
        // SAFETY: parts are within the slice and do not overlap.
        isa.run(Part(unsafe { to.at(first) }, n, factor));
    });
}
