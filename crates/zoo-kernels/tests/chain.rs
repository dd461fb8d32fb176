//! Chains of convolutions against the same convolutions one by one, which have tests of their own.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{THREADS, Tensor, numbers};
use proptest::prelude::*;
use zoo_kernels::{Activation, Algorithm, Chain, ConvSpec, Isa, KernelError, PackedConv, Threads};

#[derive(Debug, Clone)]
struct Case {
    input: [usize; 4],
    /// Channels before and after.
    expanded: Option<usize>,
    projected: Option<usize>,
    kernel: [usize; 2],
    stride: usize,
    padding: [[usize; 2]; 2],
    gaps: [usize; 3],
    residual: bool,
    threads: usize,
    seed: u64,
}

impl Case {
    fn specs(&self) -> Vec<(ConvSpec, Algorithm, Activation)> {
        let wide = self.expanded.unwrap_or(self.input[3]);
        let mut filter = ConvSpec::new(wide, wide, self.kernel).stride(self.stride).groups(wide);
        filter.padding = self.padding;
        let expand = self.expanded.map(|wide| (ConvSpec::new(self.input[3], wide, [1, 1]), Algorithm::Pointwise, Activation::Relu6));
        let project = self.projected.map(|narrow| (ConvSpec::new(wide, narrow, [1, 1]), Algorithm::Pointwise, Activation::Identity));
        expand.into_iter().chain([(filter, Algorithm::Depthwise, Activation::HardSwish)]).chain(project).collect()
    }

