//! A map with several users.
//!
//! Burn adds the gradients of a tensor's users as Flex adds: one thread, and for maps that lie channels last element by element.
//! Here the users' gradients meet in an [`Accumulator`]: each user gets the map through a [`Branch`], whose backward pass puts its
//! gradient there and hands on a token, a tensor of one number. When Burn comes to the [`Fork`] behind all branches, it has added
//! tokens, and the sum of the gradients is taken from the accumulator. Branches that nobody used are not asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn_flex::FlexTensor;
use zoo_kernels::Activation;

use crate::map::{Fresh, Map, written};
use crate::operation::{Operation, Run};
use crate::ops::pointwise::sum;

/// Where gradients meet.
#[derive(Debug, Default)]
pub(crate) struct Accumulator(Mutex<Option<Sum>>);

#[derive(Debug)]
enum Sum {
    /// One gradient, whose memory others may read.
    One(FlexTensor),
    /// A sum that nobody else has seen.
    Own(Fresh),
}

impl Accumulator {
    fn lock(&self) -> MutexGuard<'_, Option<Sum>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, gradient: FlexTensor) {
        let mut so_far = self.lock();
        *so_far = Some(match so_far.take() {
            None => Sum::One(gradient),
            Some(Sum::One(before)) => Sum::Own(sum(&Map::of(before), &Map::of(gradient), Activation::Identity)),
            Some(Sum::Own(before)) => Sum::Own(before.plus(&Map::of(gradient))),
        });
    }

    pub fn take(&self) -> Option<FlexTensor> {
        self.lock().take().map(|sum| match sum {
            Sum::One(one) => one,
            Sum::Own(own) => own.into_tensor(),
        })
    }
}

/// Stands for a gradient that lies in an accumulator.
pub(crate) fn token() -> FlexTensor {
    written(&[1], |number| number.fill(1.0))
}

/// Input: map.
#[derive(Debug)]
pub(crate) struct Fork(pub Arc<Accumulator>);

impl Operation for Fork {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (inputs[0].clone(), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, _run: Run<'_>) -> Vec<Option<FlexTensor>> {
        vec![self.0.take()]
    }

    fn is_light(&self) -> bool {
        true
    }
}

/// Input: what a fork gave.
#[derive(Debug)]
pub(crate) struct Branch(pub Arc<Accumulator>);

impl Operation for Branch {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (inputs[0].clone(), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        self.0.add(run.gradient);
        vec![Some(token())]
    }

    fn is_light(&self) -> bool {
        true
    }
}
