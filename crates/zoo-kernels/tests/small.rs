//! One small run of each kernel, in plain Rust and on one thread where Miri watches: `cargo +nightly miri test -p zoo-kernels`
//! with `--test small`, which is quick enough for it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{Tensor, close, conv, conv_gradients, numbers, sum_bound};
use zoo_kernels::{
    Activation, AdamW, Algorithm, BatchNorm, BatchNormGradients, Binary, Chain, ConvSpec, ConvTraining, Dense, DenseTraining, Input, Isa,
    LocalResponseNorm, MatMul, MatMulSpec, PackedConv, PoolKind, PoolSpec, Prologue, Scratch, Sgd, Statistics, Threads, adaptive_pool,
    adaptive_pool_backward, affine, binary, binary_in_place, candidates, gather_channels, layer_norm, local_response_norm, nchw_to_nhwc,
    nhwc_to_nchw, permute, pool, pool_backward, scale, softmax, sum_of_squares, sum_pixels, unary, unary_backward, unary_in_place,
};

const SHAPE: [usize; 4] = [1, 3, 4, 5];

#[test]
fn every_convolution() {
    let specs = [
        ConvSpec::new(3, 5, [3, 3]).padding(1),
        ConvSpec::new(3, 4, [1, 1]).stride(2),
        ConvSpec::new(2, 3, [5, 5]).padding(2),
        ConvSpec::new(4, 6, [2, 3]).dilation(2).padding(2).groups(2),
        ConvSpec::new(3, 3, [3, 3]).padding(1).stride(2).groups(3),
        ConvSpec::new(3, 3, [2, 2]).groups(3),
    ];
    for (spec, count) in specs.iter().zip([1, 2, 2, 1, 2, 1]) {
        let threads = Threads::new(count);
        let input = Tensor::random([1, 3, 4, spec.in_channels], 1, 1);
        let (weight, bias) = (numbers(spec.weight_len(), 2), numbers(spec.out_channels, 3));
        let shape = spec.output_shape(input.shape).unwrap();
        let residual = Tensor::random(shape, 2, 4);
        let (mut expected, _) = conv(spec, &input, &weight, Some(&bias));
        expected.iter_mut().zip(residual.dense()).for_each(|(e, r)| *e = (*e + f64::from(r)).max(0.0));
        for isa in Isa::available() {
            for algorithm in Algorithm::ALL {
                let Ok(packed) = PackedConv::pack(spec, &weight, Some(&bias), algorithm, isa) else { continue };
                let mut output = Tensor::filled(shape, 3, f32::NAN);
                let mut workspace = vec![f32::NAN; packed.workspace_len(input.shape, &threads).unwrap()];
                let added = Some(residual.view());
                packed.run(input.view(), added, Activation::Relu, output.view_mut(), &mut workspace, &threads).unwrap();
                let bound = if matches!(algorithm, Algorithm::Winograd4 | Algorithm::Winograd5) { 30.0 } else { 2.0 };
                close(&output.dense(), &expected, |_| bound * sum_bound(30, 10.0), &format!("{algorithm:?} {isa} {spec:?}"));
                assert!(output.gaps_are_untouched());
            }
            assert!(!candidates(spec, input.shape, isa).unwrap().is_empty());
        }
    }
}

/// With rows kept from one step to the next, see `ROWS`.
#[test]
fn a_chain() {
    let (wide, threads) = (5, Threads::new(2));
    let specs = [
        (ConvSpec::new(3, wide, [1, 1]), Algorithm::Pointwise),
        (ConvSpec::new(wide, wide, [3, 3]).padding(1).groups(wide), Algorithm::Depthwise),
        (ConvSpec::new(wide, 2, [1, 1]), Algorithm::Pointwise),
    ];
    let input = Tensor::random([1, 7, 6, 3], 1, 1);
    for isa in Isa::available() {
        let pack =
            |(spec, algorithm): &(ConvSpec, _)| PackedConv::pack(spec, &numbers(spec.weight_len(), 2), None, *algorithm, isa).unwrap();
        let packed: Vec<PackedConv> = specs.iter().map(pack).collect();
        let stages: Vec<_> = packed.iter().map(|conv| (conv, Activation::Relu)).collect();
        let chain = Chain::new(&stages).unwrap();
        let mut workspace = vec![f32::NAN; chain.workspace_len(input.shape, &threads).unwrap()];
        let mut output = Tensor::filled([1, 7, 6, 2], 1, f32::NAN);
        chain.run(input.view(), None, output.view_mut(), &mut workspace, &threads).unwrap();
        assert!(output.dense().iter().all(|x| x.is_finite()) && output.gaps_are_untouched());
    }
}

