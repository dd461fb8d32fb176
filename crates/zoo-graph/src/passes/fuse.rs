//! Sums and activations move into the operation that makes their operand.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::op::{Binary, Conv, Op, Unary};

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
            let inputs = [&layer.inputs[..], &[other]].concat();
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

/// What kernels apply to a result before they store it.
fn is_activation(unary: Unary) -> bool {
    use Unary::{Clamp, Gelu, HardSigmoid, HardSwish, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
    matches!(unary, Relu | Clamp { .. } | LeakyRelu(_) | Sigmoid | HardSigmoid { .. } | HardSwish | Silu | Gelu | Tanh)
}
