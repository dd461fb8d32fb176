//! Burn's recorded operations in the terms of this crate. What depends on constants alone is computed here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use burn::tensor::{DType, TensorData};
use burn_capture::{CapturedGraph, TensorId};
use burn_ir::{
    ActivationOperationIr as Activation, BaseOperationIr as Base, BinaryOpIr, FloatOperationIr as Float, ModuleOperationIr as Module,
    NumericOperationIr as Numeric, OperationIr, PadModeIr, ReduceDimOpIr, ScalarIr, TensorIr,
};

use crate::GraphError;
use crate::fold::run_on_flex;
use crate::graph::{Constant, Graph, Node, Value, ValueId};
use crate::op::{Binary, Conv, Op, Pool, PoolKind, ReduceKind, Unary};

/// `weights` are the numbers of tensors that the recording only knows as empty.
pub(crate) fn import(captured: CapturedGraph, weights: HashMap<TensorId, TensorData>) -> Result<Graph, GraphError> {
    let params = weights.keys().copied().collect();
    let mut importer = Importer { graph: Graph::default(), ids: HashMap::new(), values: captured.values, params };
    importer.values.extend(weights);
    let shapes = input_shapes(&captured.graph.operations, &importer.values);
    for id in &captured.graph.inputs {
        let shape = shapes.get(id).cloned().ok_or_else(|| GraphError::Capture("an input has no shape".into()))?;
        importer.values.remove(id);
        let value = importer.graph.add_value(shape);
        importer.ids.insert(*id, value);
        importer.graph.inputs.push(value);
    }
    for operation in captured.graph.operations {
        importer.add(operation)?;
    }
    for id in &captured.graph.outputs {
        let value = importer.value(*id)?;
        importer.graph.outputs.push(value);
    }
    Ok(importer.graph)
}

fn input_shapes(operations: &[OperationIr], values: &BTreeMap<TensorId, TensorData>) -> HashMap<TensorId, Vec<usize>> {
    let mut shapes: HashMap<_, _> = values.iter().map(|(id, data)| (*id, data.shape().to_vec())).collect();
    for tensor in operations.iter().flat_map(OperationIr::nodes) {
        shapes.entry(tensor.id).or_insert_with(|| tensor.shape.to_vec());
    }
    shapes
}

struct Importer {
    graph: Graph,
    ids: HashMap<TensorId, ValueId>,
    values: BTreeMap<TensorId, TensorData>,
    /// Which of them are parameters.
    params: HashSet<TensorId>,
}

/// An operation and its inputs, where this crate has a name for it.
type Known = Option<(Op, Vec<ValueId>)>;

impl Importer {
    fn value(&mut self, id: TensorId) -> Result<ValueId, GraphError> {
        if let Some(value) = self.ids.get(&id) {
            return Ok(*value);
        }
        let data = self.values.remove(&id).ok_or_else(|| GraphError::Broken(format!("{id} comes from nowhere")))?;
        let value = self.constant(data);
        if self.params.contains(&id) {
            self.graph.values[value.0].params = self.graph.shape(value).iter().product();
        }
        self.ids.insert(id, value);
        Ok(value)
    }

    fn constant(&mut self, data: TensorData) -> ValueId {
        let shape = data.shape().to_vec();
        let float = data.dtype() == DType::F32;
        let constant = match data.dtype() {
            DType::F32 => data.try_into_vec::<f32>().map(|numbers| Constant::Float(Arc::new(numbers))).ok(),
            _ => Some(Constant::Other(data)),
        };
        self.graph.values.push(Value { shape, constant, float, params: 0 });
        ValueId(self.graph.values.len() - 1)
    }

    /// Whether an operation makes the empty tensor that stands for a weight.
    fn is_weight(&self, operation: &OperationIr) -> bool {
        operation.inputs().next().is_none() && operation.outputs().all(|tensor| self.values.contains_key(&tensor.id))
    }

    fn data(&self, id: ValueId) -> Option<TensorData> {
        let value = &self.graph.values[id.0];
        match value.constant.as_ref()? {
            Constant::Float(numbers) => Some(TensorData::new(numbers.as_ref().clone(), value.shape.clone())),
            Constant::Other(data) => Some(data.clone()),
        }
    }

