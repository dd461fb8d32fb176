//! Gradients of convolutions against naive sums in f64, over random shapes, for each instruction set of this machine; and that
//! the number of threads changes no bit.
//!
//! Bounds: as for the forward run, `(4 + sqrt(K)) eps` of the sum of the magnitudes of K products, and 15 times that for what
//! Winograd's algorithm may compute.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{GAP, THREADS, Tensor, close, conv, conv_gradients, numbers, sum_bound};
use proptest::prelude::*;
use zoo_kernels::{Activation, ConvSpec, ConvTraining, DenseTraining, Input, Isa, KernelError, Prologue, Scratch, Threads, affine};

#[derive(Debug, Clone)]
struct Case {
    spec: ConvSpec,
    input: [usize; 4],
    gaps: [usize; 2],
    seed: u64,
}

fn cases(
    channels: impl Strategy<Value = (usize, usize, usize)>,
    kernels: std::ops::Range<usize>,
    strides: std::ops::Range<usize>,
) -> impl Strategy<Value = Case> {
    let geometry = (kernels.clone(), kernels, strides.clone(), strides, 1..3_usize, 0..4_usize, 0..3_usize);
    let size = (1..3_usize, 1..18_usize, 1..18_usize);
    let rest = (prop::array::uniform2(0..4_usize), any::<u64>());
    (channels, geometry, size, rest).prop_filter_map("the kernel is larger than the input", |(channels, g, size, (gaps, seed))| {
        let (groups, ins, outs) = channels;
        let mut spec = ConvSpec::new(groups * ins, groups * outs, [g.0, g.1]).dilation(g.4).groups(groups);
        spec.stride = [g.2, g.3];
        spec.padding = [[g.5, g.6], [g.6, g.5]];
        let input = [size.0, size.1, size.2, groups * ins];
        spec.output_shape(input).ok()?;
        Some(Case { spec, input, gaps, seed })
    })
}

fn check(case: &Case) {
    let Case { spec, input: shape, gaps, seed } = case;
    let input = Tensor::random(*shape, gaps[0], *seed);
    let gradient = Tensor::random(spec.output_shape(*shape).unwrap(), gaps[1], seed ^ 1);
    let (weight, bias) = (numbers(spec.weight_len(), seed ^ 2), numbers(spec.out_channels, seed ^ 3));
    let expected = conv_gradients(spec, &input, &weight, &gradient);
    let (values, sizes) = conv(spec, &input, &weight, Some(&bias));
    let single = Threads::new(1);
    for isa in Isa::available() {
        let what = format!("{isa} {case:?}");
        let training = ConvTraining::new(spec, *shape, isa).unwrap();
        let mut scratch = Scratch::default();
        let mut before: Option<(Tensor, Vec<f32>, Vec<f32>, Tensor)> = None;
        for threads in [&THREADS, &single] {
            let mut output = Tensor::filled(gradient.shape, gaps[1], f32::NAN);
            let to = output.view_mut();
            training.forward(input.view(), &weight, Some(&bias), None, Activation::Identity, to, &mut scratch, threads).unwrap();
            let mut to_input = Tensor::filled(*shape, gaps[0], f32::NAN);
            training.input_gradient(gradient.view(), &weight, to_input.view_mut(), &mut scratch, threads).unwrap();
            let (mut to_weight, mut to_bias) = (vec![f32::NAN; weight.len()], vec![f32::NAN; bias.len()]);
            let (w, b) = (&mut to_weight[..], Some(&mut to_bias[..]));
            training.weight_gradient(input.view(), gradient.view(), w, b, &mut scratch, threads).unwrap();
            assert!(output.gaps_are_untouched() && to_input.gaps_are_untouched(), "{what}");
            if let Some((o, w, b, i)) = &before {
                assert!(o.data == output.data && *w == to_weight && *b == to_bias && i.data == to_input.data, "threads: {what}");
                continue;
            }
            let terms = spec.weight_len() / spec.out_channels;
            let most = sizes.iter().copied().fold(0.0, f64::max);
            close(&output.dense(), &values, |_| 15.0 * sum_bound(terms, most), &format!("output, {what}"));
            let most = expected.input.1.iter().copied().fold(0.0, f64::max);
            let terms = spec.weight_len() / spec.in_channels;
            close(&to_input.dense(), &expected.input.0, |_| 15.0 * sum_bound(terms, most), &format!("input, {what}"));
            let (terms, most) = (gradient.data.len(), expected.weight.1.iter().copied().fold(0.0, f64::max));
            close(&to_weight, &expected.weight.0, |_| 15.0 * sum_bound(terms, most), &format!("weight, {what}"));
            close(&to_bias, &expected.bias.0, |i| sum_bound(terms, expected.bias.1[i]), &format!("bias, {what}"));
            before = Some((output, to_weight, to_bias, to_input));
        }
    }
}

