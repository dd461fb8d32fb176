//! Matrix products with constants are dense layers.

use std::sync::Arc;

use super::rewrite::Rewrite;
use crate::Graph;
use crate::graph::{Node, ValueId};
use crate::op::{Binary, Op};

pub(super) fn recognise(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let (Op::Matmul, [x, weight]) = (&node.op, &node.inputs[..]) else { return };
        let (x, weight) = (*x, *weight);
        let shape = rewrite.graph.shape(weight).to_vec();
        let [before @ .., rows, columns] = &shape[..] else { return };
        let Some(numbers) = rewrite.graph.constant(weight).map(Arc::clone) else { return };
        if before.iter().any(|size| *size != 1) {
            return;
        }
        let weight = rewrite.graph.add_shared(vec![*rows, *columns], numbers);
        let bias = rewrite.graph.add_constant(vec![*columns], vec![0.0; *columns]);
        rewrite.replace(index, Op::Dense { residual: false, activation: None }, vec![x, weight, bias]);
    })
}

/// A large layer that the model stores in parts: x[..a] A + x[a..] B.
pub(super) fn join_parts(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Binary { function: Binary::Add, activation } = node.op else { return };
        let (Some(first), Some(second)) = (part(rewrite, node, 0), part(rewrite, node, 1)) else { return };
        let (first, second) = if first.start < second.start { (first, second) } else { (second, first) };
        if first.x != second.x || first.start + first.rows != second.start || first.columns != second.columns {
            return;
        }
        let shape = rewrite.graph.shape(first.x).to_vec();
        let mut starts = vec![0; shape.len()];
        let mut part_shape = shape;
        if let (Some(start), Some(size)) = (starts.last_mut(), part_shape.last_mut()) {
            *start = first.start;
            *size = first.rows + second.rows;
        }
        let rows = first.rows + second.rows;
        let (Some(mut weight), Some(rest)) = (rewrite.take_constant(first.weight), rewrite.take_constant(second.weight)) else { return };
        weight.reserve_exact(rest.len());
        weight.extend(rest);
        let bias = first.bias.iter().zip(second.bias.iter()).map(|(a, b)| a + b).collect();
        let weight = rewrite.graph.add_constant(vec![rows, first.columns], weight);
        let bias = rewrite.graph.add_constant(vec![first.columns], bias);
        let x = rewrite.insert(index, Op::Slice { step: vec![1; starts.len()], start: starts }, vec![first.x], part_shape);
        rewrite.replace(index, Op::Dense { residual: false, activation }, vec![x, weight, bias]);
    })
}

struct Part {
    x: ValueId,
    start: usize,
    rows: usize,
    columns: usize,
    weight: ValueId,
    bias: Arc<Vec<f32>>,
}

fn part(rewrite: &Rewrite, sum: &Node, place: usize) -> Option<Part> {
    let dense = rewrite.sole_producer(sum.inputs[place])?;
    let Op::Dense { residual: false, activation: None } = dense.op else { return None };
    let slice = rewrite.producer(dense.inputs[0])?;
    let Op::Slice { start: starts, step } = &slice.op else { return None };
    if step.iter().any(|step| *step != 1) {
        return None;
    }
    let x = slice.inputs[0];
    let (from, to) = (rewrite.graph.shape(x), rewrite.graph.shape(slice.output()));
    // Only the last axis is cut.
    if from.len() != to.len() || from[..from.len() - 1] != to[..to.len() - 1] {
        return None;
    }
    let [rows, columns] = rewrite.graph.shape(dense.inputs[1])[..] else { return None };
    let weight = dense.inputs[1];
    rewrite.graph.constant(weight)?;
    let bias = rewrite.graph.constant(dense.inputs[2])?.clone();
    Some(Part { x, start: *starts.last()?, rows, columns, weight, bias })
}
