//! A model's operations, recorded by Burn.

use std::cell::RefCell;
use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};
use burn_capture::{CaptureBackend, TensorId};

use crate::import::import;
use crate::{Graph, GraphError};

/// An input of the model while it is recorded.
#[derive(Debug)]
pub struct Input {
    shape: Vec<usize>,
    device: Device,
    taken: RefCell<Option<(usize, TensorId)>>,
}

impl Input {
    /// The input as a tensor of `D` dimensions. Ask for it once and clone the tensor where it is needed twice.
    pub fn tensor<const D: usize>(&self) -> Tensor<D> {
        let mut shape = [1; D];
        for (to, from) in shape.iter_mut().rev().zip(self.shape.iter().rev()) {
            *to = *from;
        }
        let numbers = shape.iter().product::<usize>();
        let tensor = Tensor::from_data(TensorData::new(vec![0.0f32; numbers], shape), &self.device);
        *self.taken.borrow_mut() = id(tensor.clone()).map(|id| (D, id));
        tensor
    }
}

/// An output of the model while it is recorded: made from a tensor with `into()`.
#[derive(Debug)]
pub struct Output(Option<TensorId>);

impl<const D: usize> From<Tensor<D>> for Output {
    fn from(tensor: Tensor<D>) -> Self {
        Self(id(tensor))
    }
}

fn id<const D: usize>(tensor: Tensor<D>) -> Option<TensorId> {
    tensor.try_into_primitive::<CaptureBackend>().ok().map(|primitive| primitive.id())
}

/// Records `forward` on inputs of these shapes: a graph with the model's weights as constants.
///
/// What is recorded is the model in inference, as `valid()` makes it. Shapes are fixed: another batch size is another graph.
///
/// # Errors
/// [`GraphError`] where Burn cannot record an operation, or the model computes with other numbers than 32-bit floats.
pub fn capture<M: Module>(model: &M, shapes: &[&[usize]], forward: impl FnOnce(&M, &[Input]) -> Vec<Output>) -> Result<Graph, GraphError> {
    record(ready(model), shapes, forward)
}

/// As [`capture`], of a model that is not needed any more: its weights become the graph's without being copied, unless a clone shares
/// them.
///
/// # Errors
/// As [`capture`].
pub fn capture_owned<M: Module>(
    model: M,
    shapes: &[&[usize]],
    forward: impl FnOnce(&M, &[Input]) -> Vec<Output>,
) -> Result<Graph, GraphError> {
    let valid = ready(&model);
    drop(model);
    record(valid, shapes, forward)
}

/// The model in inference. A clone shares its running statistics with the model, and would take them to the recording device; `valid`
/// does not.
fn ready<M: Module>(model: &M) -> M {
    // A weight that is not there yet would be recorded as an order for random numbers.
    model.visit(&mut Initialise);
    model.valid()
}

fn record<M: Module>(model: M, shapes: &[&[usize]], forward: impl FnOnce(&M, &[Input]) -> Vec<Output>) -> Result<Graph, GraphError> {
    let device = Device::capture();
    let inputs: Vec<_> =
        shapes.iter().map(|shape| Input { shape: shape.to_vec(), device: device.clone(), taken: RefCell::new(None) }).collect();
    let mut ids = Vec::new();
    let mut outside = false;
    let mut weights = Weights { device: device.clone(), values: HashMap::new() };
    let captured = device.capture_scope(|scope| {
        // What is no parameter, such as a table of indices, is moved as it is.
        let outputs = forward(&model.map(&mut weights).to_device(&device), &inputs);
        ids = inputs.iter().map(|input| *input.taken.borrow()).collect();
        outside = outputs.iter().any(|output| output.0.is_none());
        scope.complete(ids.iter().flatten().map(|(_, id)| *id), outputs.into_iter().filter_map(|output| output.0))
    });
    for (index, (taken, shape)) in ids.iter().zip(shapes).enumerate() {
        match taken {
            Some((wanted, _)) if *wanted != shape.len() => {
                return Err(GraphError::Rank { index, wanted: *wanted, given: shape.len() });
            }
            Some(_) => {}
            None => return Err(GraphError::Capture(format!("input {index} was not used"))),
        }
    }
    if outside {
        return Err(GraphError::Capture("an output does not come from the recorded inputs and weights".into()));
    }
    import(captured.map_err(|error| GraphError::Capture(error.to_string()))?, weights.values)
}

/// Puts empty tensors of the recording device in the place of weights: the recording would copy what it is given, twice.
struct Weights {
    device: Device,
    values: HashMap<TensorId, TensorData>,
}

impl ModuleMapper for Weights {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let empty = Tensor::<D>::empty(tensor.shape(), &self.device);
        let place = if tensor.dtype() == DType::F32 { self::id(empty.clone()) } else { None };
        let tensor = match place {
            Some(place) => {
                self.values.insert(place, tensor.into_data());
                empty
            }
            None => tensor,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

struct Initialise;

impl ModuleVisitor for Initialise {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        param.val();
    }
    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        param.val();
    }
}
