//! Scales and shifts: along an axis, or the same for all.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::import::single_axis;
use crate::op::{Binary, Op, Unary};

/// Linear functions of linear functions.
pub(super) fn merge_linear(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Unary(Unary::Linear { mul, add }) = node.op else { return };
        let Some(inner) = rewrite.producer(node.inputs[0]) else { return };
        let Op::Unary(Unary::Linear { mul: first, add: then }) = inner.op else { return };
        let inputs = inner.inputs.clone();
        rewrite.replace(index, Op::Unary(Unary::Linear { mul: mul * first, add: mul * then + add }), inputs);
    })
}

/// Sums and products with a constant that varies along one axis.
pub(super) fn recognise(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Binary { function, activation } = node.op else { return };
        let constant_first = rewrite.graph.is_constant(node.inputs[0]);
        let (x, constant) = if constant_first { (node.inputs[1], node.inputs[0]) } else { (node.inputs[0], node.inputs[1]) };
        let Some(numbers) = rewrite.graph.constant(constant).cloned() else { return };
        let shape = rewrite.graph.shape(constant).to_vec();
        if rewrite.graph.shape(x) != rewrite.graph.shape(node.output()) {
            return;
        }
        let sign = if constant_first && function == Binary::Sub { -1.0 } else { 1.0 };
        let of = |number: f32| match function {
            Binary::Add => (1.0, number),
            Binary::Sub if constant_first => (sign, number),
            Binary::Sub => (sign, -number),
            Binary::Mul => (number, 0.0),
            Binary::Div => (1.0 / number, 0.0),
        };
        if constant_first && function == Binary::Div {
            return;
        }
        if let [number] = numbers[..] {
            if activation.is_none() {
                let (mul, add) = of(number);
                rewrite.replace(index, Op::Unary(Unary::Linear { mul, add }), vec![x]);
            }
            return;
        }
        let Some(axis) = single_axis(&shape) else { return };
        if shape.len() != rewrite.graph.shape(x).len() || rewrite.graph.shape(x)[axis] != shape[axis] {
            return;
        }
        let (scale, shift) = numbers.iter().map(|number| of(*number)).unzip();
        let scale = rewrite.graph.add_constant(vec![shape[axis]], scale);
        let shift = rewrite.graph.add_constant(vec![shape[axis]], shift);
        rewrite.replace(index, Op::Affine { axis, activation }, vec![x, scale, shift]);
    })
}

/// A scale and shift of a scale and shift, or of a layer norm along the same axis.
pub(super) fn merge(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Some(inner) = rewrite.sole_producer(node.inputs[0]) else { return };
        let (axis, scale, shift) = match inner.op {
            Op::Affine { axis, activation: None } | Op::LayerNorm { axis, .. } => (axis, inner.inputs[1], inner.inputs[2]),
            Op::Unary(Unary::Linear { mul, add }) => {
                let Op::Affine { axis, activation } = node.op else { return };
                let x = inner.inputs[0];
                let Some((scale, shift)) = constants(rewrite.graph, node.inputs[1], node.inputs[2]) else { return };
                let shift = scale.iter().zip(&shift).map(|(scale, shift)| scale * add + shift).collect();
                let scale = scale.iter().map(|scale| scale * mul).collect();
                let inputs = vec![x, add_row(rewrite, scale), add_row(rewrite, shift)];
                return rewrite.replace(index, Op::Affine { axis, activation }, inputs);
            }
            _ => return,
        };
        let x = inner.inputs[0];
        let inner_op = inner.op.clone();
        let Some((scale, shift)) = constants(rewrite.graph, scale, shift) else { return };
        let (outer, activation): (Vec<(f32, f32)>, _) = match node.op {
            Op::Affine { axis: outer, activation } if outer == axis => {
                let Some((mul, add)) = constants(rewrite.graph, node.inputs[1], node.inputs[2]) else { return };
                (mul.into_iter().zip(add).collect(), activation)
            }
            Op::Unary(Unary::Linear { mul, add }) => (vec![(mul, add); scale.len()], None),
            _ => return,
        };
        let op = match inner_op {
            Op::Affine { axis, .. } => Op::Affine { axis, activation },
            layer_norm if activation.is_none() => layer_norm,
            _ => return,
        };
        let shift = shift.iter().zip(&outer).map(|(shift, (mul, add))| mul * shift + add).collect();
        let scale = scale.iter().zip(&outer).map(|(scale, (mul, _))| mul * scale).collect();
        let inputs = vec![x, add_row(rewrite, scale), add_row(rewrite, shift)];
        rewrite.replace(index, op, inputs);
    })
}

fn constants(graph: &Graph, scale: crate::ValueId, shift: crate::ValueId) -> Option<(Vec<f32>, Vec<f32>)> {
    Some((graph.constant(scale)?.to_vec(), graph.constant(shift)?.to_vec()))
}

fn add_row(rewrite: &mut Rewrite, numbers: Vec<f32>) -> crate::ValueId {
    rewrite.graph.add_constant(vec![numbers.len()], numbers)
}