/// What must hold here is only that nothing is read or written where it should not be; values are checked elsewhere.
#[test]
fn everything_else() {
    let threads = Threads::new(1);
    let input = Tensor::random(SHAPE, 1, 1);
    let values = numbers(5, 2);
    let spec = PoolSpec { stride: [2, 2], padding: [[1, 1], [1, 0]], ..PoolSpec::new(PoolKind::Max, 3) };
    for isa in Isa::available() {
        let mut output = Tensor::filled(SHAPE, 2, 0.0);
        unary(Activation::Gelu, input.view(), output.view_mut(), isa, &threads).unwrap();
        unary_in_place(Activation::Silu, output.view_mut(), isa, &threads);
        affine(input.view(), &values, &values, Activation::Tanh, output.view_mut(), isa, &threads).unwrap();
        binary(Binary::Mul, input.view(), input.view(), Activation::Relu, output.view_mut(), isa, &threads).unwrap();
        binary_in_place(Binary::Add, output.view_mut(), input.view(), Activation::Identity, isa, &threads).unwrap();
        softmax(input.view(), output.view_mut(), isa, &threads).unwrap();
        layer_norm(input.view(), &values, &values, 1e-5, output.view_mut(), isa, &threads).unwrap();
        let norm = LocalResponseNorm { size: 3, alpha: 1.0, beta: 0.75, k: 1.0 };
        local_response_norm(norm, input.view(), output.view_mut(), isa, &threads).unwrap();
        gather_channels(input.view(), &[4, 0, 1, 1, 2], output.view_mut(), &threads).unwrap();
        assert!(output.gaps_are_untouched());
        let mut pooled = Tensor::filled(spec.output_shape(SHAPE).unwrap(), 1, 0.0);
        pool(&spec, input.view(), pooled.view_mut(), isa, &threads).unwrap();
        let mut pooled = Tensor::filled([1, 2, 1, 5], 1, 0.0);
        let mean = PoolKind::Average { count_padding: false };
        adaptive_pool(mean, input.view(), pooled.view_mut(), isa, &threads).unwrap();
        let dense = Dense::pack(5, 3, &numbers(15, 5), Some(&numbers(3, 6)), isa).unwrap();
        let mut output = Tensor::filled([1, 3, 4, 3], 1, 0.0);
        dense.run(input.view(), None, Activation::HardSwish, output.view_mut(), &threads).unwrap();
        let conv = PackedConv::pack(&ConvSpec::new(5, 3, [1, 1]), &numbers(15, 5), None, Algorithm::Pointwise, isa).unwrap();
        let prologue = Prologue { scale: &values, shift: Some(&values), activation: Activation::Silu };
        let mut workspace = vec![0.0; conv.prologue_workspace_len(&threads)];
        let to = output.view_mut();
        conv.run_after(&prologue, input.view(), None, Activation::Relu, to, &mut workspace, &threads).unwrap();
        assert!(output.gaps_are_untouched());
        for transposed in [false, true] {
            let spec = MatMulSpec { m: 3, k: 4, n: 5, a_transposed: transposed, b_transposed: transposed, scale: 1.0 };
            let product = MatMul::new(spec, isa).unwrap();
            let (a, b, mut out) = (numbers(24, 7), numbers(40, 8), [0.0; 30]);
            let mut workspace = vec![0.0; product.workspace_len(&threads)];
            product.run(2, &a, &b, &mut out, &mut workspace, &threads).unwrap();
        }
    }
    let mut nchw = vec![0.0; 60];
    nhwc_to_nchw(input.view(), &mut nchw, &threads).unwrap();
    let mut back = Tensor::filled(SHAPE, 0, 0.0);
    nchw_to_nhwc(&nchw, back.view_mut(), &threads).unwrap();
    assert_eq!(back.data, input.dense());
    permute(&nchw, &[1, 5, 3, 4], &[3, 2, 1, 0], &mut back.data, &threads).unwrap();
}

