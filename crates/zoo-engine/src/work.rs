//! What a step does, ready to run.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::TensorData;
use zoo_graph::{Constant, Op, Operand, ValueId, View};
use zoo_kernels::{
    Activation, Arena, Binary, Chain, Isa, LocalResponseNorm, MatMul, PackedConv, Place, PoolKind, PoolSpec, Prologue, Threads,
    adaptive_pool, affine, binary, layer_norm, local_response_norm, nchw_to_nhwc, pool, softmax, unary,
};

use crate::EngineError;
use crate::copy::{copy, gather, scatter};
use crate::generic::{Dense, compute};

/// What a pointwise convolution does to its input first.
#[derive(Clone)]
pub(crate) enum Before {
    Affine {
        scale: Arc<Vec<f32>>,
        shift: Arc<Vec<f32>>,
        activation: Activation,
    },
    /// Factors in the arena: `(offset, len)`.
    Gate((usize, usize)),
}

/// Where numbers lie row by row, and the first of them.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    Memory(usize),
    /// In one of the run's inputs, as the caller gave it.
    Input(usize, usize),
}

/// A step with its kernel, its weights and its places.
#[derive(Clone)]
pub(crate) enum Work {
    Conv {
        /// The number of its weights.
        layer: usize,
        before: Option<Before>,
        residual: Option<Place>,
        activation: Activation,
        input: Place,
        output: Place,
    },
    /// Convolutions by their weights' numbers, with their activations.
    Chain {
        layers: Vec<(usize, Activation)>,
        residual: Option<Place>,
        input: Place,
        output: Place,
    },
    Pool {
        settings: PoolSpec,
        input: Place,
        output: Place,
    },
    Adaptive {
        input: Place,
        output: Place,
    },
    Affine {
        scale: Arc<Vec<f32>>,
        shift: Arc<Vec<f32>>,
        activation: Activation,
        input: Place,
        output: Place,
    },
    Unary {
        activation: Activation,
        input: Place,
        output: Place,
    },
    Binary {
        function: Binary,
        activation: Activation,
        a: Place,
        b: Place,
        output: Place,
    },
    LayerNorm {
        scale: Arc<Vec<f32>>,
        shift: Arc<Vec<f32>>,
        epsilon: f32,
        input: Place,
        output: Place,
    },
    Softmax {
        input: Place,
        output: Place,
    },
    Lrn {
        settings: LocalResponseNorm,
        input: Place,
        output: Place,
    },
    /// Matrices that follow each other; each slice is `(offset, len)`.
    MatMul {
        product: Box<MatMul>,
        batch: usize,
        a: (usize, usize),
        b: (usize, usize),
        output: (usize, usize),
    },
    /// Row by row to channels last.
    ToMap {
        from: Source,
        len: usize,
        output: Place,
    },
    Copy {
        from: View,
        to: View,
    },
    /// A linear function over memory without gaps.
    Linear {
        mul: f32,
        add: f32,
        from: usize,
        to: usize,
        len: usize,
    },
    /// Plain loops, or Burn.
    Generic {
        op: Op,
        inputs: Vec<Operand>,
        outputs: Vec<Operand>,
    },
}

/// Constants that plain loops, Burn and the outputs read.
pub(crate) type Constants = HashMap<ValueId, Constant>;

/// The numbers of a constant.
pub(crate) fn numbers(constants: &Constants, id: ValueId) -> Result<&[f32], EngineError> {
    match constants.get(&id) {
        Some(Constant::Float(numbers)) => Ok(numbers),
        _ => Err(EngineError::Broken("a constant without numbers")),
    }
}

/// What a run works with.
pub(crate) struct Run<'a> {
    pub inputs: &'a [&'a [f32]],
    pub arena: &'a mut Arena,
    pub workspace: &'a mut [f32],
    pub isa: Isa,
    pub threads: &'a Threads,
    /// Packed weights by their number.
    pub layers: &'a [Arc<PackedConv>],
    /// Constants that plain loops and Burn read.
    pub constants: &'a Constants,
    /// What Burn made that is not a number of the arena.
    pub held: &'a mut Vec<(ValueId, TensorData)>,
}

impl Work {
    /// Floats of workspace that the step needs.
    pub fn workspace_len(&self, layers: &[Arc<PackedConv>], threads: &Threads) -> Result<usize, EngineError> {
        Ok(match self {
            Self::Conv { layer, before: Some(_), .. } => layers[*layer].prologue_workspace_len(threads),
            Self::Conv { layer, input, .. } => layers[*layer].workspace_len(input.shape, threads)?,
            Self::Chain { layers: chained, input, .. } => chain(chained, layers)?.workspace_len(input.shape, threads)?,
            Self::MatMul { product, .. } => product.workspace_len(threads),
            _ => 0,
        })
    }

