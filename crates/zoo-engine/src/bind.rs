//! The kernel for each step.

use std::sync::Arc;

use zoo_graph::{Binary, Conv, Graph, Op, Operand, Pool, PoolKind, Prologue, ReduceKind, Step, Unary, ValueId, View};
use zoo_kernels::{Activation, Algorithm, ConvSpec, Isa, LocalResponseNorm, MatMul, MatMulSpec, Place, PoolSpec, candidates};

use crate::EngineError;
use crate::layers::{Order, Orders};
use crate::options::{EngineOptions, Winograd};
use crate::place::{flat, map, order, rows};
use crate::work::{Before, Source, Work};

/// One of the algorithms for an input of this shape.
type Choose<'a> = dyn Fn(&ConvSpec, [usize; 4], Vec<Algorithm>) -> Algorithm + 'a;

/// Finds kernels, and says what is to be packed for them.
pub(crate) struct Binder<'a> {
    pub graph: &'a Graph,
    pub isa: Isa,
    pub options: &'a EngineOptions,
    pub orders: Orders,
    /// Chooses among algorithms on the layer's places.
    pub choose: &'a Choose<'a>,
}

impl Binder<'_> {
    pub fn bind(&mut self, step: &Step) -> Result<Work, EngineError> {
        let known = if self.options.reference { None } else { self.kernel(step)? };
        Ok(match (known, &step.op) {
            (Some(work), _) => work,
            (None, Some(op)) => Work::Generic { op: op.clone(), inputs: step.inputs.clone(), outputs: step.outputs.clone() },
            (None, None) => {
                let (Some(Operand::Memory { view: to, .. }), Some(from)) = (step.outputs.first(), step.inputs.first()) else {
                    return Err(EngineError::Broken("a copy to nowhere"));
                };
                match from {
                    Operand::Memory { view: from, .. } => Work::Copy { from: from.clone(), to: to.clone() },
                    // A constant is copied as its sum with nothing.
                    constant => Work::Generic {
                        op: Op::Unary(Unary::Linear { mul: 1.0, add: 0.0 }),
                        inputs: vec![constant.clone()],
                        outputs: step.outputs.clone(),
                    },
                }
            }
        })
    }

    fn kernel(&mut self, step: &Step) -> Result<Option<Work>, EngineError> {
        let Some(to) = step.outputs.first().and_then(memory) else { return Ok(None) };
        let Some(x) = step.inputs.first().and_then(memory) else { return Ok(None) };
        Ok(match &step.op {
            None => to_map(x, to),
            Some(Op::Conv(conv)) => self.conv(conv, step, x, to)?,
            Some(Op::Chain(convs)) => self.chain(convs, step, x, to),
            Some(Op::Dense { residual, activation }) => self.dense(*residual, *activation, step, x, to)?,
            Some(Op::Pool(settings)) => pool(settings, x, to),
            Some(Op::AdaptiveAveragePool(_)) => adaptive(x, to),
            Some(Op::Reduce { kind: ReduceKind::Mean, axes }) if axes[..] == [2, 3] && x.shape.len() == 4 => adaptive(x, to),
            Some(Op::Reduce { kind: ReduceKind::Mean, axes }) if axes[..] == [1] && x.shape.len() == 3 => mean_of_tokens(x, to),
            Some(Op::LayerNorm { axis, epsilon }) => self.layer_norm(*axis, *epsilon, step, x, to),
            Some(Op::Softmax(axis)) => ordered_rows(x, to, *axis).map(|(input, output)| Work::Softmax { input, output }),
            Some(Op::Lrn { size, alpha, beta, k }) => ordered_rows(x, to, 1).map(|(input, output)| {
                let settings = LocalResponseNorm { size: *size, alpha: *alpha, beta: *beta, k: *k };
                Work::Lrn { settings, input, output }
            }),
            Some(Op::Matmul) => step.inputs.get(1).and_then(memory).and_then(|b| matmul(x, b, to, self.isa)),
            Some(Op::Affine { axis, activation }) => self.affine(*axis, *activation, step, x, to),
            Some(Op::Unary(Unary::Linear { mul, add })) if x.is_dense() && to.is_dense() && order(x) == order(to) => {
                Some(Work::Linear { mul: *mul, add: *add, from: x.offset, to: to.offset, len: x.len() })
            }
            Some(Op::Unary(function)) => kernel_activation(Some(*function)).and_then(|activation| {
                let (input, output) = same_places(x, to)?;
                Some(Work::Unary { activation, input, output })
            }),
            Some(Op::Binary { function, activation }) => step.inputs.get(1).and_then(memory).and_then(|b| {
                let activation = kernel_activation(*activation)?;
                let (a, b, output) = binary_places(x, b, to)?;
                Some(Work::Binary { function: kernel_binary(*function), activation, a, b, output })
            }),
            Some(_) => None,
        })
    }

    fn constant(&self, operand: &Operand) -> Option<Arc<Vec<f32>>> {
        match operand {
            Operand::Constant { value, .. } => self.graph.constant(*value).cloned(),
            _ => None,
        }
    }

    fn conv(&mut self, conv: &Conv, step: &Step, x: &View, to: &View) -> Result<Option<Work>, EngineError> {
        let residual = if conv.residual { step.inputs.get(3).and_then(memory).map(map) } else { None };
        let (Some(input), Some(output), Some(activation)) = (map(x), map(to), kernel_activation(conv.activation)) else { return Ok(None) };
        let (Some(weight), Some(bias)) = (self.constant(&step.inputs[1]), self.constant(&step.inputs[2])) else { return Ok(None) };
        if residual == Some(None) || conv.residual && residual.is_none() {
            return Ok(None);
        }
        let spec = conv_spec(conv, input.shape[3], &step.inputs[1]);
        let before = match conv.prologue {
            None => None,
            Some(_) if !spec.is_pointwise() => return Ok(None),
            Some(prologue) => match self.before(prologue, step) {
                None => return Ok(None),
                found => found,
            },
        };
        let algorithm = if before.is_some() { Algorithm::Pointwise } else { self.algorithm(&spec, input.shape)? };
        let (layer, residual) = (self.orders.add(Order { spec, algorithm, weight, bias, by_input: false }), residual.flatten());
        Ok(Some(Work::Conv { layer, before, residual, activation, input, output }))
    }

    fn chain(&mut self, convs: &[Conv], step: &Step, x: &View, to: &View) -> Option<Work> {
        let (input, output) = (map(x)?, map(to)?);
        let residual = match convs.last()?.residual {
            true => Some(map(step.inputs.last().and_then(memory)?)?),
            false => None,
        };
        let mut channels = input.shape[3];
        let mut orders = Vec::with_capacity(convs.len());
        for (conv, operands) in convs.iter().zip(step.inputs[1..].chunks(2)) {
            let spec = conv_spec(conv, channels, &operands[0]);
            channels = spec.out_channels;
            let algorithm = if spec.is_depthwise() { Algorithm::Depthwise } else { Algorithm::Pointwise };
            let (weight, bias) = (self.constant(&operands[0])?, self.constant(operands.get(1)?)?);
            orders.push((Order { spec, algorithm, weight, bias, by_input: false }, kernel_activation(conv.activation)?));
        }
        let layers = orders.into_iter().map(|(order, activation)| (self.orders.add(order), activation)).collect();
        Some(Work::Chain { layers, residual, input, output })
    }

    fn before(&self, prologue: Prologue, step: &Step) -> Option<Before> {
        let operand = |from_last: usize| step.inputs.get(step.inputs.len() - from_last);
        Some(match prologue {
            Prologue::Affine(activation) => Before::Affine {
                scale: self.constant(operand(2)?)?,
                shift: self.constant(operand(1)?)?,
                activation: kernel_activation(activation)?,
            },
            Prologue::Gate => {
                let gate = memory(operand(1)?)?;
                Before::Gate((gate.offset, gate.len()))
            }
        })
    }

    fn dense(&mut self, residual: bool, activation: Option<Unary>, step: &Step, x: &View, to: &View) -> Result<Option<Work>, EngineError> {
        let axis = x.shape.len() - 1;
        let added = if residual { step.inputs.get(3).and_then(memory) } else { None };
        if order(x) != order(to) && !(one_row(x) && one_row(to)) || added.is_some_and(|added| order(added) != order(to)) {
            return Ok(None);
        }
        let (Some(input), Some(output), Some(activation)) = (rows(x, axis), rows(to, axis), kernel_activation(activation)) else {
            return Ok(None);
        };
        let residual_place = added.and_then(|added| rows(added, axis));
        let (Some(weight), Some(bias)) = (self.constant(&step.inputs[1]), self.constant(&step.inputs[2])) else { return Ok(None) };
        if residual && residual_place.is_none() {
            return Ok(None);
        }
        let spec = ConvSpec::new(input.shape[3], output.shape[3], [1, 1]);
        let layer = self.orders.add(Order { spec, algorithm: Algorithm::Pointwise, weight, bias, by_input: true });
        Ok(Some(Work::Conv { layer, before: None, residual: residual_place, activation, input, output }))
    }

    fn algorithm(&self, spec: &ConvSpec, shape: [usize; 4]) -> Result<Algorithm, EngineError> {
        let mut algorithms = candidates(spec, shape, self.isa)?;
        algorithms.retain(|algorithm| match algorithm {
            Algorithm::Winograd2 => self.options.winograd >= Winograd::F2,
            Algorithm::Winograd4 | Algorithm::Winograd5 => self.options.winograd >= Winograd::F4,
            _ => true,
        });
        Ok((self.choose)(spec, shape, algorithms))
    }

    fn affine(&self, axis: usize, activation: Option<Unary>, step: &Step, x: &View, to: &View) -> Option<Work> {
        let activation = kernel_activation(activation)?;
        let (scale, shift) = (self.constant(&step.inputs[1])?, self.constant(&step.inputs[2])?);
        let (input, output) = ordered_rows(x, to, axis)?;
        Some(Work::Affine { scale, shift, activation, input, output })
    }

    fn layer_norm(&self, axis: usize, epsilon: f32, step: &Step, x: &View, to: &View) -> Option<Work> {
        let (scale, shift) = (self.constant(&step.inputs[1])?, self.constant(&step.inputs[2])?);
        let (input, output) = ordered_rows(x, to, axis)?;
        Some(Work::LayerNorm { scale, shift, epsilon, input, output })
    }
}

