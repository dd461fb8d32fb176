//! Activations and sums.

use burn_backend::DType;
use burn_flex::{FlexTensor, Layout};
use zoo_kernels::{Activation, Binary, Shape, View, ViewMut, binary, sum_pixels, unary, unary_backward};

use crate::buffer::Buffer;
use crate::map::{Fresh, Map, with};
use crate::operation::{Operation, Run};
use crate::run::done;

/// An activation of any dense tensor, whose order in memory the result has too.
#[derive(Debug)]
pub(crate) struct Unary(pub Activation);

/// A tensor whose floats lie without gaps, in whichever order.
struct Dense {
    tensor: FlexTensor,
    len: usize,
}

impl Dense {
    fn of(tensor: &FlexTensor) -> Self {
        let layout = tensor.layout();
        let mut axes: Vec<_> = layout.strides().iter().zip(layout.shape().iter()).filter(|(_, length)| **length > 1).collect();
        axes.sort_unstable();
        let mut next = 1;
        let dense = layout.start_offset() == 0
            && axes.into_iter().all(|(&stride, &length)| {
                let fits = usize::try_from(stride) == Ok(next);
                next *= length;
                fits
            });
        Self { tensor: if dense { tensor.clone() } else { tensor.to_contiguous() }, len: layout.num_elements() }
    }

    /// As pixels of 64 numbers where it comes out even: for the kernels to share.
    fn shape(len: usize) -> Shape {
        let width = [64, 16, 4, 1].into_iter().find(|width| len.is_multiple_of(*width)).unwrap_or(1);
        [1, 1, len / width, width]
    }

    fn view(&self) -> View<'_> {
        done(View::new(self.tensor.storage::<f32>(), Self::shape(self.len)))
    }

    /// A tensor like this one with what `write` writes.
    fn like(&self, write: impl FnOnce(ViewMut<'_>)) -> FlexTensor {
        let mut buffer = Buffer::new(self.len);
        write(done(ViewMut::new(buffer.as_mut(), Self::shape(self.len))));
        let layout = self.tensor.layout();
        let layout = Layout::new(layout.shape().clone(), layout.strides().to_vec(), 0);
        FlexTensor::new(buffer.into_bytes(), layout, DType::F32)
    }

    /// The floats of another tensor in this one's order.
    fn matching(&self, other: FlexTensor) -> Self {
        let same = other.layout().strides() == self.tensor.layout().strides() && other.layout().start_offset() == 0;
        if same {
            return Self { tensor: other, len: self.len };
        }
        if self.tensor.is_contiguous() {
            return Self { tensor: other.to_contiguous(), len: self.len };
        }
        // Channels last is the only other order that there is; a part of more channels is copied to be dense.
        let map = Map::of(other);
        let mut copy = Fresh::new(map.shape());
        let (isa, threads) = with();
        done(unary(Activation::Identity, map.view(), copy.view_mut(), isa, threads));
        Self { tensor: copy.into_tensor(), len: self.len }
    }
}

impl Operation for Unary {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let (isa, threads) = with();
        let x = Dense::of(&inputs[0]);
        (x.like(|output| done(unary(self.0, x.view(), output, isa, threads))), vec![])
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![0]
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let x = Dense::of(&run.input(0));
        let gradient = x.matching(run.gradient);
        vec![Some(x.like(|into| done(unary_backward(self.0, x.view(), gradient.view(), into, isa, threads))))]
    }

    fn is_light(&self) -> bool {
        true
    }
}

/// The sum of two maps, and an activation whose gradient its output determines.
#[derive(Debug)]
pub(crate) struct Add(pub Activation);

/// The sum of two maps.
pub(crate) fn sum(a: &Map, b: &Map, activation: Activation) -> Fresh {
    let (isa, threads) = with();
    let mut output = Fresh::new(a.shape());
    done(binary(Binary::Add, a.view(), b.view(), activation, output.view_mut(), isa, threads));
    output
}

impl Operation for Add {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let [a, b] = [0, 1].map(|index: usize| Map::of(inputs[index].clone()));
        let output = sum(&a, &b, self.0).into_tensor();
        let saved = if self.0 == Activation::Identity { vec![] } else { vec![output.clone()] };
        (output, saved)
    }

    fn keeps(&self, _tracked: &[bool]) -> Vec<usize> {
        vec![]
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let gradient = match run.saved.pop().map(Map::of) {
            None => run.gradient,
            Some(output) => {
                let (isa, threads) = with();
                let mut into = Fresh::new(output.shape());
                let gradient = Map::of(run.gradient);
                done(unary_backward(self.0, output.view(), gradient.view(), into.view_mut(), isa, threads));
                into.into_tensor()
            }
        };
        vec![Some(gradient.clone()), Some(gradient)]
    }
}

/// Inputs: map, and a factor for each channel of each picture.
#[derive(Debug)]
pub(crate) struct Scale;

fn product(x: &Map, gate: &Map) -> FlexTensor {
    let (isa, threads) = with();
    let mut output = Fresh::new(x.shape());
    done(binary(Binary::Mul, x.view(), gate.view(), Activation::Identity, output.view_mut(), isa, threads));
    output.into_tensor()
}

impl Operation for Scale {
    fn forward(&self, inputs: &[FlexTensor], _tracked: bool) -> (FlexTensor, Vec<FlexTensor>) {
        let [x, gate] = [0, 1].map(|index: usize| Map::of(inputs[index].clone()));
        (product(&x, &gate), vec![])
    }

    fn keeps(&self, tracked: &[bool]) -> Vec<usize> {
        (0..2).filter(|&index| tracked[1 - index]).collect()
    }

    fn backward(&self, mut run: Run<'_>) -> Vec<Option<FlexTensor>> {
        let (isa, threads) = with();
        let gradient = Map::of(run.gradient.clone());
        let of_x = run.wanted[0].then(|| product(&gradient, &Map::of(run.input(1))));
        let of_gate = run.wanted[1].then(|| {
            let [batch, _, _, channels] = gradient.shape();
            let mut sums = Fresh::new([batch, 1, 1, channels]);
            done(sum_pixels(gradient.view(), Some(Map::of(run.input(0)).view()), sums.view_mut(), isa, threads));
            sums.into_tensor()
        });
        vec![of_x, of_gate]
    }

    fn is_light(&self) -> bool {
        true
    }
}
