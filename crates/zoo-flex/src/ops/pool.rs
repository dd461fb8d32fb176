//! Pooling.

use std::sync::OnceLock;

use burn_flex::FlexTensor;
use zoo_kernels::{PoolKind, PoolSpec, Shape, adaptive_pool, adaptive_pool_backward, pool, pool_backward};

use crate::map::{Fresh, Map, with};
use crate::operation::{Operation, Run};
use crate::run::done;

/// How a map is pooled.
#[derive(Debug)]
pub(crate) enum Rule {
    Windows(PoolSpec),
    /// Means of so many windows.
    Adaptive([usize; 2]),
}

/// Input: map.
#[derive(Debug)]
pub(crate) struct Pool {
    rule: Rule,
    /// Of the map, which averages do not keep.
    input: OnceLock<Shape>,
}

const MEAN: PoolKind = PoolKind::Average { count_padding: false };

impl Pool {
    pub fn new(rule: Rule) -> Self {
        Self { rule, input: OnceLock::new() }
    }

    fn is_max(&self) -> bool {
        matches!(&self.rule, Rule::Windows(PoolSpec { kind: PoolKind::Max, .. }))
    }
}

impl Operation for Pool {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let (isa, threads) = with();
        let x = Map::of(inputs[0].clone());
        self.input.get_or_init(|| x.shape());
        let [batch, _, _, channels] = x.shape();
        let output = match &self.rule {
            Rule::Windows(spec) => {
                let mut output = Fresh::new(done(spec.output_shape(x.shape())));
                done(pool(spec, x.view(), output.view_mut(), isa, threads));
                output
            }
            Rule::Adaptive([height, width]) => {
                let mut output = Fresh::new([batch, *height, *width, channels]);
                done(adaptive_pool(MEAN, x.view(), output.view_mut(), isa, threads));
                output
            }
        };
        (output.into_tensor(), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        if self.is_max() { vec![0] } else { vec![] }
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let Some(&shape) = self.input.get() else { unreachable!("forward comes first") };
        let gradient = Map::of(run.gradient.clone());
        // Averages ignore the input's values.
        let x = if self.is_max() { Map::of(run.input(0)) } else { Map::of(Fresh::new(shape).into_tensor()) };
        let mut into = Fresh::new(shape);
        match &self.rule {
            Rule::Windows(spec) => done(pool_backward(spec, x.view(), gradient.view(), into.view_mut(), isa, threads)),
            Rule::Adaptive(_) => done(adaptive_pool_backward(MEAN, x.view(), gradient.view(), into.view_mut(), isa, threads)),
        }
        vec![Some(into.into_tensor())]
    }

    fn is_light(&self) -> bool {
        !self.is_max()
    }
}