    fn add(&mut self, operation: OperationIr) -> Result<(), GraphError> {
        // Memory is named before it is filled: no computation.
        if matches!(operation, OperationIr::Init(_) | OperationIr::Drop(_)) || self.is_weight(&operation) {
            return Ok(());
        }
        let inputs = operation.inputs().map(|tensor| self.value(tensor.id)).collect::<Result<Vec<_>, _>>()?;
        let random = matches!(&operation, OperationIr::Float(_, Float::Random(_)) | OperationIr::NumericInt(_, Numeric::IntRandom(_)));
        if !random && inputs.iter().all(|id| self.graph.is_constant(*id)) {
            return self.fold(&operation, &inputs);
        }
        let outputs: Vec<TensorIr> = operation.outputs().cloned().collect();
        for output in &outputs {
            if output.dtype.is_float() && output.dtype != DType::F32 {
                return Err(GraphError::DType(format!("{:?}", output.dtype).to_lowercase()));
            }
            let (shape, float) = (output.shape.to_vec(), output.dtype == DType::F32);
            self.graph.values.push(Value { shape, constant: None, float, params: 0 });
            self.ids.insert(output.id, ValueId(self.graph.values.len() - 1));
        }
        let made = outputs.iter().map(|output| self.value(output.id)).collect::<Result<Vec<_>, _>>()?;
        let (op, inputs) = match self.known(&operation, &inputs, &made) {
            Some(known) => known,
            None => (Op::Burn(Box::new(operation)), inputs),
        };
        self.graph.nodes.push(Node { op, inputs, outputs: made });
        Ok(())
    }

    /// Computes what depends on constants alone.
    fn fold(&mut self, operation: &OperationIr, inputs: &[ValueId]) -> Result<(), GraphError> {
        if let (OperationIr::BaseFloat(Base::Reshape(reshape)), Some(numbers)) =
            (operation, inputs.first().and_then(|id| self.graph.constant(*id)))
        {
            let shared = numbers.clone();
            let value = self.graph.add_shared(reshape.out.shape.to_vec(), shared);
            self.graph.values[value.0].params = self.params_of(inputs);
            self.ids.insert(reshape.out.id, value);
            return Ok(());
        }
        let data: Option<Vec<_>> = inputs.iter().map(|id| self.data(*id)).collect();
        let data = data.ok_or_else(|| GraphError::Broken("a constant without numbers".into()))?;
        let outputs: Vec<TensorId> = operation.outputs().map(|tensor| tensor.id).collect();
        for (place, (id, data)) in outputs.into_iter().zip(run_on_flex(operation, data)?).enumerate() {
            let value = self.constant(data);
            // What a computed constant was made of counts where it is used.
            if place == 0 {
                self.graph.values[value.0].params = self.params_of(inputs);
            }
            self.ids.insert(id, value);
        }
        Ok(())
    }

    fn params_of(&self, values: &[ValueId]) -> usize {
        values.iter().map(|id| self.graph.values[id.0].params).sum()
    }

    fn known(&mut self, operation: &OperationIr, inputs: &[ValueId], made: &[ValueId]) -> Known {
        let floats = inputs.iter().chain(made).all(|id| self.graph.values[id.0].float);
        if !floats || made.len() != 1 {
            return None;
        }
        match operation {
            OperationIr::BaseFloat(base) => self.base(base, inputs),
            OperationIr::NumericFloat(_, numeric) => self.numeric(numeric, inputs),
            OperationIr::Float(_, float) => self.float(float, inputs),
            OperationIr::Activation(activation) => self.activation(activation, inputs),
            OperationIr::Module(module) => self.module(module, inputs),
            _ => None,
        }
    }

    fn base(&self, base: &Base, inputs: &[ValueId]) -> Known {
        let shape = |id: ValueId| self.graph.shape(id);
        let op = match base {
            Base::Reshape(_) => Op::Reshape,
            Base::SwapDims(swap) => {
                let mut axes: Vec<usize> = (0..shape(inputs[0]).len()).collect();
                axes.swap(swap.dim1, swap.dim2);
                Op::Permute(axes)
            }
            Base::Permute(permute) => Op::Permute(permute.axes.clone()),
            Base::Slice(slice) if slice.ranges.iter().all(|range| range.step >= 1) => {
                let rank = shape(inputs[0]).len();
                let starts = slice.ranges.iter().zip(shape(inputs[0]));
                // A negative start counts from the end.
                let starts = starts.map(|(range, size)| if range.start < 0 { *size as isize + range.start } else { range.start });
                let mut starts: Vec<usize> = starts.map(|start| start.max(0) as usize).collect();
                starts.resize(rank, 0);
                let mut step: Vec<usize> = slice.ranges.iter().map(|range| range.step as usize).collect();
                step.resize(rank, 1);
                Op::Slice { start: starts, step }
            }
            Base::Cat(cat) => Op::Cat(cat.dim),
            Base::Expand(expand) if expand.out.shape.num_dims() == shape(inputs[0]).len() => Op::Expand,
            Base::RepeatDim(repeat) if shape(inputs[0])[repeat.dim] == 1 => Op::Expand,
            _ => return None,
        };
        Some((op, inputs.to_vec()))
    }