#[test]
fn every_gradient_of_a_convolution() {
    let specs = [
        ConvSpec::new(9, 10, [3, 3]).padding(1),
        ConvSpec::new(3, 5, [3, 3]).padding(1).stride(2),
        ConvSpec::new(9, 4, [1, 1]).stride(2),
        ConvSpec::new(4, 6, [2, 3]).dilation(2).padding(2).groups(2),
        ConvSpec::new(4, 6, [2, 2]).stride(2).groups(2),
        ConvSpec::new(3, 3, [3, 3]).padding(1).stride(2).groups(3),
        ConvSpec::new(3, 3, [2, 2]).groups(3),
        ConvSpec::new(9, 5, [1, 1]).padding(1),
    ];
    let mut prologues = 0;
    for (spec, count) in specs.iter().zip([1, 2, 1, 2, 1, 2, 1, 1]) {
        let threads = Threads::new(count);
        let input = Tensor::random([1, 3, 5, spec.in_channels], 1, 1);
        let gradient = Tensor::random(spec.output_shape(input.shape).unwrap(), 2, 3);
        let weight = numbers(spec.weight_len(), 2);
        let expected = conv_gradients(spec, &input, &weight, &gradient);
        for isa in Isa::available() {
            let training = ConvTraining::new(spec, input.shape, isa).unwrap();
            let mut scratch = Scratch::default();
            let (mut to_input, mut output) = (Tensor::filled(input.shape, 1, f32::NAN), Tensor::filled(gradient.shape, 0, f32::NAN));
            let (mut to_weight, mut to_bias) = (vec![f32::NAN; weight.len()], vec![f32::NAN; spec.out_channels]);
            let to = output.view_mut();
            training.forward(input.view(), &weight, None, None, Activation::Relu, to, &mut scratch, &threads).unwrap();
            training.input_gradient(gradient.view(), &weight, to_input.view_mut(), &mut scratch, &threads).unwrap();
            let bias = Some(&mut to_bias[..]);
            training.weight_gradient(input.view(), gradient.view(), &mut to_weight, bias, &mut scratch, &threads).unwrap();
            close(&to_input.dense(), &expected.input.0, |_| 30.0 * sum_bound(90, 20.0), &format!("{isa} {spec:?}"));
            close(&to_weight, &expected.weight.0, |_| 30.0 * sum_bound(15, 15.0), &format!("{isa} {spec:?}"));
            close(&to_bias, &expected.bias.0, |_| sum_bound(15, 15.0), &format!("{isa} {spec:?}"));
            assert!(to_input.gaps_are_untouched());
            if training.takes_prologue() {
                prologues += 1;
                let (ones, zeros) = (vec![1.0; spec.in_channels], vec![0.0; spec.in_channels]);
                let prologue = Prologue { scale: &ones, shift: Some(&zeros), activation: Activation::Identity };
                let unchanged = Input { map: input.view(), prologue: Some(&prologue) };
                let (mut again, mut weight_again) = (Tensor::filled(gradient.shape, 0, f32::NAN), vec![f32::NAN; weight.len()]);
                training.forward(unchanged, &weight, None, None, Activation::Relu, again.view_mut(), &mut scratch, &threads).unwrap();
                training.weight_gradient(unchanged, gradient.view(), &mut weight_again, None, &mut scratch, &threads).unwrap();
                assert!(again.data == output.data && weight_again == to_weight, "{isa} {spec:?}");
            }
        }
    }
    assert!(prologues >= Isa::available().len(), "of a 1x1 convolution");
}

