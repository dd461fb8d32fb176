//! Values, the operations that make them, and their order.

use std::sync::Arc;

use burn::tensor::TensorData;

use crate::op::Op;

/// Name of a value within its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// A value that is known before the run.
#[derive(Clone, Debug)]
pub enum Constant {
    /// Weights, row by row. Shared: a reshaped weight is no copy.
    Float(Arc<Vec<f32>>),
    /// Indices and masks, which only Burn's own operations read.
    Other(TensorData),
}

/// A tensor of the graph.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its shape, the batch included.
    pub shape: Vec<usize>,
    /// Its numbers, if they are known before the run.
    pub constant: Option<Constant>,
    /// Whether it holds 32-bit floating-point numbers.
    pub float: bool,
    /// Parameters of the model that are in it, as captured.
    pub params: usize,
}

/// An operation, what it reads and what it makes.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// Values read; [`Op`] says which stands where.
    pub inputs: Vec<ValueId>,
    /// Values made: one, but for some of Burn's own operations.
    pub outputs: Vec<ValueId>,
}

/// Operations in an order in which they can run.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All values, by [`ValueId`].
    pub values: Vec<Value>,
    /// The operations.
    pub nodes: Vec<Node>,
    /// What the run is given.
    pub inputs: Vec<ValueId>,
    /// What the run gives.
    pub outputs: Vec<ValueId>,
}

impl Graph {
    /// The shape of a value.
    pub fn shape(&self, id: ValueId) -> &[usize] {
        &self.values[id.0].shape
    }

    /// The numbers of a constant of floating-point numbers.
    pub fn constant(&self, id: ValueId) -> Option<&Arc<Vec<f32>>> {
        match &self.values[id.0].constant {
            Some(Constant::Float(data)) => Some(data),
            _ => None,
        }
    }

    /// Whether a value is known before the run.
    pub fn is_constant(&self, id: ValueId) -> bool {
        self.values[id.0].constant.is_some()
    }

    /// Adds a value that the run computes.
    pub fn add_value(&mut self, shape: Vec<usize>) -> ValueId {
        self.values.push(Value { shape, constant: None, float: true, params: 0 });
        ValueId(self.values.len() - 1)
    }

    /// Adds a constant.
    pub fn add_constant(&mut self, shape: Vec<usize>, data: Vec<f32>) -> ValueId {
        self.add_shared(shape, Arc::new(data))
    }

    /// Adds a constant that shares its numbers with another.
    pub fn add_shared(&mut self, shape: Vec<usize>, data: Arc<Vec<f32>>) -> ValueId {
        debug_assert_eq!(shape.iter().product::<usize>(), data.len());
        self.values.push(Value { shape, constant: Some(Constant::Float(data)), float: true, params: 0 });
        ValueId(self.values.len() - 1)
    }

    /// The node that makes each value.
    pub fn producers(&self) -> Vec<Option<usize>> {
        let mut producers = vec![None; self.values.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for output in &node.outputs {
                producers[output.0] = Some(index);
            }
        }
        producers
    }

    /// How often each value is read, the graph's outputs counted.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.values.len()];
        for id in self.nodes.iter().flat_map(|node| &node.inputs).chain(&self.outputs) {
            uses[id.0] += 1;
        }
        uses
    }

    /// Multiply-accumulates of convolutions, dense layers and matrix products.
    pub fn macs(&self) -> u64 {
        self.nodes.iter().map(|node| node.macs(self)).sum()
    }
}

impl Node {
    /// The first output.
    pub fn output(&self) -> ValueId {
        self.outputs[0]
    }

    /// Multiply-accumulates of this operation, as counted for networks: convolutions, dense layers and matrix products.
    pub fn macs(&self, graph: &Graph) -> u64 {
        let size = |id: ValueId| graph.shape(id).iter().product::<usize>() as u64;
        match &self.op {
            Op::Conv(_) => size(self.output()) * graph.shape(self.inputs[1])[1..].iter().product::<usize>() as u64,
            Op::Chain(convs) => {
                let x = graph.shape(self.inputs[0]);
                let weights = self.inputs[1..].chunks(2).map(|pair| graph.shape(pair[0]));
                let maps = convs.iter().zip(weights).scan(x.to_vec(), |map, (conv, weight)| {
                    *map = conv.output_shape(map, weight);
                    Some(map.iter().product::<usize>() as u64 * weight[1..].iter().product::<usize>() as u64)
                });
                maps.sum()
            }
            Op::Dense { .. } => size(self.output()) * graph.shape(self.inputs[1])[0] as u64,
            Op::Matmul => size(self.output()) * graph.shape(self.inputs[0]).last().copied().unwrap_or(1) as u64,
            _ => 0,
        }
    }
}
