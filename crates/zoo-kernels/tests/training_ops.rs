//! Batch norm, gradients of activations and pooling, and optimisers against naive ones in f64, for each instruction set of this
//! machine; and that the number of threads changes no bit.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{THREADS, Tensor, close, numbers, sum_bound};
use proptest::prelude::*;
use zoo_kernels::{
    Activation, AdamW, BatchNorm, BatchNormGradients, Isa, PoolKind, PoolSpec, Scratch, Sgd, Statistics, Threads, adaptive_pool_backward,
    pool_backward, scale, sum_of_squares, sum_pixels, unary_backward,
};

const EPS: f64 = f32::EPSILON as f64;

const ACTIVATIONS: [Activation; 13] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Relu6,
    Activation::Clamp(-0.5, 0.75),
    Activation::LeakyRelu(0.1),
    Activation::Elu(1.5),
    Activation::Sigmoid,
    Activation::Silu,
    Activation::Tanh,
    Activation::HardSigmoid,
    Activation::HardSwish,
    Activation::Gelu,
    Activation::GeluTanh,
];

fn value(activation: Activation, x: f64) -> f64 {
    let gelu = |t: f64| 0.5 * x * (1.0 + t);
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Clamp(low, high) => x.clamp(f64::from(low), f64::from(high)),
        Activation::LeakyRelu(slope) => {
            if x > 0.0 {
                x
            } else {
                f64::from(slope) * x
            }
        }
        Activation::Elu(alpha) => {
            if x > 0.0 {
                x
            } else {
                f64::from(alpha) * (x.exp() - 1.0)
            }
        }
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Gelu => gelu(erf(x / 2.0_f64.sqrt())),
        Activation::GeluTanh => gelu(((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x)).tanh()),
        _ => x,
    }
}

