//! Dense layers, pooling, element-wise operations and layouts against plain references, for each instruction set.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{THREADS, Tensor, close, numbers, sum_bound};
use proptest::prelude::*;
use zoo_kernels::{
    Activation, Binary, Dense, Isa, PoolKind, PoolSpec, Shape, View, ViewMut, adaptive_pool, affine, binary, binary_in_place,
    gather_channels, nchw_to_nhwc, nhwc_to_nchw, permute, pool, shuffled_channels, unary, unary_in_place,
};

const EPS: f64 = f32::EPSILON as f64;

fn shapes() -> impl Strategy<Value = Shape> {
    (1..3_usize, 1..12_usize, 1..12_usize, 1..70_usize).prop_map(|(n, h, w, c)| [n, h, w, c])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn dense(rows in 1..12_usize, ins in 1..300_usize, outs in 1..90_usize, residual: bool, seed: u64) {
        let input = Tensor::random([rows, 1, 1, ins], 3, seed);
        let weight = numbers(ins * outs, seed ^ 1);
        let bias = numbers(outs, seed ^ 2);
        let added = residual.then(|| Tensor::random([rows, 1, 1, outs], 0, seed ^ 3));
        let value = |i: usize, f: &dyn Fn(f64) -> f64| {
            let (row, o) = (i / outs, i % outs);
            let products = (0..ins).map(|k| f(f64::from(input.at([row, 0, 0, k])) * f64::from(weight[o * ins + k]))).sum::<f64>();
            products + f(f64::from(bias[o])) + added.as_ref().map_or(0.0, |a| f(f64::from(a.data[i])))
        };
        let expected: Vec<f64> = (0..rows * outs).map(|i| value(i, &|x| x).max(0.0)).collect();
        for isa in Isa::available() {
            let layer = Dense::pack(ins, outs, &weight, Some(&bias), isa).unwrap();
            let mut output = Tensor::filled([rows, 1, 1, outs], 2, f32::NAN);
            layer.run(input.view(), added.as_ref().map(Tensor::view), Activation::Relu, output.view_mut(), &THREADS).unwrap();
            close(&output.dense(), &expected, |i| sum_bound(ins, value(i, &f64::abs)), &format!("{isa}"));
            prop_assert!(output.gaps_are_untouched());
        }
    }

    #[test]
    fn pools(
        shape in shapes(), gaps in prop::array::uniform2(0..4_usize), kernel in prop::array::uniform2(1..5_usize),
        stride in prop::array::uniform2(1..4_usize), padding in prop::array::uniform4(0..3_usize), dilation in 1..3_usize,
        ceil_mode: bool, kind in 0..3_usize, seed: u64,
    ) {
        let kind = [PoolKind::Max, PoolKind::Average { count_padding: true }, PoolKind::Average { count_padding: false }][kind];
        let dilation = if kind == PoolKind::Max { dilation } else { 1 };
        let padding = [[padding[0].min(kernel[0] / 2), padding[1].min(kernel[0] / 2)], [padding[2].min(kernel[1] / 2), padding[3].min(kernel[1] / 2)]];
        let spec = PoolSpec { kind, kernel, stride, padding, dilation: [dilation; 2], ceil_mode };
        let Ok(to) = spec.output_shape(shape) else { return Ok(()) };
        let input = Tensor::random(shape, gaps[0], seed);
        let expected = pool_reference(&spec, &input, to);
        for isa in Isa::available() {
            let mut output = Tensor::filled(to, gaps[1], f32::NAN);
            pool(&spec, input.view(), output.view_mut(), isa, &THREADS).unwrap();
            close(&output.dense(), &expected, |_| 8.0 * EPS, &format!("{isa} {spec:?}"));
            prop_assert!(output.gaps_are_untouched());
        }
    }

    #[test]
    fn adaptive_pools(shape in shapes(), to in prop::array::uniform2(1..9_usize), max: bool, seed: u64) {
        let input = Tensor::random(shape, 1, seed);
        let kind = if max { PoolKind::Max } else { PoolKind::Average { count_padding: false } };
        let to = [shape[0], to[0], to[1], shape[3]];
        let mut expected = Vec::new();
        for_each(to, |[n, y, x, c]| {
            let rows = y * shape[1] / to[1]..((y + 1) * shape[1]).div_ceil(to[1]);
            let columns = x * shape[2] / to[2]..((x + 1) * shape[2]).div_ceil(to[2]);
            let values: Vec<f64> = rows.flat_map(|y| columns.clone().map(move |x| [n, y, x, c]))
                .map(|at| f64::from(input.at(at))).collect();
            let sum: f64 = values.iter().sum();
            expected.push(if max { values.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b)) } else { sum / values.len() as f64 });
        });
        for isa in Isa::available() {
            let mut output = Tensor::filled(to, 2, f32::NAN);
            adaptive_pool(kind, input.view(), output.view_mut(), isa, &THREADS).unwrap();
            close(&output.dense(), &expected, |_| 20.0 * EPS, &format!("{isa} {shape:?} {to:?}"));
        }
    }

    #[test]
    fn binary_operations_broadcast(
        shape in shapes(), ones in prop::array::uniform8(prop::bool::weighted(0.3)), gaps in prop::array::uniform3(0..3_usize),
        op in 0..4_usize, seed: u64,
    ) {
        let op = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div][op];
        let small = |ones: &[bool]| [0, 1, 2, 3].map(|i| if ones[i] { 1 } else { shape[i] });
        let a = Tensor::random(small(&ones[..4]), gaps[0], seed);
        let b = Tensor::random(small(&ones[4..]), gaps[1], seed ^ 1);
        let at = |t: &Tensor, place: [usize; 4]| f64::from(t.at([0, 1, 2, 3].map(|i| place[i].min(t.shape[i] - 1))));
        let mut expected = Vec::new();
        for_each(shape, |place| {
            let (a, b) = (at(&a, place), at(&b, place));
            expected.push(match op { Binary::Add => a + b, Binary::Sub => a - b, Binary::Mul => a * b, Binary::Div => a / b }.max(0.0));
        });
        for isa in Isa::available() {
            let mut output = Tensor::filled(shape, gaps[2], f32::NAN);
            binary(op, a.view(), b.view(), Activation::Relu, output.view_mut(), isa, &THREADS).unwrap();
            close(&output.dense(), &expected, |i| EPS * expected[i].abs(), &format!("{isa} {op:?}"));
            prop_assert!(output.gaps_are_untouched());
            if a.shape == shape {
                let mut output = Tensor::from_dense(&a.dense(), shape, gaps[2]);
                binary_in_place(op, output.view_mut(), b.view(), Activation::Relu, isa, &THREADS).unwrap();
                close(&output.dense(), &expected, |i| EPS * expected[i].abs(), &format!("in place, {isa} {op:?}"));
            }
        }
    }

    #[test]
    fn affine_and_copies(shape in shapes(), gaps in prop::array::uniform2(0..3_usize), seed: u64) {
        let input = Tensor::random(shape, gaps[0], seed);
        let (scale, shift) = (numbers(shape[3], seed ^ 1), numbers(shape[3], seed ^ 2));
        let terms: Vec<(f64, f64)> = input.dense().iter().enumerate()
            .map(|(i, &x)| (f64::from(x) * f64::from(scale[i % shape[3]]), f64::from(shift[i % shape[3]]))).collect();
        let expected: Vec<f64> = terms.iter().map(|(a, b)| (a + b).max(0.0)).collect();
        for isa in Isa::available() {
            let mut output = Tensor::filled(shape, gaps[1], f32::NAN);
            affine(input.view(), &scale, &shift, Activation::Relu, output.view_mut(), isa, &THREADS).unwrap();
            close(&output.dense(), &expected, |i| 2.0 * EPS * (terms[i].0.abs() + terms[i].1.abs()), "affine");
            unary(Activation::Identity, input.view(), output.view_mut(), isa, &THREADS).unwrap();
            prop_assert_eq!(output.dense(), input.dense());
            prop_assert!(output.gaps_are_untouched());
        }
    }

    #[test]
    fn layouts(shape in shapes(), gap in 0..3_usize, seed: u64) {
        let [n, h, w, c] = shape;
        let nchw = numbers(shape.iter().product(), seed);
        let mut tensor = Tensor::filled(shape, gap, f32::NAN);
        nchw_to_nhwc(&nchw, tensor.view_mut(), &THREADS).unwrap();
        let mut permuted = vec![0.0; nchw.len()];
        permute(&nchw, &[n, c, h, w], &[0, 2, 3, 1], &mut permuted, &THREADS).unwrap();
        prop_assert_eq!(&tensor.dense(), &permuted);
        for_each(shape, |[i, y, x, k]| assert_eq!(tensor.at([i, y, x, k]), nchw[((i * c + k) * h + y) * w + x]));
        let mut back = vec![0.0; nchw.len()];
        nhwc_to_nchw(tensor.view(), &mut back, &THREADS).unwrap();
        prop_assert_eq!(back, nchw);
        prop_assert!(tensor.gaps_are_untouched());
    }
}