/// As [`everything_else`].
#[test]
fn the_rest_of_a_training_step() {
    let threads = Threads::new(1);
    let (input, gradient) = (Tensor::random(SHAPE, 1, 1), Tensor::random(SHAPE, 2, 2));
    let values = numbers(5, 2);
    for isa in Isa::available() {
        let mut scratch = Scratch::default();
        let (mut output, mut into) = (Tensor::filled(SHAPE, 2, 0.0), Tensor::filled(SHAPE, 1, 0.0));
        unary_backward(Activation::Gelu, input.view(), gradient.view(), output.view_mut(), isa, &threads).unwrap();
        for (activation, residual) in [(Activation::Relu, true), (Activation::Silu, false)] {
            let norm = BatchNorm { gamma: &values, beta: &values, epsilon: 1e-5, activation };
            let [mut mean, mut variance, mut inverse, mut gamma, mut beta] = [[0.0; 5]; 5];
            let statistics = Statistics { mean: &mut mean, variance: &mut variance, inverse: &mut inverse };
            let added = residual.then(|| gradient.view());
            norm.forward(input.view(), added, output.view_mut(), statistics, &mut scratch, isa, &threads).unwrap();
            let mut to_residual = Tensor::filled(SHAPE, 3, 0.0);
            let gradients = BatchNormGradients {
                input: into.view_mut(),
                accumulate: false,
                residual: residual.then(|| to_residual.view_mut()),
                gamma: &mut gamma,
                beta: &mut beta,
            };
            let y = residual.then(|| output.view());
            norm.backward(input.view(), y, gradient.view(), &mean, &inverse, gradients, &mut scratch, isa, &threads).unwrap();
            assert!(to_residual.gaps_are_untouched());
        }
        assert!(output.gaps_are_untouched() && into.gaps_are_untouched());
        for kind in [PoolKind::Max, PoolKind::Average { count_padding: true }] {
            let spec = PoolSpec { stride: [2, 2], padding: [[1, 1], [1, 0]], ..PoolSpec::new(kind, 3) };
            let pooled = Tensor::random(spec.output_shape(SHAPE).unwrap(), 1, 3);
            pool_backward(&spec, input.view(), pooled.view(), into.view_mut(), isa, &threads).unwrap();
            let pooled = Tensor::random([1, 2, 1, 5], 1, 3);
            adaptive_pool_backward(kind, input.view(), pooled.view(), into.view_mut(), isa, &threads).unwrap();
        }
        let mut sums = Tensor::filled([1, 1, 1, 5], 1, 0.0);
        sum_pixels(input.view(), Some(gradient.view()), sums.view_mut(), isa, &threads).unwrap();
        for rows in [3, 257] {
            let (x, g) = (Tensor::random([rows, 1, 1, 5], 1, 1), Tensor::random([rows, 1, 1, 3], 2, 1));
            let (mut y, mut to) = (Tensor::filled(g.shape, 0, 0.0), Tensor::filled(x.shape, 1, 0.0));
            let (mut weight, mut bias) = (numbers(15, 5), numbers(3, 6));
            let layer = DenseTraining::new(rows, 5, 3, isa).unwrap();
            layer.forward(x.view(), &weight, Some(&bias), y.view_mut(), &mut scratch, &threads).unwrap();
            layer.input_gradient(g.view(), &weight, to.view_mut(), &mut scratch, &threads).unwrap();
            layer.weight_gradient(x.view(), g.view(), &mut weight, Some(&mut bias), &mut scratch, &threads).unwrap();
            assert!(to.gaps_are_untouched());
        }
        let (mut parameter, mut first, mut second) = (numbers(70, 1), vec![0.0; 70], vec![0.0; 70]);
        let slope = numbers(70, 2);
        let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.1, dampening: 0.0 };
        sgd.step(&mut parameter, &slope, Some(&mut first), true, isa, &threads).unwrap();
        let adam = AdamW { learning_rate: 0.1, betas: [0.9, 0.99], epsilon: 1e-8, weight_decay: 0.1 };
        adam.step(&mut parameter, &slope, &mut first, &mut second, 1, isa, &threads).unwrap();
        scale(&mut parameter, 0.5, isa, &threads);
        assert!(sum_of_squares(&parameter, isa, &threads) > 0.0);
    }
}