/// The error function: its series near zero, the continued fraction of its complement further away.
fn erf(x: f64) -> f64 {
    let root = std::f64::consts::PI.sqrt();
    if x.abs() > 2.5 {
        let rest = (1..80).rev().fold(0.0, |rest, k| f64::from(k) / 2.0 / (x.abs() + rest));
        return x.signum() * (1.0 - (-x * x).exp() / root / (x.abs() + rest));
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..100 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / root
}

/// Central differences, good to 1e-9 away from kinks.
fn slope(activation: Activation, x: f64) -> f64 {
    let h = 1e-5;
    (value(activation, x + h) - value(activation, x - h)) / (2.0 * h)
}

fn shapes() -> impl Strategy<Value = [usize; 4]> {
    [1..4_usize, 1..12_usize, 1..12_usize, 1..70_usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn activations(shape in shapes(), gaps in prop::array::uniform3(0..3_usize), which in 0..13_usize, seed: u64) {
        let activation = ACTIVATIONS[which];
        let wide: Vec<f32> = numbers(shape.iter().product(), seed).iter().map(|x| x * 7.0).collect();
        let (input, gradient) = (Tensor::from_dense(&wide, shape, gaps[0]), Tensor::random(shape, gaps[1], seed ^ 1));
        let dense = gradient.dense();
        let expected: Vec<f64> = wide.iter().zip(&dense).map(|(&x, &g)| f64::from(g) * slope(activation, f64::from(x))).collect();
        for isa in Isa::available() {
            let mut into = Tensor::filled(shape, gaps[2], f32::NAN);
            unary_backward(activation, input.view(), gradient.view(), into.view_mut(), isa, &THREADS).unwrap();
            // Kinks closer than the differences reach are left out by the bound's second part.
            let kink = |x: f32| [0.0, 6.0, 3.0, -3.0, -0.5, 0.75].iter().any(|k| (x - k).abs() < 2e-5);
            close(&into.dense(), &expected, |i| if kink(wide[i]) { 2.0 } else { 40.0 * EPS * f64::from(dense[i].abs() * (1.0 + wide[i].abs())) + 1e-8 }, &format!("{activation:?} {isa}"));
            prop_assert!(into.gaps_are_untouched());
        }
    }

    #[test]
    fn batch_norm(shape in shapes(), gaps in prop::array::uniform4(0..3_usize), which in 0..13_usize, residual: bool, offset in -100.0..100.0_f32, seed: u64) {
        let activation = ACTIVATIONS[if residual { which % 3 } else { which }];
        let channels = shape[3];
        let moved: Vec<f32> = numbers(shape.iter().product(), seed).iter().map(|x| x + offset).collect();
        let input = Tensor::from_dense(&moved, shape, gaps[0]);
        let added = residual.then(|| Tensor::random(shape, gaps[1], seed ^ 1));
        let gradient = Tensor::random(shape, gaps[2], seed ^ 2);
        let (gamma, beta) = (numbers(channels, seed ^ 3), numbers(channels, seed ^ 4));
        let norm = BatchNorm { gamma: &gamma, beta: &beta, epsilon: 1e-3, activation };
        let expected = reference(&norm, &input, added.as_ref(), &gradient);
        for isa in Isa::available() {
            let mut first: Option<[Vec<f32>; 4]> = None;
            for threads in [&*THREADS, &Threads::new(1)] {
                let mut scratch = Scratch::default();
                let mut output = Tensor::filled(shape, gaps[3], f32::NAN);
                let [mut mean, mut variance, mut inverse] = [(); 3].map(|()| vec![f32::NAN; channels]);
                let statistics = Statistics { mean: &mut mean, variance: &mut variance, inverse: &mut inverse };
                let from = added.as_ref().map(Tensor::view);
                norm.forward(input.view(), from, output.view_mut(), statistics, &mut scratch, isa, threads).unwrap();
                // The mean, rounded, is off by eps of the offset; a small variance enlarges that.
                let scaled = |c: usize| 1.0 + expected.inverse[c] * (1.0 + f64::from(offset.abs()));
                close(&mean, &expected.mean, |_| 4.0 * EPS * (1.0 + f64::from(offset.abs())), "mean");
                close(&variance, &expected.variance, |_| 40.0 * EPS, "variance");
                close(&output.dense(), &expected.output, |i| 12.0 * EPS * scaled(i % channels), &format!("output {activation:?}"));
                let mut to_input = Tensor::filled(shape, gaps[1], f32::NAN);
                let mut to_residual = Tensor::filled(shape, gaps[2], f32::NAN);
                let (mut to_gamma, mut to_beta) = (vec![f32::NAN; channels], vec![f32::NAN; channels]);
                let result = residual.then(|| output.view());
                let into = BatchNormGradients {
                    input: to_input.view_mut(),
                    accumulate: false,
                    residual: residual.then(|| to_residual.view_mut()),
                    gamma: &mut to_gamma,
                    beta: &mut to_beta,
                };
                norm.backward(input.view(), result, gradient.view(), &mean, &inverse, into, &mut scratch, isa, threads).unwrap();
                let n = shape[0] * shape[1] * shape[2];
                let near = |c: usize| if expected.kinks[c] { f64::INFINITY } else { 1.0 };
                let bound = |c: usize| near(c) * 40.0 * sum_bound(n, 1.0) * scaled(c) * expected.inverse[c].max(1.0);
                close(&to_beta, &expected.to_beta, |c| n as f64 * bound(c), "beta");
                close(&to_gamma, &expected.to_gamma, |c| n as f64 * bound(c), "gamma");
                close(&to_input.dense(), &expected.to_input, |i| bound(i % channels), &format!("input {activation:?} {shape:?} {isa}"));
                let once = to_input.dense();
                let into = BatchNormGradients {
                    input: to_input.view_mut(),
                    accumulate: true,
                    residual: None,
                    gamma: &mut to_gamma.clone(),
                    beta: &mut to_beta.clone(),
                };
                norm.backward(input.view(), result, gradient.view(), &mean, &inverse, into, &mut scratch, isa, threads).unwrap();
                for (twice, once) in to_input.dense().iter().zip(&once) {
                    prop_assert!((twice - 2.0 * once).abs() <= 1e-5 * once.abs().max(1.0), "{twice} is not twice {once}");
                }
                if residual {
                    close(&to_residual.dense(), &expected.to_residual, |i| near(i % channels) * EPS, "residual");
                }
                prop_assert!(output.gaps_are_untouched() && to_input.gaps_are_untouched() && to_residual.gaps_are_untouched());
                let all = [output.dense(), once, to_gamma, to_beta];
                prop_assert!(first.as_ref().is_none_or(|first| *first == all), "threads");
                first = Some(all);
            }
        }
    }

    #[test]
    fn pools(
        shape in shapes(), gaps in prop::array::uniform3(0..3_usize), kernel in prop::array::uniform2(1..5_usize),
        stride in prop::array::uniform2(1..4_usize), padding in prop::array::uniform2(0..3_usize), ceil_mode: bool, kind in 0..3_usize, seed: u64,
    ) {
        let kind = [PoolKind::Max, PoolKind::Average { count_padding: true }, PoolKind::Average { count_padding: false }][kind];
        let padding = [0, 1].map(|axis| [padding[axis].min(kernel[axis] / 2); 2]);
        let spec = PoolSpec { kind, kernel, stride, padding, dilation: [1, 1], ceil_mode };
        let Ok(to) = spec.output_shape(shape) else { return Ok(()) };
        // Few values, so that many are equal.
        let coarse: Vec<f32> = numbers(shape.iter().product(), seed).iter().map(|x| (x * 3.0).round()).collect();
        let input = Tensor::from_dense(&coarse, shape, gaps[0]);
        let gradient = Tensor::random(to, gaps[1], seed ^ 1);
        let range = |axis: usize, i: usize| {
            let (start, before, length) = ((i * stride[axis]) as isize, padding[axis][0] as isize, shape[axis + 1] as isize);
            let (first, end) = (start - before, (start - before + kernel[axis] as isize).min(length + before));
            (first.max(0) as usize..end.min(length).max(0) as usize, (end - first) as usize)
        };
        let expected = pool_reference(&input, &gradient, kind, range);
        for isa in Isa::available() {
            let mut into = Tensor::filled(shape, gaps[2], f32::NAN);
            pool_backward(&spec, input.view(), gradient.view(), into.view_mut(), isa, &THREADS).unwrap();
            close(&into.dense(), &expected, |_| 20.0 * EPS, &format!("{isa} {spec:?}"));
            prop_assert!(into.gaps_are_untouched());
        }
    }

    #[test]
    fn adaptive_pools(shape in shapes(), to in prop::array::uniform2(1..9_usize), max: bool, seed: u64) {
        let (input, gradient) = (Tensor::random(shape, 1, seed), Tensor::random([shape[0], to[0], to[1], shape[3]], 2, seed ^ 1));
        let kind = if max { PoolKind::Max } else { PoolKind::Average { count_padding: false } };
        let range = |axis: usize, i: usize| {
            let range = i * shape[axis + 1] / to[axis]..((i + 1) * shape[axis + 1]).div_ceil(to[axis]);
            (range.clone(), range.len())
        };
        let expected = pool_reference(&input, &gradient, kind, range);
        for isa in Isa::available() {
            let mut into = Tensor::filled(shape, 1, f32::NAN);
            adaptive_pool_backward(kind, input.view(), gradient.view(), into.view_mut(), isa, &THREADS).unwrap();
            close(&into.dense(), &expected, |_| 100.0 * EPS, &format!("{isa}"));
            prop_assert!(into.gaps_are_untouched());
        }
    }

    #[test]
    fn sums_over_pixels(shape in shapes(), two: bool, seed: u64) {
        let (a, b) = (Tensor::random(shape, 1, seed), two.then(|| Tensor::random(shape, 2, seed ^ 1)));
        let mut expected = vec![0.0; shape[0] * shape[3]];
        let other = b.as_ref().map(Tensor::dense);
        for (i, x) in a.dense().into_iter().enumerate() {
            let at = i / (shape[1] * shape[2] * shape[3]) * shape[3] + i % shape[3];
            expected[at] += f64::from(x) * other.as_ref().map_or(1.0, |b| f64::from(b[i]));
        }
        let n = shape[1] * shape[2];
        for isa in Isa::available() {
            let mut output = Tensor::filled([shape[0], 1, 1, shape[3]], 3, f32::NAN);
            sum_pixels(a.view(), b.as_ref().map(Tensor::view), output.view_mut(), isa, &THREADS).unwrap();
            close(&output.dense(), &expected, |_| sum_bound(n, n as f64), &format!("{isa}"));
            prop_assert!(output.gaps_are_untouched());
        }
    }

    #[test]
    fn optimisers(len in 0..200_000_usize, momentum in 0.0..1.0_f32, weight_decay in 0.0..0.1_f32, nesterov: bool, seed: u64) {
        let (start, gradients) = (numbers(len, seed), [numbers(len, seed ^ 1), numbers(len, seed ^ 2)]);
        let sgd = Sgd { learning_rate: 0.1, momentum, dampening: if nesterov { 0.0 } else { 0.1 }, weight_decay, nesterov };
        let adam = AdamW { learning_rate: 0.01, betas: [0.9, 0.99], epsilon: 1e-8, weight_decay };
        for isa in Isa::available() {
            let (mut p, mut b) = (start.clone(), vec![f32::NAN; len]);
            let (mut q, mut m, mut v) = (start.clone(), vec![0.0; len], vec![0.0; len]);
            for (i, gradient) in gradients.iter().enumerate() {
                sgd.step(&mut p, gradient, Some(&mut b), i == 0, isa, &THREADS).unwrap();
                adam.step(&mut q, gradient, &mut m, &mut v, i as u32 + 1, isa, &THREADS).unwrap();
            }
            let each = |i: usize| optimised(&sgd, &adam, f64::from(start[i]), gradients.each_ref().map(|g| f64::from(g[i])));
            let both: Vec<_> = (0..len).map(each).collect();
            let [sgds, adams] = [0, 1].map(|which| both.iter().map(|b| b[which]).collect::<Vec<_>>());
            close(&p, &sgds, |_| 8.0 * EPS, "sgd");
            close(&q, &adams, |_| 8.0 * EPS, "adamw");
            prop_assert!(sgd.step(&mut p[len / 2..], &gradients[0], None, false, isa, &THREADS).is_err() || len == 0);
            let expected: f64 = start.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let found = sum_of_squares(&start, isa, &THREADS);
            prop_assert!((found - expected).abs() <= sum_bound(1000, expected), "{found} {expected}");
            prop_assert!(found.to_bits() == sum_of_squares(&start, isa, &Threads::new(1)).to_bits());
            scale(&mut b, 0.5, isa, &THREADS);
        }
    }
}

/// What SGD and AdamW make of a number in two steps.
fn optimised(sgd: &Sgd, adam: &AdamW, start: f64, gradients: [f64; 2]) -> [f64; 2] {
    let f = f64::from;
    let (mut p, mut b) = (start, 0.0);
    let (mut q, mut m, mut v) = (start, 0.0, 0.0);
    for (i, g) in gradients.into_iter().enumerate() {
        let own = g + f(sgd.weight_decay) * p;
        b = if i == 0 { own } else { f(sgd.momentum) * b + (1.0 - f(sgd.dampening)) * own };
        p -= f(sgd.learning_rate) * if sgd.nesterov { own + f(sgd.momentum) * b } else { b };
        let [one, two] = adam.betas.map(f);
        let step = i as i32 + 1;
        q *= 1.0 - f(adam.learning_rate) * f(adam.weight_decay);
        (m, v) = (one * m + (1.0 - one) * g, two * v + (1.0 - two) * g * g);
        let below = (v / (1.0 - two.powi(step))).sqrt() + f(adam.epsilon);
        q -= f(adam.learning_rate) * m / (1.0 - one.powi(step)) / below;
    }
    [p, q]
}

fn pool_reference(
    input: &Tensor,
    gradient: &Tensor,
    kind: PoolKind,
    range: impl Fn(usize, usize) -> (std::ops::Range<usize>, usize),
) -> Vec<f64> {
    let [_, height, width, channels] = input.shape;
    let mut expected = vec![0.0; input.shape.iter().product()];
    for n in 0..gradient.shape[0] {
        for y in 0..gradient.shape[1] {
            for x in 0..gradient.shape[2] {
                let ((rows, all_rows), (columns, all_columns)) = (range(0, y), range(1, x));
                let pixels: Vec<_> = rows.clone().flat_map(|y| columns.clone().map(move |x| [y, x])).collect();
                for c in 0..channels {
                    let g = f64::from(gradient.at([n, y, x, c]));
                    let at = |[y, x]: [usize; 2]| ((n * height + y) * width + x) * channels + c;
                    if kind == PoolKind::Max {
                        let mut best: Option<[usize; 2]> = None;
                        for &[y, x] in &pixels {
                            if best.is_none_or(|[by, bx]| input.at([n, y, x, c]) > input.at([n, by, bx, c])) {
                                best = Some([y, x]);
                            }
                        }
                        if let Some(best) = best {
                            expected[at(best)] += g;
                        }
                        continue;
                    }
                    let count = if kind == (PoolKind::Average { count_padding: true }) { all_rows * all_columns } else { pixels.len() };
                    pixels.iter().for_each(|&pixel| expected[at(pixel)] += g / count as f64);
                }
            }
        }
    }
    expected
}

struct Reference {
    mean: Vec<f64>,
    variance: Vec<f64>,
    inverse: Vec<f64>,
    output: Vec<f64>,
    to_input: Vec<f64>,
    to_residual: Vec<f64>,
    to_gamma: Vec<f64>,
    to_beta: Vec<f64>,
    /// Channels with a value so near to a kink that rounding decides on which side it is.
    kinks: Vec<bool>,
}

fn reference(norm: &BatchNorm<'_>, input: &Tensor, residual: Option<&Tensor>, gradient: &Tensor) -> Reference {
    let channels = input.shape[3];
    let wide = |tensor: &Tensor| tensor.dense().into_iter().map(f64::from).collect::<Vec<_>>();
    let (x, g, r) = (wide(input), wide(gradient), residual.map(wide));
    let n = (x.len() / channels) as f64;
    let sums = |value: &dyn Fn(usize) -> f64| {
        let mut sums = vec![0.0; channels];
        (0..x.len()).for_each(|i| sums[i % channels] += value(i));
        sums
    };
    let mean: Vec<f64> = sums(&|i| x[i]).into_iter().map(|s| s / n).collect();
    let variance: Vec<f64> = sums(&|i| (x[i] - mean[i % channels]).powi(2)).into_iter().map(|s| s / n).collect();
    let inverse: Vec<f64> = variance.iter().map(|v| 1.0 / (v + f64::from(norm.epsilon)).sqrt()).collect();
    let normal: Vec<f64> = (0..x.len()).map(|i| (x[i] - mean[i % channels]) * inverse[i % channels]).collect();
    let before: Vec<f64> = (0..x.len())
        .map(|i| normal[i] * f64::from(norm.gamma[i % channels]) + f64::from(norm.beta[i % channels]) + r.as_ref().map_or(0.0, |r| r[i]))
        .collect();
    let own: Vec<f64> = (0..x.len()).map(|i| g[i] * slope(norm.activation, before[i])).collect();
    let (to_beta, to_gamma) = (sums(&|i| own[i]), sums(&|i| own[i] * normal[i]));
    let to_input = (0..x.len())
        .map(|i| {
            let c = i % channels;
            f64::from(norm.gamma[c]) * inverse[c] * (own[i] - to_beta[c] / n - normal[i] * to_gamma[c] / n)
        })
        .collect();
    let mut kinks = vec![false; channels];
    for (i, &z) in before.iter().enumerate() {
        let near = [0.0, 6.0, 3.0, -3.0, -0.5, 0.75].iter().any(|k| (z - k).abs() < 2e-3);
        kinks[i % channels] |= near && norm.activation != Activation::Identity;
    }
    let output = before.iter().map(|&z| value(norm.activation, z)).collect();
    Reference { mean, variance, inverse, output, to_input, to_residual: own, to_gamma, to_beta, kinks }
}

/// As PyTorch: maxima prefer NaN; batch norm spreads it over its channel.
#[test]
fn nan_stays() {
    let mut input = Tensor::random([1, 4, 4, 20], 0, 1);
    input.data[5 * 20 + 3] = f32::NAN;
    let gradient = Tensor::filled([1, 2, 2, 20], 0, 1.0);
    let ones = [1.0; 20];
    for isa in Isa::available() {
        let mut into = Tensor::filled(input.shape, 0, 9.0);
        pool_backward(&PoolSpec::new(PoolKind::Max, 2), input.view(), gradient.view(), into.view_mut(), isa, &THREADS).unwrap();
        assert_eq!(into.data[5 * 20 + 3], 1.0, "{isa}");
        let norm = BatchNorm { gamma: &ones, beta: &ones, epsilon: 1e-5, activation: Activation::Relu };
        let [mut mean, mut variance, mut inverse] = [[0.0; 20]; 3];
        let statistics = Statistics { mean: &mut mean, variance: &mut variance, inverse: &mut inverse };
        norm.forward(input.view(), None, into.view_mut(), statistics, &mut Scratch::default(), isa, &THREADS).unwrap();
        for (i, x) in into.data.iter().enumerate() {
            assert_eq!(x.is_nan(), i % 20 == 3, "{isa} {i}");
        }
        assert!(variance[3].is_nan() && mean[3].is_nan() && !variance[4].is_nan());
    }
}
