//! Reshapes and permutations move behind elementwise functions, so that these meet what computes their operand.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::graph::{Node, ValueId};
use crate::op::{Binary, Op};

/// f(view(x)) becomes view(f(x)) where x is computed by a convolution or a dense layer.
pub(super) fn functions(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Some((view, x)) = view_of_layer(rewrite, node.inputs.first().copied()) else { return };
        let op = match &node.op {
            Op::Unary(unary) => Op::Unary(*unary),
            Op::Affine { axis, activation } => {
                let axis = match &view.op {
                    Op::Permute(axes) => Some(axes[*axis]),
                    _ => same_axis(rewrite.graph.shape(view.output()), *axis, rewrite.graph.shape(x)),
                };
                let Some(axis) = axis else { return };
                Op::Affine { axis, activation: *activation }
            }
            _ => return,
        };
        let (view_op, shape) = (view.op.clone(), rewrite.graph.shape(x).to_vec());
        let inputs = [&[x], &node.inputs[1..]].concat();
        let inner = rewrite.insert(index, op, inputs, shape);
        rewrite.replace(index, view_op, vec![inner]);
    })
}

/// permute(x) + y becomes permute(x + permute⁻¹(y)) where x is computed by a convolution or a dense layer.
pub(super) fn sums(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Binary { function: Binary::Add, activation } = node.op else { return };
        for (one, other) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
            let Some((view, x)) = view_of_layer(rewrite, Some(one)) else { continue };
            let Op::Permute(axes) = view.op.clone() else { continue };
            // Only where the layer then takes the sum in: else the permutation would go back and forth.
            let free = rewrite.sole_producer(x).is_some_and(|layer| match layer.op {
                Op::Conv(conv) => !conv.residual && conv.activation.is_none(),
                Op::Dense { residual, activation } => !residual && activation.is_none(),
                _ => false,
            });
            if !free || rewrite.graph.is_constant(other) || rewrite.graph.shape(one) != rewrite.graph.shape(other) {
                continue;
            }
            let mut inverse = vec![0; axes.len()];
            axes.iter().enumerate().for_each(|(to, from)| inverse[*from] = to);
            let shape = rewrite.graph.shape(x).to_vec();
            let other = rewrite.insert(index, Op::Permute(inverse), vec![other], shape.clone());
            let sum = rewrite.insert(index, Op::Binary { function: Binary::Add, activation }, vec![x, other], shape);
            return rewrite.replace(index, Op::Permute(axes), vec![sum]);
        }
    })
}

/// The reshape or permutation that makes a value which nothing else reads, if what it views comes from a layer and nothing else
/// reads that.
fn view_of_layer<'r>(rewrite: &'r Rewrite, value: Option<ValueId>) -> Option<(&'r Node, ValueId)> {
    let view = rewrite.sole_producer(value?)?;
    if !matches!(view.op, Op::Reshape | Op::Permute(_)) {
        return None;
    }
    let x = view.inputs[0];
    let mut layer = rewrite.sole_producer(x)?;
    while matches!(layer.op, Op::Reshape | Op::Permute(_)) {
        layer = rewrite.sole_producer(layer.inputs[0])?;
    }
    matches!(layer.op, Op::Conv(_) | Op::Dense { .. }).then_some((view, x))
}

/// The axis of the old shape whose places are those of an axis of the new one.
fn same_axis(new: &[usize], axis: usize, old: &[usize]) -> Option<usize> {
    let after = |shape: &[usize], axis: usize| shape[axis + 1..].iter().product::<usize>();
    (0..old.len()).find(|candidate| old[*candidate] == new[axis] && after(old, *candidate) == after(new, axis))
}