/// With a prologue the results are those of an input that was changed before, to the last bit.
fn check_prologue(case: &Case, activation: Activation) {
    let Case { spec, input: shape, gaps, seed } = case;
    let input = Tensor::random(*shape, gaps[0], *seed);
    let gradient = Tensor::random(spec.output_shape(*shape).unwrap(), gaps[1], seed ^ 1);
    let weight = numbers(spec.weight_len(), seed ^ 2);
    let [scale, shift] = [4, 5].map(|salt| numbers(shape[3], seed ^ salt));
    for isa in Isa::available() {
        let training = ConvTraining::new(spec, *shape, isa).unwrap();
        let prologue = Prologue { scale: &scale, shift: Some(&shift), activation };
        let within = Input { map: input.view(), prologue: Some(&prologue) };
        let mut scratch = Scratch::default();
        let mut run = |input: Input<'_>| {
            let (mut output, mut to_weight) = (Tensor::filled(gradient.shape, 0, f32::NAN), vec![f32::NAN; weight.len()]);
            let to = output.view_mut();
            training.forward(input, &weight, None, None, Activation::Identity, to, &mut scratch, &THREADS)?;
            training.weight_gradient(input, gradient.view(), &mut to_weight, None, &mut scratch, &THREADS)?;
            Ok::<_, KernelError>((output.data, to_weight))
        };
        if !training.takes_prologue() {
            assert!(matches!(run(within), Err(KernelError::Algorithm { .. })), "{isa} {case:?}");
            continue;
        }
        let mut before = Tensor::filled(*shape, 0, f32::NAN);
        affine(input.view(), &scale, &shift, activation, before.view_mut(), isa, &THREADS).unwrap();
        assert!(run(within).unwrap() == run(before.view().into()).unwrap(), "{isa} {case:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn dense(case in cases((Just(1), 1..40_usize, 1..70_usize), 1..5, 1..2)) {
        check(&case);
    }

    #[test]
    fn strided(case in cases((Just(1), 1..30_usize, 1..40_usize), 1..6, 1..4)) {
        check(&case);
    }

    #[test]
    fn three_by_three(mut case in cases((Just(1), 1..40_usize, 1..40_usize), 3..4, 1..2)) {
        case.spec.dilation = [1, 1];
        case.spec.padding = [[1, 1], [1, 1]];
        check(&case);
    }

    #[test]
    fn pointwise(mut case in cases((Just(1), 1..100_usize, 1..100_usize), 1..2, 1..3)) {
        case.spec.padding = [[0; 2]; 2];
        check(&case);
    }

    #[test]
    fn prologues(mut case in cases((Just(1), 1..100_usize, 1..100_usize), 1..2, 1..3), relu: bool) {
        case.spec.padding = [[0; 2]; 2];
        check_prologue(&case, if relu { Activation::Relu } else { Activation::Silu });
    }

    #[test]
    fn few_channels(mut case in cases((Just(1), 1..5_usize, 1..70_usize), 2..8, 1..4)) {
        case.spec.dilation[1] = 1;
        if case.spec.output_shape(case.input).is_ok() {
            check(&case);
        }
    }

    #[test]
    fn depthwise(case in cases((2..70_usize, Just(1), Just(1)), 1..8, 1..3)) {
        check(&case);
    }

    #[test]
    fn square_depthwise(mut case in cases((2..70_usize, Just(1), Just(1)), 1..2, 1..2), kernel in 1..4_usize, stride in 1..3_usize) {
        let kernel = 2 * kernel + 1;
        case.spec = ConvSpec::new(case.spec.in_channels, case.spec.out_channels, [kernel; 2])
            .stride(stride).padding(kernel / 2).groups(case.spec.groups);
        check(&case);
    }

    #[test]
    fn grouped(case in cases((1..9_usize, 1..12_usize, 1..20_usize), 1..4, 1..3)) {
        check(&case);
    }
}

/// Weights that are cut into chunks and panels, and pixels that are cut into ranges.
#[test]
fn large_layers() {
    for (inputs, outputs, kernel, side, stride) in
        [(300, 130, 3, 5, 1), (1100, 70, 1, 4, 1), (64, 64, 3, 28, 1), (16, 20, 1, 40, 1), (130, 70, 3, 9, 2), (3, 40, 7, 40, 2)]
    {
        let spec = ConvSpec::new(inputs, outputs, [kernel; 2]).padding(kernel / 2).stride(stride);
        check(&Case { spec, input: [2, side, side, inputs], gaps: [0, 1], seed: 5 });
    }
}