fn for_each(shape: Shape, mut f: impl FnMut([usize; 4])) {
    for i in 0..shape.iter().product() {
        let (pixel, c) = (i / shape[3], i % shape[3]);
        f([pixel / (shape[1] * shape[2]), pixel / shape[2] % shape[1], pixel % shape[2], c]);
    }
}

fn pool_reference(spec: &PoolSpec, input: &Tensor, to: Shape) -> Vec<f64> {
    let mut all = Vec::new();
    for_each(to, |[n, y, x, c]| {
        let (mut max, mut sum, mut inside, mut padded) = (f64::NEG_INFINITY, 0.0, 0_u32, 0_u32);
        for ky in 0..spec.kernel[0] {
            for kx in 0..spec.kernel[1] {
                let (py, px) = (y * spec.stride[0] + ky * spec.dilation[0], x * spec.stride[1] + kx * spec.dilation[1]);
                let reaches = |p: usize, axis: usize| p < input.shape[axis + 1] + spec.padding[axis][0] + spec.padding[axis][1];
                padded += u32::from(reaches(py, 0) && reaches(px, 1));
                let (iy, ix) = (py.wrapping_sub(spec.padding[0][0]), px.wrapping_sub(spec.padding[1][0]));
                if iy < input.shape[1] && ix < input.shape[2] {
                    let value = f64::from(input.at([n, iy, ix, c]));
                    max = max.max(value);
                    sum += value;
                    inside += 1;
                }
            }
        }
        all.push(match spec.kind {
            PoolKind::Max => max,
            PoolKind::Average { count_padding } => sum / f64::from(if count_padding { padded } else { inside }),
        });
    });
    all
}