/// Values whose numbers plain loops or Burn will read during the run.
pub(crate) fn constants_read(work: &Work) -> Vec<ValueId> {
    let Work::Generic { inputs, .. } = work else { return Vec::new() };
    inputs
        .iter()
        .filter_map(|operand| match operand {
            Operand::Constant { value, .. } | Operand::Held(value) => Some(*value),
            Operand::Memory { .. } => None,
        })
        .collect()
}

/// A convolution of so many channels by the weight `[out, in / groups, height, width]`.
fn conv_spec(conv: &Conv, channels: usize, weight: &Operand) -> ConvSpec {
    let shape = weight.view().map(|view| view.shape.clone()).unwrap_or_default();
    let mut spec = ConvSpec::new(channels, shape[0], [shape[2], shape[3]]).groups(conv.groups);
    spec.stride = conv.stride;
    spec.padding = conv.padding.map(|(before, after)| [before, after]);
    spec.dilation = conv.dilation;
    spec
}

fn memory(operand: &Operand) -> Option<&View> {
    match operand {
        Operand::Memory { view, .. } => Some(view),
        _ => None,
    }
}

fn one_row(view: &View) -> bool {
    view.shape.iter().rev().skip(1).all(|size| *size == 1)
}

fn to_map(x: &View, to: &View) -> Option<Work> {
    let output = map(to)?;
    (x.is_rows() && x.shape[1] > 1).then_some(Work::ToMap { from: Source::Memory(x.offset), len: x.len(), output })
}

