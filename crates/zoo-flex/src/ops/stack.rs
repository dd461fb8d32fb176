//! The maps of a dense block, which are normalised, activated and convolved without being concatenated for each layer.
//!
//! They lie side by side in one [`Wide`] map, of which a layer reads the channels so far. What is between them and a layer's
//! convolution (the normalised concatenation, which grows with the square of the depth) is not kept. Gradients go through [`Sums`] and tokens
//! (see [`fork`](super::fork)):
//! each map's [`Part`] depends on the one before, so that Burn comes to it after all layers that read the map.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::backend::DispatchTensor;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use zoo_kernels::{Activation, Binary, Shape, Statistics, View, ViewMut, batch_statistics, binary_in_place, unary};

use crate::map::{Fresh, Map, with};
use crate::operation::{Operation, Run, apply, map};
use crate::ops::fork::token;
use crate::ops::norm::{Batch, Collected};
use crate::ops::norm_conv::Fused;
use crate::run::{done, scratch};

/// Maps of one size, and where their gradients are summed.
#[derive(Debug, Clone)]
pub(crate) struct Stacked {
    wide: Arc<Mutex<Wide>>,
    sums: Arc<Sums>,
    /// So far; what others put behind them is not seen.
    channels: usize,
    /// The last map's part, which depends on those of all others.
    link: Option<DispatchTensor>,
}

/// Maps side by side, in memory for those to come too.
#[derive(Debug)]
struct Wide {
    values: Fresh,
    channels: usize,
    /// Of the first channels: they are the same for all layers, and found when one asks.
    mean: Vec<f32>,
    variance: Vec<f32>,
}

impl Wide {
    fn push(&mut self, map: &Map) {
        let (isa, threads) = with();
        let [batch, height, width, channels] = map.shape();
        let (before, capacity) = (self.channels, self.values.shape()[3]);
        self.channels += channels;
        if self.channels > capacity {
            let mut wider = Fresh::new([batch, height, width, self.channels.max(2 * capacity)]);
            done(unary(Activation::Identity, self.values.channels(0, before), wider.channels_mut(0, before), isa, threads));
            self.values = wider;
        }
        done(unary(Activation::Identity, map.view(), self.values.channels_mut(before, channels), isa, threads));
    }

    fn view(&self, channels: usize) -> View<'_> {
        self.values.channels(0, channels)
    }

    /// Of the first channels.
    fn statistics(&mut self, channels: usize) -> Batch {
        let (isa, threads) = with();
        let known = self.mean.len();
        if let Some(new @ 1..) = channels.checked_sub(known) {
            self.mean.resize(channels, 0.0);
            self.variance.resize(channels, 0.0);
            let mut inverse = vec![0.0; new];
            let to = Statistics { mean: &mut self.mean[known..], variance: &mut self.variance[known..], inverse: &mut inverse };
            done(scratch(|scratch| batch_statistics(self.values.channels(known, new), 0.0, to, scratch, isa, threads)));
        }
        [&self.mean, &self.variance].map(|numbers| numbers[..channels].to_vec())
    }
}

/// Where the gradients of all maps meet.
#[derive(Debug, Default)]
struct Sums(Mutex<Option<Sum>>);

#[derive(Debug)]
struct Sum {
    values: Fresh,
    /// Channels that have not been taken.
    left: usize,
}

impl Sums {
    fn lock(&self) -> MutexGuard<'_, Option<Sum>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `write` make the gradient of the first channels of `shape`, or add it to what it is given: it is told which.
    fn write(&self, shape: Shape, channels: usize, write: impl FnOnce(ViewMut<'_>, bool)) {
        let mut so_far = self.lock();
        let accumulate = so_far.is_some() || channels < shape[3];
        let sum = so_far.get_or_insert_with(|| {
            let mut values = Fresh::new(shape);
            if accumulate {
                values.clear();
            }
            Sum { values, left: shape[3] }
        });
        write(sum.values.channels_mut(0, channels), accumulate);
    }

    fn take(&self, start: usize, len: usize) -> Option<FlexTensor> {
        let (isa, threads) = with();
        let mut so_far = self.lock();
        let sum = so_far.as_mut()?;
        let [batch, height, width, _] = sum.values.shape();
        let mut part = Fresh::new([batch, height, width, len]);
        done(unary(Activation::Identity, sum.values.channels(start, len), part.view_mut(), isa, threads));
        sum.left -= len;
        if sum.left == 0 {
            *so_far = None;
        }
        Some(part.into_tensor())
    }
}

impl Stacked {
    /// With a first map, and room for as many channels as there will be.
    pub fn new(x: DispatchTensor, values: FlexTensor, channels: usize) -> Self {
        let map = Map::of(values);
        let [batch, height, width, _] = map.shape();
        let wide = Wide { values: Fresh::new([batch, height, width, channels]), channels: 0, mean: vec![], variance: vec![] };
        let mut stack = Self { wide: Arc::new(Mutex::new(wide)), sums: Arc::default(), channels: 0, link: None };
        stack.put(x, &map);
        stack
    }

