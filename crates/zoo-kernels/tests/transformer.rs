//! Matrix products, softmax and norms against f64, for each instruction set of this machine.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{THREADS, Tensor, close, numbers, sum_bound};
use proptest::prelude::*;
use zoo_kernels::{Isa, LocalResponseNorm, MatMul, MatMulSpec, layer_norm, local_response_norm, softmax};

const EPS: f64 = f32::EPSILON as f64;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn products(
        batch in 0..5_usize, m in 1..40_usize, k in 1..70_usize, n in 1..70_usize, a_transposed: bool, b_transposed: bool,
        shared: bool, seed: u64,
    ) {
        let spec = MatMulSpec { m, k, n, a_transposed, b_transposed, scale: 0.5 };
        let a = numbers(batch * m * k, seed);
        let b = numbers(if shared { 1 } else { batch } * k * n, seed ^ 1);
        let at = |item: usize, row: usize, column: usize, i: usize| {
            let a = a[item * m * k + if a_transposed { i * m + row } else { row * k + i }];
            let b = b[if shared { 0 } else { item * k * n } + if b_transposed { column * k + i } else { i * n + column }];
            0.5 * f64::from(a) * f64::from(b)
        };
        let value = |i: usize, f: fn(f64) -> f64| (0..k).map(|j| f(at(i / (m * n), i / n % m, i % n, j))).sum::<f64>();
        let expected: Vec<f64> = (0..batch * m * n).map(|i| value(i, |x| x)).collect();
        for isa in Isa::available() {
            let product = MatMul::new(spec, isa).unwrap();
            let mut out = vec![f32::NAN; batch * m * n];
            let mut workspace = vec![f32::NAN; product.workspace_len(&THREADS)];
            product.run(batch, &a, &b, &mut out, &mut workspace, &THREADS).unwrap();
            close(&out, &expected, |i| sum_bound(k, value(i, f64::abs)), &format!("{isa} {spec:?}"));
        }
    }

    #[test]
    fn softmax_and_norms(
        shape in (1..3_usize, 1..4_usize, 1..9_usize, 1..150_usize), gaps in prop::array::uniform2(0..3_usize), size in 1..7_usize,
        usual: bool, seed: u64,
    ) {
        let shape = [shape.0, shape.1, shape.2, shape.3];
        let channels = shape[3];
        let mut input = Tensor::random(shape, gaps[0], seed);
        input.data.iter_mut().for_each(|x| *x *= 9.0);
        let dense: Vec<f64> = input.dense().into_iter().map(f64::from).collect();
        let rows = || dense.chunks(channels);
        let (scale, shift) = (numbers(channels, seed ^ 1), numbers(channels, seed ^ 2));
        let probabilities: Vec<f64> = rows().flat_map(|row| {
            let sum: f64 = row.iter().map(|x| x.exp()).sum();
            row.iter().map(move |x| x.exp() / sum)
        }).collect();
        let normed: Vec<f64> = rows().flat_map(|row| {
            let mean = row.iter().sum::<f64>() / channels as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / channels as f64;
            let (scale, shift) = (&scale, &shift);
            row.iter().enumerate().map(move |(c, x)| {
                (x - mean) / (variance + 1e-3).sqrt() * f64::from(scale[c]) + f64::from(shift[c])
            })
        }).collect();
        let norm = LocalResponseNorm { size, alpha: 0.3, beta: if usual { 0.75 } else { 0.6 }, k: 2.0 };
        let responses: Vec<f64> = rows().flat_map(|row| {
            (0..channels).map(move |c| {
                let window = c.saturating_sub(size / 2)..(c + size - size / 2).min(channels);
                let sum: f64 = row[window].iter().map(|x| x * x).sum();
                row[c] / (2.0 + 0.3 * sum / size as f64).powf(f64::from(norm.beta))
            })
        }).collect();
        for isa in Isa::available() {
            let mut output = Tensor::filled(shape, gaps[1], f32::NAN);
            softmax(input.view(), output.view_mut(), isa, &THREADS).unwrap();
            // The difference to the largest value, at most 18, is rounded before its exponential is taken.
            close(&output.dense(), &probabilities, |i| 40.0 * EPS * probabilities[i] + 1e-40, &format!("softmax {isa}"));
            layer_norm(input.view(), &scale, &shift, 1e-3, output.view_mut(), isa, &THREADS).unwrap();
            // A variance of nearly zero is a difference of nearly equal numbers, 9 at most.
            close(&output.dense(), &normed, |_| 1e-4, &format!("layer norm {isa}"));
            local_response_norm(norm, input.view(), output.view_mut(), isa, &THREADS).unwrap();
            close(&output.dense(), &responses, |i| 20.0 * EPS * responses[i].abs() + 1e-30, &format!("local response {isa}"));
            prop_assert!(output.gaps_are_untouched());
        }
    }
}

#[test]
fn nan_and_infinity_in_softmax() {
    let mut input = Tensor::random([1, 1, 3, 20], 0, 1);
    input.data[3] = f32::NAN;
    input.data[25] = f32::NEG_INFINITY;
    input.data[45] = f32::INFINITY;
    for isa in Isa::available() {
        let mut output = Tensor::filled([1, 1, 3, 20], 0, 0.0);
        softmax(input.view(), output.view_mut(), isa, &THREADS).unwrap();
        assert!(output.data[..20].iter().all(|x| x.is_nan()), "{isa}");
        assert!(output.data[25] == 0.0 && (output.data[20..40].iter().sum::<f32>() - 1.0).abs() < 1e-5, "{isa}");
        // As PyTorch: infinity less infinity.
        assert!(output.data[45].is_nan(), "{isa}");
    }
}