    pub fn run(&self, run: &mut Run<'_>) -> Result<(), EngineError> {
        let (isa, threads) = (run.isa, run.threads);
        match self {
            Self::Conv { layer, before: None, residual, activation, input, output } => {
                let (x, residual, _, to) = run.arena.layer(*input, *residual, (0, 0), *output)?;
                run.layers[*layer].run(x, residual, *activation, to, run.workspace, threads)?;
            }
            Self::Conv { layer, before: Some(before), residual, activation, input, output } => {
                let gate = if let Before::Gate(slice) = before { *slice } else { (0, 0) };
                let (x, residual, gate, to) = run.arena.layer(*input, *residual, gate, *output)?;
                let prologue = match before {
                    Before::Affine { scale, shift, activation } => Prologue { scale, shift: Some(shift), activation: *activation },
                    Before::Gate(_) => Prologue { scale: gate, shift: None, activation: Activation::Identity },
                };
                run.layers[*layer].run_after(&prologue, x, residual, *activation, to, run.workspace, threads)?;
            }
            Self::Chain { layers, residual, input, output } => {
                let (x, residual, _, to) = run.arena.layer(*input, *residual, (0, 0), *output)?;
                chain(layers, run.layers)?.run(x, residual, to, run.workspace, threads)?;
            }
            Self::Pool { settings, input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                pool(settings, x, to, isa, threads)?;
            }
            Self::Adaptive { input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                adaptive_pool(PoolKind::Average { count_padding: false }, x, to, isa, threads)?;
            }
            Self::Affine { scale, shift, activation, input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                affine(x, scale, shift, *activation, to, isa, threads)?;
            }
            Self::Unary { activation, input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                unary(*activation, x, to, isa, threads)?;
            }
            Self::Binary { function, activation, a, b, output } => {
                let ([a, b], to) = run.arena.views([*a, *b], *output)?;
                binary(*function, a, b, *activation, to, isa, threads)?;
            }
            Self::LayerNorm { scale, shift, epsilon, input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                layer_norm(x, scale, shift, *epsilon, to, isa, threads)?;
            }
            Self::Softmax { input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                softmax(x, to, isa, threads)?;
            }
            Self::Lrn { settings, input, output } => {
                let ([x], to) = run.arena.views([*input], *output)?;
                local_response_norm(*settings, x, to, isa, threads)?;
            }
            Self::MatMul { product, batch, a, b, output } => {
                let ([a, b], to) = run.arena.slices([*a, *b], *output)?;
                product.run(*batch, a, b, to, run.workspace, threads)?;
            }
            Self::ToMap { from: Source::Memory(offset), len, output } => {
                let (from, to) = run.arena.slice_and_view(*offset, *len, *output)?;
                nchw_to_nhwc(from, to, threads)?;
            }
            Self::ToMap { from: Source::Input(input, first), len, output } => {
                let given = run.inputs.get(*input).and_then(|given| given.get(*first..first + len));
                let ([], to) = run.arena.views([], *output)?;
                nchw_to_nhwc(given.ok_or(EngineError::Broken("a part beyond the input"))?, to, threads)?;
            }
            Self::Copy { from, to } => copy(run.arena.floats_mut(), from, to),
            Self::Linear { mul, add, from, to, len } => {
                let floats = run.arena.floats_mut();
                for i in 0..*len {
                    floats[to + i] = mul * floats[from + i] + add;
                }
            }
            Self::Generic { op, inputs, outputs } => generic(op, inputs, outputs, run)?,
        }
        Ok(())
    }
}

fn chain<'a>(chained: &[(usize, Activation)], layers: &'a [Arc<PackedConv>]) -> Result<Chain<'a>, EngineError> {
    let stages: Vec<_> = chained.iter().map(|(layer, activation)| (layers[*layer].as_ref(), *activation)).collect();
    Ok(Chain::new(&stages)?)
}

fn generic(op: &Op, inputs: &[Operand], outputs: &[Operand], run: &mut Run<'_>) -> Result<(), EngineError> {
    if let Op::Burn(operation) = op {
        let data = inputs.iter().map(|input| data(input, run)).collect::<Result<Vec<_>, _>>()?;
        let results = zoo_graph::run_on_flex(operation, data)?;
        for (output, result) in outputs.iter().zip(results) {
            match output {
                Operand::Memory { view, .. } => {
                    let numbers = result.try_into_vec::<f32>().map_err(|error| EngineError::Numbers(format!("{error:?}")))?;
                    scatter(&numbers, run.arena.floats_mut(), view);
                }
                Operand::Held(id) => run.held.push((*id, result)),
                Operand::Constant { .. } => return Err(EngineError::Broken("a result among the constants")),
            }
        }
        return Ok(());
    }
    let tensors = inputs.iter().map(|input| tensor(input, run)).collect::<Result<Vec<_>, _>>()?;
    let Some(Operand::Memory { view, .. }) = outputs.first() else { return Err(EngineError::Broken("a result outside memory")) };
    let numbers = compute(op, &tensors, &view.shape).ok_or(EngineError::Broken("an operation without a definition"))?;
    scatter(&numbers, run.arena.floats_mut(), view);
    Ok(())
}

fn data(operand: &Operand, run: &Run<'_>) -> Result<TensorData, EngineError> {
    if let Operand::Held(id) = operand {
        let made = run.held.iter().find(|(held, _)| held == id).map(|(_, data)| data.clone());
        let known = || match run.constants.get(id)? {
            Constant::Other(data) => Some(data.clone()),
            Constant::Float(_) => None,
        };
        return made.or_else(known).ok_or(EngineError::Broken("an operand that nobody holds"));
    }
    let Dense { shape, data } = tensor(operand, run)?;
    Ok(TensorData::new(data, shape))
}

fn tensor(operand: &Operand, run: &Run<'_>) -> Result<Dense, EngineError> {
    match operand {
        Operand::Memory { view, .. } => Ok(Dense { shape: view.shape.clone(), data: gather(run.arena.floats(), view) }),
        Operand::Constant { value, view } => {
            let data = gather(numbers(run.constants, *value)?, view);
            Ok(Dense { shape: view.shape.clone(), data })
        }
        Operand::Held(_) => Err(EngineError::Broken("an operand that is no number")),
    }
}
