//! Convolutions against a naive one in f64, over random shapes, for each instruction set of this machine.
//!
//! Bound: `(4 + sqrt(K)) eps` of the sum of the products' magnitudes, with K products; see each test for other algorithms.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{GAP, THREADS, Tensor, close, conv, numbers, sum_bound};
use proptest::prelude::*;
use zoo_kernels::{Activation, Algorithm, ConvSpec, Isa, PackedConv, Prologue, candidates};

#[derive(Debug, Clone)]
struct Case {
    spec: ConvSpec,
    input: [usize; 4],
    gaps: [usize; 3],
    bias: bool,
    residual: bool,
    activation: Activation,
    seed: u64,
}

fn activations() -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::Identity),
        Just(Activation::Relu),
        Just(Activation::Relu6),
        Just(Activation::Clamp(-0.5, 0.75)),
        Just(Activation::HardSwish),
        Just(Activation::Silu),
    ]
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Clamp(low, high) => x.clamp(f64::from(low), f64::from(high)),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Silu => x / (1.0 + (-x).exp()),
        _ => x,
    }
}

/// Kernels up to 7, with all else that a convolution can have; `channels` gives groups, inputs and outputs of a group.
fn cases(channels: impl Strategy<Value = (usize, usize, usize)>, kernels: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let geometry = (kernels.clone(), kernels, 1..4_usize, 1..3_usize, 0..4_usize, 0..3_usize);
    let size = (1..3_usize, 1..18_usize, 1..18_usize);
    let rest = (prop::array::uniform3(0..5_usize), any::<bool>(), any::<bool>(), activations(), any::<u64>());
    (channels, geometry, size, rest).prop_filter_map("the kernel is larger than the input", |(channels, g, size, rest)| {
        let (groups, ins, outs) = channels;
        let mut spec = ConvSpec::new(groups * ins, groups * outs, [g.0, g.1]).stride(g.2).dilation(g.3).groups(groups);
        spec.padding = [[g.4, g.5], [g.5, g.4]];
        let input = [size.0, size.1, size.2, groups * ins];
        let (gaps, bias, residual, activation, seed) = rest;
        spec.output_shape(input).ok()?;
        Some(Case { spec, input, gaps, bias, residual, activation, seed })
    })
}