    fn numeric(&self, numeric: &Numeric, inputs: &[ValueId]) -> Known {
        let binary = |function, _: &BinaryOpIr| Op::Binary { function, activation: None };
        let linear = |mul: f64, add: f64| Op::Unary(Unary::Linear { mul: mul as f32, add: add as f32 });
        let reduce = |kind, desc: &ReduceDimOpIr| Op::Reduce { kind, axes: vec![desc.axis] };
        let op = match numeric {
            Numeric::Add(desc) => binary(Binary::Add, desc),
            Numeric::Sub(desc) => binary(Binary::Sub, desc),
            Numeric::Mul(desc) => binary(Binary::Mul, desc),
            Numeric::Div(desc) => binary(Binary::Div, desc),
            Numeric::AddScalar(desc) => linear(1.0, scalar(desc.rhs)),
            Numeric::SubScalar(desc) => linear(1.0, -scalar(desc.rhs)),
            Numeric::MulScalar(desc) => linear(scalar(desc.rhs), 0.0),
            Numeric::DivScalar(desc) => linear(1.0 / scalar(desc.rhs), 0.0),
            Numeric::Neg(_) => linear(-1.0, 0.0),
            Numeric::Abs(_) => Op::Unary(Unary::Abs),
            Numeric::MeanDim(desc) => reduce(ReduceKind::Mean, desc),
            Numeric::SumDim(desc) => reduce(ReduceKind::Sum, desc),
            Numeric::MaxDim(desc) => reduce(ReduceKind::Max, desc),
            Numeric::Clamp(desc) => Op::Unary(Unary::Clamp { min: scalar(desc.min) as f32, max: scalar(desc.max) as f32 }),
            Numeric::ClampMin(desc) => Op::Unary(Unary::Clamp { min: scalar(desc.rhs) as f32, max: f32::INFINITY }),
            Numeric::ClampMax(desc) => Op::Unary(Unary::Clamp { min: f32::NEG_INFINITY, max: scalar(desc.rhs) as f32 }),
            Numeric::Pad(desc) => match desc.mode {
                PadModeIr::Constant(value) => Op::Pad { padding: desc.padding.clone(), value: scalar(value) as f32 },
                _ => return None,
            },
            _ => return None,
        };
        Some((op, inputs.to_vec()))
    }

    fn float(&self, float: &Float, inputs: &[ValueId]) -> Known {
        let op = match float {
            Float::Matmul(_) => Op::Matmul,
            Float::Exp(_) => Op::Unary(Unary::Exp),
            Float::Log(_) => Op::Unary(Unary::Log),
            Float::Erf(_) => Op::Unary(Unary::Erf),
            Float::Sqrt(_) => Op::Unary(Unary::Sqrt),
            Float::Tanh(_) => Op::Unary(Unary::Tanh),
            Float::Recip(_) => Op::Unary(Unary::Recip),
            Float::PowfScalar(desc) => Op::Unary(Unary::Powf(scalar(desc.rhs) as f32)),
            _ => return None,
        };
        Some((op, inputs.to_vec()))
    }

    fn activation(&mut self, activation: &Activation, inputs: &[ValueId]) -> Known {
        let unary = match activation {
            Activation::Relu(_) => Unary::Relu,
            Activation::LeakyRelu(desc) => Unary::LeakyRelu(scalar(desc.rhs) as f32),
            Activation::Gelu(_) => Unary::Gelu,
            Activation::Sigmoid(_) => Unary::Sigmoid,
            Activation::HardSigmoid(desc) => Unary::HardSigmoid { alpha: scalar(desc.alpha) as f32, beta: scalar(desc.beta) as f32 },
            Activation::Softmax(desc) => return Some((Op::Softmax(desc.axis), inputs.to_vec())),
            Activation::PRelu(_) => {
                let slopes = self.graph.constant(inputs[1])?.clone();
                if let [slope] = slopes[..] {
                    return Some((Op::Unary(Unary::LeakyRelu(slope)), vec![inputs[0]]));
                }
                let axis = single_axis(self.graph.shape(inputs[1]))?;
                let slopes = self.graph.add_shared(vec![slopes.len()], slopes);
                self.graph.values[slopes.0].params = self.params_of(&inputs[1..]);
                return Some((Op::PRelu(axis), vec![inputs[0], slopes]));
            }
            _ => return None,
        };
        Some((Op::Unary(unary), inputs.to_vec()))
    }