/// PyTorch 2: `max_pool2d` and `avg_pool2d` of 0..6, and of 0..2 by a larger window, with `ceil_mode=True`.
#[test]
fn ceil_mode_is_pytorchs() {
    let data: Vec<f32> = (0..6_u8).map(f32::from).collect();
    let average = PoolKind::Average { count_padding: true };
    for (length, kind, kernel, stride, padding, expected) in [
        (6, PoolKind::Max, 3, 2, 0, vec![2.0, 4.0, 5.0]),
        (2, PoolKind::Max, 3, 2, 0, vec![1.0]),
        (2, average, 3, 2, 0, vec![0.5]),
        (6, PoolKind::Max, 2, 3, 1, vec![0.0, 3.0, 5.0]),
        (6, average, 3, 2, 0, vec![1.0, 3.0, 4.5]),
        (6, average, 3, 2, 1, vec![1.0 / 3.0, 2.0, 4.0, 2.5]),
    ] {
        let input = View::new(&data[..length], [1, 1, length, 1]).unwrap();
        let spec = PoolSpec {
            kernel: [1, kernel],
            stride: [1, stride],
            padding: [[0; 2], [padding; 2]],
            ceil_mode: true,
            ..PoolSpec::new(kind, 1)
        };
        let shape = spec.output_shape(input.shape()).unwrap();
        let mut output = vec![0.0; shape[2]];
        pool(&spec, input, ViewMut::new(&mut output, shape).unwrap(), Isa::SCALAR, &THREADS).unwrap();
        for (a, b) in output.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-6, "{spec:?}: {output:?} for {expected:?}");
        }
        assert_eq!(output.len(), expected.len());
    }
}

#[test]
fn max_keeps_nan() {
    let mut input = Tensor::random([1, 6, 6, 19], 0, 1);
    input.data[14 * 19 + 3] = f32::NAN;
    for isa in Isa::available() {
        let mut output = Tensor::filled([1, 1, 1, 19], 0, 0.0);
        adaptive_pool(PoolKind::Max, input.view(), output.view_mut(), isa, &THREADS).unwrap();
        assert!(output.data.iter().enumerate().all(|(c, x)| x.is_nan() == (c == 3)), "{isa}");
    }
}

#[test]
fn shuffle_is_a_transposition() {
    assert_eq!(shuffled_channels(6, 2), [0, 3, 1, 4, 2, 5]);
    let input = Tensor::random([1, 2, 2, 6], 1, 2);
    let mut output = Tensor::filled([1, 2, 2, 6], 0, 0.0);
    gather_channels(input.view(), &shuffled_channels(6, 2), output.view_mut(), &THREADS).unwrap();
    assert_eq!(output.at([0, 1, 0, 3]), input.at([0, 1, 0, 4]));
    assert!(gather_channels(input.view(), &[0, 1, 2, 3, 4, 6], output.view_mut(), &THREADS).is_err());
}