/// `bound(terms, size)` for a sum before the activation.
fn check(case: &Case, algorithm: Algorithm, bound: impl Fn(usize, f64) -> f64) {
    let spec = &case.spec;
    let input = Tensor::random(case.input, case.gaps[0], case.seed);
    let weight = numbers(spec.weight_len(), case.seed ^ 1);
    let bias = case.bias.then(|| numbers(spec.out_channels, case.seed ^ 2));
    let shape = spec.output_shape(case.input).unwrap();
    let residual = case.residual.then(|| Tensor::random(shape, case.gaps[1], case.seed ^ 3));
    let (mut expected, mut sizes) = conv(spec, &input, &weight, bias.as_deref());
    if let Some(residual) = &residual {
        for (i, value) in residual.dense().into_iter().enumerate() {
            expected[i] += f64::from(value);
            sizes[i] += f64::from(value.abs());
        }
    }
    expected.iter_mut().for_each(|x| *x = activate(case.activation, *x));
    let terms = spec.weight_len() / spec.out_channels;
    for isa in Isa::available() {
        let packed = PackedConv::pack(spec, &weight, bias.as_deref(), algorithm, isa).unwrap();
        let mut output = Tensor::filled(shape, case.gaps[2], f32::NAN);
        let mut workspace = vec![f32::NAN; packed.workspace_len(case.input, &THREADS).unwrap()];
        let added = residual.as_ref().map(Tensor::view);
        packed.run(input.view(), added, case.activation, output.view_mut(), &mut workspace, &THREADS).unwrap();
        let what = format!("{} on {isa}: {case:?}", algorithm.name());
        // No activation here has a slope above 1.1 or an error of its own above a few eps.
        close(&output.dense(), &expected, |i| 1.1 * bound(terms, sizes[i]) + 1e-6 * expected[i].abs(), &what);
        assert!(output.gaps_are_untouched(), "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn direct(case in cases((Just(1), 1..40_usize, 1..70_usize), 1..6)) {
        check(&case, Algorithm::Direct, sum_bound);
    }

    #[test]
    fn stem(case in cases((Just(1), 1..5_usize, 1..40_usize), 1..8)) {
        if case.spec.dilation[1] == 1 {
            check(&case, Algorithm::Stem, sum_bound);
        }
    }

    #[test]
    fn pointwise(mut case in cases((Just(1), 1..100_usize, 1..100_usize), 1..2)) {
        case.spec.padding = [[0; 2]; 2];
        check(&case, Algorithm::Pointwise, sum_bound);
    }

    #[test]
    fn depthwise(case in cases((2..70_usize, Just(1), Just(1)), 1..8)) {
        check(&case, Algorithm::Depthwise, sum_bound);
    }

    #[test]
    fn square_depthwise(mut case in cases((2..70_usize, Just(1), Just(1)), 1..2), kernel in 1..4_usize, stride in 1..3_usize) {
        let kernel = 2 * kernel + 1;
        case.spec = ConvSpec::new(case.spec.in_channels, case.spec.out_channels, [kernel; 2])
            .stride(stride).padding(kernel / 2).groups(case.spec.groups);
        check(&case, Algorithm::Depthwise, sum_bound);
    }

    #[test]
    fn winograd_of_any_shape(case in cases((Just(1), 1..40_usize, 1..40_usize), 1..4)) {
        winograd(&case);
    }

    #[test]
    fn grouped(case in cases((1..9_usize, 1..12_usize, 1..20_usize), 1..4)) {
        check(&case, Algorithm::Grouped, sum_bound);
    }
}

/// Winograd's transforms add rounding errors: at most 2 times the bound of direct sums for tiles of 4x4, 15 times for 6x6. The
/// magnitudes are those of the largest output nearby, as a tile's values share them.
fn winograd(case: &Case) {
    let mut case = case.clone();
    case.spec.stride = [1, 1];
    case.spec.dilation = [1, 1];
    for (kernel, algorithm, factor) in [(3, Algorithm::Winograd2, 2.0), (3, Algorithm::Winograd4, 15.0), (5, Algorithm::Winograd5, 15.0)] {
        case.spec.kernel = [kernel; 2];
        if case.spec.output_shape(case.input).is_ok() {
            let size = (kernel * kernel * case.spec.in_channels) as f64;
            check(&case, algorithm, |terms, _| factor * sum_bound(terms, 0.25 * size + 2.0));
        }
    }
}

/// Channels for which threads share the steps instead of the tiles.
#[test]
fn winograd_in_passes() {
    for (inputs, outputs) in [(130, 70), (33, 200)] {
        let spec = ConvSpec::new(inputs, outputs, [3, 3]).padding(1);
        let (input, activation) = ([2, 5, 6, inputs], Activation::Relu);
        winograd(&Case { spec, input, gaps: [0, 1, 2], bias: true, residual: true, activation, seed: 3 });
    }
}

/// Long sums, which are cut into chunks, with panels left over.
#[test]
fn deep_sums() {
    for (inputs, outputs, kernel) in [(1500, 23, 1), (300, 17, 3), (1100, 40, 2)] {
        let spec = ConvSpec::new(inputs, outputs, [kernel; 2]).padding(kernel / 2);
        let input = [1, 4, 3, inputs];
        for (residual, activation) in [(true, Activation::Relu), (false, Activation::Silu)] {
            let case = Case { spec, input, gaps: [1, 0, 2], bias: true, residual, activation, seed: 9 };
            check(&case, Algorithm::Direct, sum_bound);
        }
    }
}

/// A prologue is what `affine` does before, per channel and per channel of each picture.
#[test]
fn prologues() {
    for (inputs, outputs, side, each) in [(20, 33, 7, false), (300, 40, 3, true), (16, 700, 2, true), (64, 16, 20, false)] {
        let spec = ConvSpec::new(inputs, outputs, [1, 1]);
        let shape = [2, side, side, inputs];
        let input = Tensor::random(shape, 3, 1);
        let weight = numbers(spec.weight_len(), 2);
        let (scale, shift) = (numbers(if each { 2 } else { 1 } * inputs, 3), numbers(inputs, 4));
        for (shift, before) in [(Some(&shift[..]), Activation::Relu), (None, Activation::Silu)] {
            let mut changed = Tensor::random(shape, 0, 1);
            for (i, x) in changed.data.iter_mut().enumerate() {
                let (image, c) = (if each { i / (side * side * inputs) } else { 0 }, i % inputs);
                *x = activate(before, f64::from(*x * scale[image * inputs + c] + shift.map_or(0.0, |s| s[c]))) as f32;
            }
            let (expected, sizes) = conv(&spec, &changed, &weight, None);
            for isa in Isa::available() {
                let packed = PackedConv::pack(&spec, &weight, None, Algorithm::Pointwise, isa).unwrap();
                let prologue = Prologue { scale: &scale, shift, activation: before };
                let mut output = Tensor::filled([2, side, side, outputs], 1, f32::NAN);
                let mut workspace = vec![f32::NAN; packed.prologue_workspace_len(&THREADS)];
                let mut run = |prologue: &Prologue<'_>, workspace: &mut [f32]| {
                    let to = output.view_mut();
                    packed.run_after(prologue, input.view(), None, Activation::Identity, to, workspace, &THREADS)
                };
                run(&prologue, &mut workspace).unwrap();
                assert!(run(&Prologue { scale: &scale[1..], ..prologue }, &mut workspace).is_err());
                assert!(run(&prologue, &mut workspace[1..]).is_err());
                close(&output.dense(), &expected, |i| 2.0 * sum_bound(inputs, sizes[i]), &format!("{isa} {spec:?}"));
                assert!(output.gaps_are_untouched());
            }
        }
    }
}