    fn module(&mut self, module: &Module, inputs: &[ValueId]) -> Known {
        match module {
            Module::Conv2d(desc) => {
                self.graph.constant(inputs[1])?;
                let bias = match inputs.get(2) {
                    Some(bias) => *bias,
                    None => self.zeros(desc.out.shape[1]),
                };
                self.graph.constant(bias)?;
                let options = &desc.options;
                let conv = Conv {
                    stride: options.stride,
                    padding: options.padding,
                    dilation: options.dilation,
                    groups: options.groups,
                    residual: false,
                    prologue: None,
                    activation: None,
                };
                Some((Op::Conv(conv), vec![inputs[0], inputs[1], bias]))
            }
            Module::BatchNorm(desc) => {
                let find = |tensor: &TensorIr| self.graph.constant(*self.ids.get(&tensor.id)?);
                let (gamma, beta) = (find(&desc.gamma)?, find(&desc.beta)?);
                let (mean, variance) = (find(&desc.mean)?, find(&desc.variance)?);
                let epsilon = scalar(desc.epsilon);
                let scale = gamma.iter().zip(variance.iter()).map(|(g, v)| f64::from(*g) / (f64::from(*v) + epsilon).sqrt());
                let scale: Vec<f64> = scale.collect();
                let shift = scale.iter().zip(mean.iter().zip(beta.iter())).map(|(s, (m, b))| (f64::from(*b) - f64::from(*m) * s) as f32);
                let shift: Vec<f32> = shift.collect();
                let scale: Vec<f32> = scale.into_iter().map(|s| s as f32).collect();
                let channels = vec![scale.len()];
                let x = *self.ids.get(&desc.x.id)?;
                let scale = self.graph.add_constant(channels.clone(), scale);
                let shift = self.graph.add_constant(channels, shift);
                // Gamma and beta: the statistics are no parameters.
                [scale, shift].iter().for_each(|id| self.graph.values[id.0].params = self.graph.shape(*id)[0]);
                Some((Op::Affine { axis: 1, activation: None }, vec![x, scale, shift]))
            }
            Module::Linear(desc) => {
                let [rows, columns] = desc.weight.shape[..] else { return None };
                if rows != *desc.x.shape.last()? || columns != *desc.out.shape.last()? {
                    return None;
                }
                self.graph.constant(inputs[1])?;
                let bias = match inputs.get(2) {
                    Some(bias) => *bias,
                    None => self.zeros(columns),
                };
                self.graph.constant(bias)?;
                Some((Op::Dense { residual: false, activation: None }, vec![inputs[0], inputs[1], bias]))
            }
            Module::MaxPool2d(desc) => {
                let (kernel_size, stride, padding) = (desc.kernel_size, desc.stride, desc.padding);
                let pool = Pool { kind: PoolKind::Max, kernel_size, stride, padding, dilation: desc.dilation, ceil_mode: desc.ceil_mode };
                Some((Op::Pool(pool), inputs.to_vec()))
            }
            Module::AvgPool2d(desc) => {
                let kind = PoolKind::Average { count_include_pad: desc.count_include_pad };
                let (kernel_size, stride, padding) = (desc.kernel_size, desc.stride, desc.padding);
                let pool = Pool { kind, kernel_size, stride, padding, dilation: [1, 1], ceil_mode: desc.ceil_mode };
                Some((Op::Pool(pool), inputs.to_vec()))
            }
            Module::AdaptiveAvgPool2d(desc) => Some((Op::AdaptiveAveragePool(desc.output_size), inputs.to_vec())),
            Module::LayerNorm(desc) => {
                let gamma = inputs[1];
                let beta = match inputs.get(2) {
                    Some(beta) => *beta,
                    None => self.zeros(self.graph.shape(gamma)[0]),
                };
                self.graph.constant(gamma).and(self.graph.constant(beta))?;
                let axis = desc.input.shape.num_dims() - 1;
                Some((Op::LayerNorm { axis, epsilon: scalar(desc.epsilon) as f32 }, vec![inputs[0], gamma, beta]))
            }
            _ => None,
        }
    }

    fn zeros(&mut self, numbers: usize) -> ValueId {
        self.graph.add_constant(vec![numbers], vec![0.0; numbers])
    }
}

fn scalar(value: ScalarIr) -> f64 {
    value.elem::<f64>()
}

/// The only axis with more than one place.
pub(crate) fn single_axis(shape: &[usize]) -> Option<usize> {
    let mut axes = shape.iter().enumerate().filter(|(_, size)| **size > 1).map(|(axis, _)| axis);
    let first = axes.next()?;
    axes.next().is_none().then_some(first)
}