    /// Puts a map behind the others.
    pub fn push(&mut self, x: DispatchTensor, values: FlexTensor) {
        self.put(x, &Map::of(values));
    }

    fn put(&mut self, x: DispatchTensor, map: &Map) {
        let part = Part { sums: Arc::clone(&self.sums), start: self.channels, len: map.shape()[3] };
        self.lock().push(map);
        self.channels += part.len;
        self.link = Some(apply(Arc::new(part), [x].into_iter().chain(self.link.take()).collect()));
    }

    fn lock(&self) -> MutexGuard<'_, Wide> {
        self.wide.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The link, as the input through which gradients come, and the stack without it: it would keep a graph that is never run
    /// backwards.
    fn apart(&self) -> (DispatchTensor, Self) {
        match &self.link {
            Some(link) => (link.clone(), Self { link: None, ..self.clone() }),
            None => unreachable!("a stack begins with a map"),
        }
    }

    /// All maps side by side.
    pub fn cat(&self) -> Tensor<4> {
        let (link, stack) = self.apart();
        map(Join(stack), vec![link])
    }

    /// Of the gradients of all maps, those of later layers too.
    fn sum(&self, wide: &Wide, write: impl FnOnce(ViewMut<'_>, bool)) {
        let [batch, height, width, _] = wide.values.shape();
        self.sums.write([batch, height, width, wide.channels], self.channels, write);
    }
}

/// Inputs: a map, of which the stack has a copy, and the part before, if there is one. The result is a token.
#[derive(Debug)]
struct Part {
    sums: Arc<Sums>,
    start: usize,
    len: usize,
}

impl Operation for Part {
    fn forward(&self, _inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        (token(), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let of_map = if run.wanted[0] { self.sums.take(self.start, self.len) } else { None };
        [of_map].into_iter().chain(run.wanted[1..].iter().map(|_| Some(token()))).collect()
    }
}

/// Input: the link of this stack.
#[derive(Debug)]
struct Join(Stacked);

impl Operation for Join {
    fn forward(&self, _inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let (isa, threads) = with();
        let wide = self.0.lock();
        let from = wide.view(self.0.channels);
        let mut joined = Fresh::new(from.shape());
        done(unary(Activation::Identity, from, joined.view_mut(), isa, threads));
        (joined.into_tensor(), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let gradient = Map::of(run.gradient);
        self.0.sum(&self.0.lock(), |to, accumulate| {
            done(match accumulate {
                true => binary_in_place(Binary::Add, to, gradient.view(), Activation::Identity, isa, threads),
                false => unary(Activation::Identity, gradient.view(), to, isa, threads),
            });
        });
        vec![Some(token())]
    }
}

/// Batch normalisation with the batch's statistics, activation and convolution of a stack.
///
/// Inputs: the stack's link; weight and bias of the normalisation, over all channels; weight and perhaps bias of the convolution.
#[derive(Debug)]
pub(crate) struct StackNormConv {
    stack: Stacked,
    fused: Fused,
}

impl StackNormConv {
    /// The inputs after the link.
    pub fn run(stack: &Stacked, fused: Fused, parameters: Vec<DispatchTensor>) -> Tensor<4> {
        let (link, stack) = stack.apart();
        map(Self { stack, fused }, [link].into_iter().chain(parameters).collect())
    }
}

impl Operation for StackNormConv {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let mut wide = self.stack.lock();
        let statistics = wide.statistics(self.stack.channels);
        self.fused.forward(wide.view(self.stack.channels), Collected::known(statistics, self.fused.eps), &inputs[1..])
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        (1..tracked.len().min(4)).collect()
    }

    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let wide = self.stack.lock();
        let x = wide.view(self.stack.channels);
        let tracked = run.wanted[0];
        let parameters = self.fused.backward(x, run, |write| {
            if tracked {
                self.stack.sum(&wide, write);
            } else {
                write(Fresh::new(x.shape()).view_mut(), false);
            }
        });
        [Some(token())].into_iter().chain(parameters).collect()
    }
}