    fn check(&self) {
        let (input, threads) = (Tensor::random(self.input, self.gaps[0], self.seed), Threads::new(self.threads));
        let specs = self.specs();
        let last = specs.len() - 1;
        for isa in Isa::available() {
            let packed: Vec<PackedConv> = (1..)
                .zip(&specs)
                .map(|(salt, (spec, algorithm, _))| {
                    let (weight, bias) = (numbers(spec.weight_len(), self.seed + salt), numbers(spec.out_channels, self.seed + 10 * salt));
                    PackedConv::pack(spec, &weight, Some(&bias), *algorithm, isa).unwrap()
                })
                .collect();
            let mut expected = Tensor::from_dense(&input.dense(), self.input, 0);
            let residual = {
                let shape = specs.iter().fold(self.input, |shape, (spec, ..)| spec.output_shape(shape).unwrap());
                self.residual.then(|| Tensor::random(shape, self.gaps[1], self.seed + 7))
            };
            for (index, (conv, (spec, _, activation))) in packed.iter().zip(&specs).enumerate() {
                let mut next = Tensor::filled(spec.output_shape(expected.shape).unwrap(), 0, f32::NAN);
                let added = residual.as_ref().filter(|_| index == last).map(Tensor::view);
                conv.run(expected.view(), added, *activation, next.view_mut(), &mut [], &THREADS).unwrap();
                expected = next;
            }
            let stages: Vec<_> = packed.iter().zip(&specs).map(|(conv, (.., activation))| (conv, *activation)).collect();
            let chain = Chain::new(&stages).unwrap();
            assert_eq!(chain.output_shape(self.input).unwrap(), expected.shape);
            let mut workspace = vec![f32::NAN; chain.workspace_len(self.input, &threads).unwrap()];
            let mut output = Tensor::filled(expected.shape, self.gaps[2], f32::NAN);
            chain.run(input.view(), residual.as_ref().map(Tensor::view), output.view_mut(), &mut workspace, &threads).unwrap();
            let largest = expected.dense().iter().fold(1.0_f32, |all, x| all.max(x.abs()));
            for (found, expected) in output.dense().iter().zip(expected.dense()) {
                assert!((found - expected).abs() <= 1e-6 * largest, "{found} for {expected} on {isa}: {self:?}");
            }
            assert!(output.gaps_are_untouched(), "{self:?}");
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let size = (1..3_usize, 1..18_usize, 1..18_usize, 1..20_usize);
    let channels = (prop::option::of(2..70_usize), prop::option::of(1..40_usize));
    let window = (1..6_usize, 1..6_usize, 1..3_usize, 0..4_usize, 0..3_usize);
    let rest = (prop::array::uniform3(0..5_usize), any::<bool>(), 1..4_usize, any::<u32>());
    (size, channels, window, rest).prop_filter_map(
        "the chain has one link, or the kernel is larger than the input",
        |(size, channels, window, rest)| {
            let (gaps, residual, threads, seed) = rest;
            let case = Case {
                input: [size.0, size.1, size.2, size.3 + 1],
                expanded: channels.0,
                projected: channels.1,
                kernel: [window.0, window.1],
                stride: window.2,
                padding: [[window.3, window.4], [window.4, window.3]],
                gaps,
                residual,
                threads,
                seed: seed.into(),
            };
            let specs = case.specs();
            specs.iter().try_fold(case.input, |shape, (spec, ..)| spec.output_shape(shape)).ok()?;
            (specs.len() > 1).then_some(case)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_shape(case in cases()) {
        case.check();
    }
}

/// Maps of which a thread keeps a few rows alone: wide ones, both strides, kernels that overlap by one to four rows.
#[test]
fn maps_that_do_not_fit_are_done_some_rows_at_a_time() {
    for (kernel, stride, height, threads) in [(3, 1, 23, 1), (3, 2, 24, 2), (5, 1, 17, 2), (5, 2, 30, 1), (1, 1, 12, 3), (2, 2, 11, 2)] {
        for (expanded, projected) in [(Some(300), Some(24)), (Some(300), None), (None, Some(24))] {
            let channels = if expanded.is_some() { 9 } else { 300 };
            let (input, padding) = ([2, height, 61, channels], [[kernel / 2; 2]; 2]);
            let kernel = [kernel; 2];
            Case { input, expanded, projected, kernel, stride, padding, gaps: [1, 2, 3], residual: true, threads, seed: 5 }.check();
        }
    }
}

#[test]
fn other_chains_are_refused() {
    let isa = Isa::detect();
    let pack = |spec: ConvSpec, algorithm| PackedConv::pack(&spec, &vec![0.0; spec.weight_len()], None, algorithm, isa).unwrap();
    let point = pack(ConvSpec::new(4, 6, [1, 1]), Algorithm::Pointwise);
    let strided = pack(ConvSpec::new(4, 6, [1, 1]).stride(2), Algorithm::Pointwise);
    let filter = pack(ConvSpec::new(6, 6, [3, 3]).groups(6), Algorithm::Depthwise);
    let dilated = pack(ConvSpec::new(6, 6, [3, 3]).groups(6).dilation(2), Algorithm::Depthwise);
    let none = Activation::Identity;
    for stages in [
        vec![(&point, none)],
        vec![(&filter, none), (&filter, none)],
        vec![(&strided, none), (&filter, none)],
        vec![(&point, none), (&dilated, none)],
    ] {
        assert!(matches!(Chain::new(&stages), Err(KernelError::Setting { .. })));
    }
    assert!(matches!(Chain::new(&[(&filter, none), (&point, none)]), Err(KernelError::Shape { .. })));
    let chain = Chain::new(&[(&point, none), (&filter, none)]).unwrap();
    let input = Tensor::filled([1, 5, 5, 4], 0, 1.0);
    let threads = Threads::new(1);
    let mut output = Tensor::filled([1, 3, 3, 6], 0, 0.0);
    assert!(chain.run(input.view(), None, output.view_mut(), &mut [], &threads).is_err(), "the workspace is too short");
    let mut wrong = Tensor::filled([1, 3, 4, 6], 0, 0.0);
    assert!(chain.run(input.view(), None, wrong.view_mut(), &mut [0.0; 4096], &threads).is_err());
}