/// Whatever algorithm is proposed, a number that is not finite never gives a finite one where PyTorch has none.
#[test]
fn infinity_and_nan_stay() {
    let specs = [
        ConvSpec::new(3, 20, [3, 3]).padding(1),
        ConvSpec::new(16, 20, [3, 3]).padding(1),
        ConvSpec::new(16, 20, [1, 1]),
        ConvSpec::new(16, 16, [3, 3]).padding(1).groups(16),
        ConvSpec::new(16, 8, [3, 3]).padding(1).groups(4),
    ];
    for spec in specs {
        let shape = [1, 9, 9, spec.in_channels];
        for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut input = Tensor::random(shape, 0, 4);
            input.data[(4 * 9 + 5) * spec.in_channels + 1] = poison;
            let weight = numbers(spec.weight_len(), 5);
            let (expected, _) = conv(&spec, &input, &weight, None);
            for isa in Isa::available() {
                for algorithm in candidates(&spec, shape, isa).unwrap() {
                    for activation in [Activation::Identity, Activation::Relu] {
                        let packed = PackedConv::pack(&spec, &weight, None, algorithm, isa).unwrap();
                        let mut output = Tensor::filled(spec.output_shape(shape).unwrap(), 0, GAP);
                        let mut workspace = vec![0.0; packed.workspace_len(shape, &THREADS).unwrap()];
                        packed.run(input.view(), None, activation, output.view_mut(), &mut workspace, &THREADS).unwrap();
                        for (i, (&found, &want)) in output.data.iter().zip(&expected).enumerate() {
                            let want = if activation == Activation::Relu && want < 0.0 { 0.0 } else { want };
                            let fine = !found.is_finite() || want.is_finite() && (f64::from(found) - want).abs() < 1e-3;
                            assert!(fine, "{algorithm:?} {isa} {poison}: element {i} is {found} for {want}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let spec = ConvSpec::new(4, 8, [3, 3]);
    let weight = vec![0.0; spec.weight_len()];
    let isa = Isa::SCALAR;
    assert!(PackedConv::pack(&spec, &weight[1..], None, Algorithm::Direct, isa).is_err());
    assert!(PackedConv::pack(&spec, &weight, Some(&[0.0; 7]), Algorithm::Direct, isa).is_err());
    assert!(PackedConv::pack(&spec, &weight, None, Algorithm::Pointwise, isa).is_err());
    assert!(PackedConv::pack(&spec, &weight, None, Algorithm::Depthwise, isa).is_err());
    assert!(PackedConv::pack(&spec.groups(3), &weight, None, Algorithm::Grouped, isa).is_err());
    let packed = PackedConv::pack(&spec, &weight, None, Algorithm::Stem, isa).unwrap();
    let input = Tensor::random([1, 5, 5, 4], 0, 1);
    let run = |shape, workspace: usize| {
        let mut output = Tensor::filled(shape, 0, 0.0);
        let mut workspace = vec![0.0; workspace];
        packed.run(input.view(), None, Activation::Identity, output.view_mut(), &mut workspace, &THREADS)
    };
    assert!(run([1, 3, 3, 8], 10_000).is_ok());
    assert!(run([1, 3, 4, 8], 10_000).is_err());
    assert!(run([1, 3, 3, 8], 3).is_err());
    assert!(spec.output_shape([1, 2, 5, 4]).is_err());
}
