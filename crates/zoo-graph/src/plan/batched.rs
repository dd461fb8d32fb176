//! Which values have the pictures of the batch along their first axis, and which operations keep them apart.

use crate::graph::{Graph, Node, ValueId};
use crate::op::Op;

/// The batch size, where all inputs of the graph agree on one above 1.
pub(super) fn batch(graph: &Graph) -> Option<usize> {
    let mut sizes = graph.inputs.iter().map(|id| graph.shape(*id).first().copied());
    let first = sizes.next()??;
    (first > 1 && sizes.all(|size| size == Some(first))).then_some(first)
}

/// For each value whether its first axis is the batch, computed picture by picture all the way from the inputs.
pub(super) fn values(graph: &Graph) -> Vec<bool> {
    let mut batched = vec![false; graph.values.len()];
    let Some(batch) = batch(graph) else { return batched };
    for input in &graph.inputs {
        batched[input.0] = true;
    }
    for node in &graph.nodes {
        if keeps_apart(graph, node, batch, &batched) {
            node.outputs.iter().for_each(|output| batched[output.0] = true);
        }
    }
    batched
}

fn keeps_apart(graph: &Graph, node: &Node, batch: usize, batched: &[bool]) -> bool {
    let mut computed = node.inputs.iter().filter(|id| !graph.is_constant(**id)).peekable();
    let starts_with_batch = graph.shape(node.output()).first() == Some(&batch);
    if computed.peek().is_none() || !starts_with_batch || !computed.all(|id| batched[id.0]) {
        return false;
    }
    // A constant beside the batch would have to be cut as well.
    let same_for_all = |id: &ValueId| {
        let (shape, rank) = (graph.shape(*id), graph.shape(node.output()).len());
        !graph.is_constant(*id) || shape.len() < rank || shape.first().is_none_or(|size| *size == 1)
    };
    match &node.op {
        Op::Conv(_)
        | Op::Chain(_)
        | Op::Pool(_)
        | Op::AdaptiveAveragePool(_)
        | Op::Lrn { .. }
        | Op::Unary(_)
        | Op::Expand
        | Op::Reshape => true,
        Op::Dense { .. } => graph.shape(node.output()).len() > 1,
        Op::Affine { axis, .. } | Op::PRelu(axis) | Op::Softmax(axis) | Op::LayerNorm { axis, .. } | Op::Cat(axis) => *axis != 0,
        Op::Reduce { axes, .. } => !axes.contains(&0),
        Op::Pad { padding, .. } => padding.first() == Some(&(0, 0)),
        Op::Binary { .. } => node.inputs.iter().all(same_for_all),
        Op::Matmul => graph.shape(node.output()).len() > 2 && node.inputs.iter().all(same_for_all),
        Op::Permute(axes) => axes.first() == Some(&0),
        Op::Slice { start, step } => start.first() == Some(&0) && step.first() == Some(&1),
        Op::Burn(_) => false,
    }
}
