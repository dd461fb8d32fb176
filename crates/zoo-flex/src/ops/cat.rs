//! Concatenation along the channels.

use burn_flex::FlexTensor;
use zoo_kernels::{Activation, Shape, unary};

use crate::map::{Fresh, Map, with};
use crate::operation::{Operation, Run};
use crate::run::done;

/// Inputs: maps with these channels.
#[derive(Debug)]
pub(crate) struct Cat(pub Vec<usize>);

/// All maps side by side.
pub(crate) fn joined(maps: &[Map]) -> FlexTensor {
    let (isa, threads) = with();
    let channels: usize = maps.iter().map(|map| map.shape()[3]).sum();
    let [batch, height, width, _] = maps.first().map_or([0; 4], Map::shape);
    let shape: Shape = [batch, height, width, channels];
    let mut output = Fresh::new(shape);
    let mut start = 0;
    for map in maps {
        let len = map.shape()[3];
        done(unary(Activation::Identity, map.view(), output.channels_mut(start, len), isa, threads));
        start += len;
    }
    output.into_tensor()
}

/// The parts of a concatenation, without copies.
pub(crate) fn parts(whole: &Map, channels: &[usize]) -> Vec<FlexTensor> {
    let mut start = 0;
    let part = |&len: &usize| {
        start += len;
        whole.channels(start - len, len)
    };
    channels.iter().map(part).collect()
}

impl Operation for Cat {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (joined(&inputs.iter().cloned().map(Map::of).collect::<Vec<_>>()), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        parts(&Map::of(run.gradient), &self.0).into_iter().map(Some).collect()
    }

    fn is_light(&self) -> bool {
        true
    }
}
