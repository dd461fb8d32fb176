//! The most that this machine can multiply and add, to hold kernels against.

use std::hint::black_box;
use std::time::{Duration, Instant};

use pulp::{Simd, WithSimd};

use crate::isa::Isa;
use crate::threads::Threads;

/// Independent sums, more than a multiply-add takes cycles.
const SUMS: usize = 12;
const TURNS: usize = 20_000;

/// Runs nothing but multiply-adds in registers on all threads, again and again for `time`, and gives the best rate in
/// GFLOP/s; a multiply-add counts as two.
pub fn peak_gflops(isa: Isa, threads: &Threads, time: Duration) -> f64 {
    let flops = (2 * SUMS * TURNS * isa.lanes() * threads.count()) as f64;
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while best.is_infinite() || begin.elapsed() < time {
        let round = Instant::now();
        threads.run(threads.count(), |_, _| isa.run(MultiplyAdd));
        best = best.min(round.elapsed().as_secs_f64());
    }
    flops / best / 1e9
}

struct MultiplyAdd;

impl WithSimd for MultiplyAdd {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (a, b) = (simd.splat_f32s(black_box(0.999)), simd.splat_f32s(black_box(0.001)));
        let mut sums = [simd.splat_f32s(black_box(1.0)); SUMS];
        for _ in 0..TURNS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, a, b);
            }
        }
        black_box(sums);
    }
}
