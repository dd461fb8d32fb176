//! Views that change nothing, and views of views.

use super::rewrite::{Rewrite, remove_dead};
use crate::Graph;
use crate::graph::ValueId;
use crate::op::Op;

pub(super) fn simplify(graph: &mut Graph) -> usize {
    forward_empty(graph)
        + Rewrite::run(graph, |rewrite, index| {
            let node = rewrite.node(index);
            let Some(inner) = node.inputs.first().and_then(|input| rewrite.producer(*input)) else { return };
            let op = match (&node.op, &inner.op) {
                (Op::Reshape, Op::Reshape) => Op::Reshape,
                (Op::Permute(outer), Op::Permute(inner)) => Op::Permute(outer.iter().map(|axis| inner[*axis]).collect()),
                (Op::Slice { start: outer, step: by }, Op::Slice { start, step }) => Op::Slice {
                    start: start.iter().zip(outer).zip(step).map(|((start, outer), step)| start + outer * step).collect(),
                    step: step.iter().zip(by).map(|(step, by)| step * by).collect(),
                },
                _ => return,
            };
            let inputs = inner.inputs.clone();
            rewrite.replace(index, op, inputs);
        })
}

/// Readers of a view that changes nothing read what it views.
fn forward_empty(graph: &mut Graph) -> usize {
    let mut instead: Vec<ValueId> = (0..graph.values.len()).map(ValueId).collect();
    let mut changes = 0;
    for node in &mut graph.nodes {
        node.inputs.iter_mut().for_each(|input| *input = instead[input.0]);
        let empty = match &node.op {
            Op::Reshape | Op::Slice { .. } | Op::Expand | Op::AdaptiveAveragePool(_) | Op::Reduce { .. } => {
                graph.values[node.inputs[0].0].shape == graph.values[node.outputs[0].0].shape
            }
            Op::Permute(axes) => axes.iter().enumerate().all(|(to, from)| to == *from),
            Op::Cat(_) => node.inputs.len() == 1,
            _ => false,
        };
        if empty {
            instead[node.outputs[0].0] = node.inputs[0];
            changes += 1;
        }
    }
    graph.outputs.iter_mut().for_each(|output| *output = instead[output.0]);
    remove_dead(graph);
    changes
}
