//! Sums and activations move into the operation that makes their operand.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::graph::{Node, ValueId};
use crate::op::{Binary, Conv, Op, Prologue, Unary};

/// layer(x) + y
pub(super) fn residuals(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Binary { function: Binary::Add, activation } = node.op else { return };
        let shape = rewrite.graph.shape(node.output());
        for (one, other) in [(node.inputs[1], node.inputs[0]), (node.inputs[0], node.inputs[1])] {
            let Some(layer) = rewrite.sole_producer(one) else { continue };
            let op = match layer.op {
                Op::Conv(conv @ Conv { residual: false, activation: None, .. }) => Op::Conv(Conv { residual: true, activation, ..conv }),
                Op::Dense { residual: false, activation: None } => Op::Dense { residual: true, activation },
                _ => continue,
            };
            if rewrite.graph.shape(one) != shape || rewrite.graph.shape(other) != shape {
                continue;
            }
            // Fourth, before what a prologue needs.
            let inputs = [&layer.inputs[..3], &[other], &layer.inputs[3..]].concat();
            return rewrite.replace(index, op, inputs);
        }
    })
}

/// activation(layer(x))
pub(super) fn activations(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Unary(unary) = node.op else { return };
        if !is_activation(unary) {
            return;
        }
        let Some(layer) = rewrite.sole_producer(node.inputs[0]) else { return };
        let (mut op, inputs) = (layer.op.clone(), layer.inputs.clone());
        match op.activation_mut() {
            Some(place) if place.is_none() => *place = Some(unary),
            _ => return,
        }
        rewrite.replace(index, op, inputs);
    })
}

/// activation(cat(layer(x), layer(y))) becomes cat(activation(layer(x)), activation(layer(y))): SqueezeNet's fire modules are of this kind.
pub(super) fn joined(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Unary(unary) = node.op else { return };
        let Some(Node { op: Op::Cat(axis), inputs: parts, .. }) = rewrite.sole_producer(node.inputs[0]) else { return };
        let free = |part: &ValueId| rewrite.sole_producer(*part).is_some_and(|layer| layer.op.clone().activation_mut() == Some(&mut None));
        if !is_activation(unary) || !parts.iter().all(free) {
            return;
        }
        let (axis, parts) = (*axis, parts.clone());
        let activated = |part: ValueId| {
            let shape = rewrite.graph.shape(part).to_vec();
            rewrite.insert(index, Op::Unary(unary), vec![part], shape)
        };
        let parts = parts.into_iter().map(activated).collect();
        rewrite.replace(index, Op::Cat(axis), parts);
    })
}

/// What kernels apply to a result before they store it.
fn is_activation(unary: Unary) -> bool {
    use Unary::{Clamp, Gelu, HardSigmoid, HardSwish, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
    matches!(unary, Relu | Clamp { .. } | LeakyRelu(_) | Sigmoid | HardSigmoid { .. } | HardSwish | Silu | Gelu | Tanh)
}

/// conv(activation(scale * x + shift)) and conv(gate * x) where the convolution is pointwise
pub(super) fn prologues(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Conv(conv @ Conv { padding: [(0, 0), (0, 0)], groups: 1, prologue: None, .. }) = node.op else { return };
        let &[_, channels, 1, 1] = rewrite.graph.shape(node.inputs[1]) else { return };
        let Some(before) = rewrite.sole_producer(node.inputs[0]) else { return };
        let shape = rewrite.graph.shape(node.inputs[0]);
        let (prologue, x, operands) = match before.op {
            Op::Affine { axis: 1, activation } => (Prologue::Affine(activation), before.inputs[0], before.inputs[1..].to_vec()),
            Op::Binary { function: Binary::Mul, activation: None } => {
                let is_gate = |place: usize| rewrite.graph.shape(before.inputs[place]) == [shape[0], channels, 1, 1];
                let is_full = |place: usize| rewrite.graph.shape(before.inputs[place]) == shape;
                match (is_full(0) && is_gate(1), is_full(1) && is_gate(0)) {
                    (true, _) => (Prologue::Gate, before.inputs[0], vec![before.inputs[1]]),
                    (_, true) => (Prologue::Gate, before.inputs[1], vec![before.inputs[0]]),
                    _ => return,
                }
            }
            _ => return,
        };
        // A map of one pixel is no map.
        if shape[2..] == [1, 1] {
            return;
        }
        let inputs = [&[x], &node.inputs[1..], &operands[..]].concat();
        rewrite.replace(index, Op::Conv(Conv { prologue: Some(prologue), ..conv }), inputs);
    })
}