/// What is not finite never gives finite gradients where it has an influence.
#[test]
fn infinity_and_nan_stay() {
    let specs = [
        ConvSpec::new(3, 20, [3, 3]).padding(1),
        ConvSpec::new(16, 20, [3, 3]).padding(1),
        ConvSpec::new(16, 20, [3, 3]).padding(1).stride(2),
        ConvSpec::new(16, 20, [1, 1]),
        ConvSpec::new(16, 16, [3, 3]).padding(1).groups(16),
        ConvSpec::new(16, 16, [3, 3]).padding(1).groups(16).stride(2),
        ConvSpec::new(16, 8, [3, 3]).padding(1).groups(4),
    ];
    for spec in specs {
        let shape = [1, 9, 9, spec.in_channels];
        let input = Tensor::random(shape, 0, 4);
        let mut gradient = Tensor::random(spec.output_shape(shape).unwrap(), 0, 5);
        for poison in [f32::NAN, f32::INFINITY] {
            let middle = gradient.data.len() / 2;
            gradient.data[middle] = poison;
            let weight = numbers(spec.weight_len(), 6);
            let expected = conv_gradients(&spec, &input, &weight, &gradient);
            for isa in Isa::available() {
                let training = ConvTraining::new(&spec, shape, isa).unwrap();
                let (mut to_input, mut to_weight) = (Tensor::filled(shape, 0, GAP), vec![GAP; weight.len()]);
                let mut scratch = Scratch::default();
                training.input_gradient(gradient.view(), &weight, to_input.view_mut(), &mut scratch, &THREADS).unwrap();
                training.weight_gradient(input.view(), gradient.view(), &mut to_weight, None, &mut scratch, &THREADS).unwrap();
                for (found, expected) in [(&to_input.data, &expected.input.0), (&to_weight, &expected.weight.0)] {
                    for (i, (&found, &want)) in found.iter().zip(expected).enumerate() {
                        let fine = !found.is_finite() || want.is_finite() && (f64::from(found) - want).abs() < 1e-3;
                        assert!(fine, "{isa} {poison} {spec:?}: element {i} is {found} for {want}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let spec = ConvSpec::new(4, 8, [3, 3]);
    assert!(ConvTraining::new(&spec.groups(3), [1, 5, 5, 4], Isa::SCALAR).is_err());
    assert!(ConvTraining::new(&spec, [1, 2, 5, 4], Isa::SCALAR).is_err());
    let training = ConvTraining::new(&spec, [1, 5, 5, 4], Isa::SCALAR).unwrap();
    let (mut scratch, mut weight) = (Scratch::default(), vec![0.0; spec.weight_len()]);
    let (mut input, mut gradient) = (Tensor::random([1, 5, 5, 4], 0, 1), Tensor::random([1, 3, 3, 8], 0, 1));
    let wrong = Tensor::random([1, 3, 4, 8], 0, 1);
    assert!(training.weight_gradient(input.view(), wrong.view(), &mut weight, None, &mut scratch, &THREADS).is_err());
    assert!(training.weight_gradient(input.view(), gradient.view(), &mut weight[1..], None, &mut scratch, &THREADS).is_err());
    assert!(training.weight_gradient(input.view(), gradient.view(), &mut weight, Some(&mut [0.0; 7]), &mut scratch, &THREADS).is_err());
    assert!(training.input_gradient(wrong.view(), &weight, input.view_mut(), &mut scratch, &THREADS).is_err());
    let (from, to) = (input.view(), gradient.view_mut());
    assert!(training.forward(from, &weight[1..], None, None, Activation::Relu, to, &mut scratch, &THREADS).is_err());
}

proptest! {
    #[test]
    fn dense_layers(rows in prop_oneof![1..80_usize, 200..300_usize], ins in 1..300_usize, outs in 1..80_usize, gaps in prop::array::uniform2(0..3_usize), seed: u64) {
        let spec = ConvSpec::new(ins, outs, [1, 1]);
        let (input, gradient) = (Tensor::random([rows, 1, 1, ins], gaps[0], seed), Tensor::random([rows, 1, 1, outs], gaps[1], seed ^ 1));
        let (weight, bias) = (numbers(ins * outs, seed ^ 2), numbers(outs, seed ^ 3));
        let (values, sizes) = conv(&spec, &input, &weight, Some(&bias));
        let expected = conv_gradients(&spec, &input, &weight, &gradient);
        for isa in Isa::available() {
            let mut scratch = Scratch::default();
            let layer = DenseTraining::new(rows, ins, outs, isa).unwrap();
            let mut results: Vec<Vec<f32>> = vec![];
            for threads in [&*THREADS, &Threads::new(1)] {
                let mut output = Tensor::filled(gradient.shape, gaps[1], f32::NAN);
                layer.forward(input.view(), &weight, Some(&bias), output.view_mut(), &mut scratch, threads).unwrap();
                close(&output.dense(), &values, |i| sum_bound(ins, sizes[i]), "output");
                let mut to_input = Tensor::filled(input.shape, gaps[0], f32::NAN);
                layer.input_gradient(gradient.view(), &weight, to_input.view_mut(), &mut scratch, threads).unwrap();
                close(&to_input.dense(), &expected.input.0, |i| sum_bound(outs, expected.input.1[i]), "input");
                let (mut to_weight, mut to_bias) = (vec![f32::NAN; weight.len()], vec![f32::NAN; outs]);
                layer.weight_gradient(input.view(), gradient.view(), &mut to_weight, Some(&mut to_bias), &mut scratch, threads).unwrap();
                close(&to_weight, &expected.weight.0, |i| sum_bound(rows, expected.weight.1[i]), "weight");
                close(&to_bias, &expected.bias.0, |i| sum_bound(rows, expected.bias.1[i]), "bias");
                prop_assert!(output.gaps_are_untouched() && to_input.gaps_are_untouched());
                results.push([output.dense(), to_input.dense(), to_weight].concat());
            }
            prop_assert!(results[0] == results[1], "threads");
        }
    }
}