#[test]
fn flattened_weights_move_with_the_channels() {
    let (shape, outs) = ([5, 2, 3], 4);
    let weight = numbers(outs * 30, 3);
    let input = numbers(30, 4);
    let mut nhwc = vec![0.0; 30];
    permute(&input, &shape, &[1, 2, 0], &mut nhwc, &THREADS).unwrap();
    let run = |layer: &Dense, data: &[f32]| {
        let mut output = vec![0.0; outs];
        let to = ViewMut::new(&mut output, [1, 1, 1, outs]).unwrap();
        layer.run(View::new(data, [1, 1, 1, 30]).unwrap(), None, Activation::Identity, to, &THREADS).unwrap();
        output
    };
    let plain = run(&Dense::pack(30, outs, &weight, None, Isa::SCALAR).unwrap(), &input);
    let moved = run(&Dense::pack_flattened(shape, outs, &weight, None, Isa::SCALAR).unwrap(), &nhwc);
    assert!(plain.iter().zip(&moved).all(|(a, b)| (a - b).abs() < 1e-5), "{plain:?} {moved:?}");
}

type Function = fn(f64) -> f64;

/// Every activation against f64, from -20 to 20 and far out; the errors that the documentation states.
#[test]
fn activations() {
    fn erf(x: f64) -> f64 {
        // The series loses digits to cancellation far out, where the asymptotic one is good.
        if x.abs() > 4.0 {
            let square = x * x;
            let tail = (-square).exp() / (x.abs() * std::f64::consts::PI.sqrt());
            return x.signum() * (1.0 - tail * (1.0 - 0.5 / square + 0.75 / (square * square)));
        }
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }
    let sigmoid: Function = |x| 1.0 / (1.0 + (-x).exp());
    let cases: [(Activation, Function); 12] = [
        (Activation::Relu, |x| x.max(0.0)),
        (Activation::Relu6, |x| x.clamp(0.0, 6.0)),
        (Activation::Clamp(-1.0, 2.0), |x| x.clamp(-1.0, 2.0)),
        (Activation::LeakyRelu(0.25), |x| if x < 0.0 { 0.25 * x } else { x }),
        (Activation::Elu(1.0), |x| if x < 0.0 { x.exp() - 1.0 } else { x }),
        (Activation::Sigmoid, sigmoid),
        (Activation::Silu, |x| x / (1.0 + (-x).exp())),
        (Activation::Tanh, f64::tanh),
        (Activation::HardSigmoid, |x| (x + 3.0).clamp(0.0, 6.0) / 6.0),
        (Activation::HardSwish, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
        (Activation::Gelu, |x| 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2))),
        (Activation::GeluTanh, |x| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044715 * x * x * x)).tanh())),
    ];
    let mut values: Vec<f32> = (-4000..=4000_i16).map(|i| f32::from(i) / 200.0).collect();
    values.extend([-1e30, -300.0, -104.0, -88.0, 88.0, 90.0, 300.0, 1e30, 1e-30, -0.0]);
    for isa in Isa::available() {
        for (activation, f) in cases {
            let mut output = values.clone();
            let shape = [1, 1, 1, values.len()];
            unary_in_place(activation, ViewMut::new(&mut output, shape).unwrap(), isa, &THREADS);
            for (&x, &y) in values.iter().zip(&output) {
                let want = f(f64::from(x));
                let error = (f64::from(y) - want).abs();
                // Units in the last place of the value, or of one where the value is a difference of such.
                let units = if matches!(activation, Activation::Gelu | Activation::GeluTanh) { 8.0 } else { 4.0 };
                assert!(error <= units * EPS * want.abs().max(1.0), "{activation:?} {isa}: {x} gives {y} for {want}");
            }
            let poison = View::new(&[f32::NAN; 9], [1, 1, 1, 9]).map(|v| {
                let mut output = [0.0; 9];
                unary(activation, v, ViewMut::new(&mut output, [1, 1, 1, 9]).unwrap(), isa, &THREADS).unwrap();
                output
            });
            assert!(poison.unwrap().iter().all(|x| x.is_nan()), "{activation:?} {isa}");
        }
    }
}
