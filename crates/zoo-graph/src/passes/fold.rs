//! Scales and shifts of a layer's outputs are part of its weights: batch norm, layer scale.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::op::{Conv, Op, Unary};

pub(super) fn into_weights(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Some(layer) = rewrite.sole_producer(node.inputs[0]) else { return };
        // The axis of the layer's channels in its output, and in its weight.
        let (channels, first) = match layer.op {
            Op::Conv(Conv { residual: false, activation: None, prologue: None, .. }) => (1, true),
            Op::Dense { residual: false, activation: None } => (rewrite.graph.shape(node.inputs[0]).len() - 1, false),
            _ => return,
        };
        let outputs = rewrite.graph.shape(layer.inputs[2])[0];
        let (scale, shift, activation) = match node.op {
            Op::Affine { axis, activation } if axis == channels => {
                let find = |place: usize| rewrite.graph.constant(node.inputs[place]).map(|numbers| numbers.to_vec());
                let (Some(scale), Some(shift)) = (find(1), find(2)) else { return };
                (scale, shift, activation)
            }
            Op::Unary(Unary::Linear { mul, add }) => (vec![mul; outputs], vec![add; outputs], None),
            _ => return,
        };
        let (x, held, mut op) = (layer.inputs[0], layer.inputs[1], layer.op.clone());
        let Some(bias) = rewrite.graph.constant(layer.inputs[2]).cloned() else { return };
        // Changed where it lies, if the layer alone has it: all weights of a model twice would be the most memory that it ever needs.
        let Some(mut weight) = rewrite.take_constant(held) else { return };
        match first {
            true => {
                let each = weight.len() / outputs;
                weight.chunks_exact_mut(each).zip(&scale).for_each(|(row, scale)| row.iter_mut().for_each(|w| *w *= scale));
            }
            false => weight.chunks_exact_mut(outputs).for_each(|row| row.iter_mut().zip(&scale).for_each(|(w, scale)| *w *= scale)),
        }
        let bias = bias.iter().zip(scale.iter().zip(&shift)).map(|(bias, (scale, shift))| bias * scale + shift).collect();
        let shape = rewrite.graph.shape(held).to_vec();
        if let Some(place) = op.activation_mut() {
            *place = activation;
        }
        let weight = rewrite.graph.add_constant(shape, weight);
        let bias = rewrite.graph.add_constant(vec![outputs], bias);
        rewrite.replace(index, op, vec![x, weight, bias]);
    })
}