fn pool(settings: &Pool, x: &View, to: &View) -> Option<Work> {
    let kind = match settings.kind {
        PoolKind::Max => zoo_kernels::PoolKind::Max,
        PoolKind::Average { count_include_pad } => zoo_kernels::PoolKind::Average { count_padding: count_include_pad },
    };
    let mut spec = PoolSpec::new(kind, 1);
    spec.kernel = settings.kernel_size;
    spec.stride = settings.stride;
    spec.padding = settings.padding.map(|both| [both, both]);
    spec.dilation = settings.dilation;
    spec.ceil_mode = settings.ceil_mode;
    let (input, output) = (map(x)?, map(to)?);
    (spec.output_shape(input.shape).ok()? == output.shape).then_some(Work::Pool { settings: spec, input, output })
}

fn adaptive(x: &View, to: &View) -> Option<Work> {
    Some(Work::Adaptive { input: map(x)?, output: map(to)? })
}

/// Rows along an axis, in the same order in both views.
fn ordered_rows(x: &View, to: &View, axis: usize) -> Option<(Place, Place)> {
    let (input, output) = (rows(x, axis)?, rows(to, axis)?);
    (order(x) == order(to)).then_some((input, output))
}

fn mean_of_tokens(x: &View, to: &View) -> Option<Work> {
    let (mut input, output) = (rows(x, 2)?, rows(to, 2)?);
    let [batch, tokens, channels] = x.shape[..] else { return None };
    if order(x).windows(2).any(|pair| pair[0] > pair[1]) {
        return None;
    }
    input.shape = [batch, tokens, 1, channels];
    Some(Work::Adaptive { input, output: Place { shape: [batch, 1, 1, channels], ..output } })
}

fn matmul(a: &View, b: &View, to: &View, isa: Isa) -> Option<Work> {
    let rank = to.shape.len();
    let (m, n, k) = (to.shape[rank - 2], to.shape[rank - 1], a.shape[rank - 1]);
    let swapped = |view: &View| {
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 2, rank - 1);
        view.permute(&axes)
    };
    let lies = |view: &View| match (view.is_rows(), swapped(view).is_rows()) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        _ => None,
    };
    let batches = |view: &View| view.shape[..rank - 2].iter().product::<usize>();
    let batch = batches(to);
    if [a, b].into_iter().any(|view| batches(view) != 1 && view.shape[..rank - 2] != to.shape[..rank - 2]) || !to.is_rows() {
        return None;
    }
    let spec = MatMulSpec { m, k, n, a_transposed: lies(a)?, b_transposed: lies(b)?, scale: 1.0 };
    let product = Box::new(MatMul::new(spec, isa).ok()?);
    let slice = |view: &View| (view.offset, view.len());
    Some(Work::MatMul { product, batch, a: slice(a), b: slice(b), output: slice(to) })
}

/// Two views of one shape whose elements lie in the same order.
fn same_places(x: &View, to: &View) -> Option<(Place, Place)> {
    let (input, output) = (flat(x)?, flat(to)?);
    (order(x) == order(to) && input.shape == output.shape).then_some((input, output))
}

fn binary_places(a: &View, b: &View, to: &View) -> Option<(Place, Place, Place)> {
    if let (Some(a), Some(b), Some(output)) = (map(a), map(b), map(to)) {
        return Some((a, b, output));
    }
    let (first, output) = same_places(a, to)?;
    let (second, _) = same_places(b, to)?;
    (a.shape == b.shape && a.shape == to.shape).then_some((first, second, output))
}

fn kernel_binary(function: Binary) -> zoo_kernels::Binary {
    match function {
        Binary::Add => zoo_kernels::Binary::Add,
        Binary::Sub => zoo_kernels::Binary::Sub,
        Binary::Mul => zoo_kernels::Binary::Mul,
        Binary::Div => zoo_kernels::Binary::Div,
    }
}

/// The kernels' name for a function, if they have one.
pub(crate) fn kernel_activation(function: Option<Unary>) -> Option<Activation> {
    let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
    Some(match function {
        None => Activation::Identity,
        Some(Unary::Relu) => Activation::Relu,
        Some(Unary::Clamp { min, max }) => Activation::Clamp(min, max),
        Some(Unary::LeakyRelu(slope)) => Activation::LeakyRelu(slope),
        Some(Unary::Sigmoid) => Activation::Sigmoid,
        Some(Unary::Silu) => Activation::Silu,
        Some(Unary::Tanh) => Activation::Tanh,
        Some(Unary::HardSwish) => Activation::HardSwish,
        Some(Unary::HardSigmoid { alpha, beta }) if near(alpha, 1.0 / 6.0) && near(beta, 0.5) => Activation::HardSigmoid,
        Some(Unary::Gelu) => Activation::Gelu,
        Some(_) => return None,
    })
}
