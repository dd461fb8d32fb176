//! Which layouts operations read and write.

use crate::graph::Graph;
use crate::op::Op;
use crate::view::View;

/// Whether an operation can read its first operand as it lies, and how it should lie otherwise. `None` where any layout will do.
pub(super) fn accepts(op: &Op, view: &View) -> Option<(bool, View)> {
    let rows_along = |axis: usize| {
        let mut order: Vec<usize> = view.order().into_iter().filter(|other| *other != axis).collect();
        order.push(axis);
        (view.as_rows(axis).is_some(), View::ordered(&view.shape, &order))
    };
    match op {
        Op::Conv(_) | Op::Chain(_) | Op::Pool(_) | Op::AdaptiveAveragePool(_) => Some((is_map(view), View::channels_last(&view.shape))),
        Op::Dense { .. } => Some(rows_along(view.shape.len() - 1)),
        Op::Affine { axis, .. } | Op::PRelu(axis) | Op::Softmax(axis) | Op::LayerNorm { axis, .. } => Some(rows_along(*axis)),
        Op::Lrn { .. } => Some(rows_along(1)),
        Op::Matmul => Some((is_matrices(view), View::rows(&view.shape))),
        Op::Unary(_) => Some((view.is_dense() || evenly_spaced(view), View::ordered(&view.shape, &view.order()))),
        _ => None,
    }
}

/// How the result lies where it follows the first operand, row for row.
pub(super) fn follow(op: &Op, x: &View, shape: &[usize]) -> Option<View> {
    match op {
        Op::Dense { .. } | Op::Affine { .. } | Op::PRelu(_) | Op::Softmax(_) | Op::LayerNorm { .. } | Op::Lrn { .. } | Op::Unary(_) => {
            Some(View::ordered(shape, &x.order()))
        }
        _ => None,
    }
}

/// Whether a feature map lies pixel by pixel, the channels of a pixel side by side.
fn is_map(view: &View) -> bool {
    let pixels: Vec<usize> = [0, 2, 3].into_iter().filter(|axis| view.shape[*axis] > 1).collect();
    view.as_rows(1).is_some_and(|rows| rows.order == pixels)
}

/// Whether matrices along the last two axes follow each other without gaps, all as they are or all transposed.
pub(super) fn is_matrices(view: &View) -> bool {
    let mut axes: Vec<usize> = (0..view.shape.len()).collect();
    let last = axes.len() - 1;
    axes.swap(last - 1, last);
    view.is_rows() || view.permute(&axes).is_rows()
}

fn evenly_spaced(view: &View) -> bool {
    view.order().last().is_some_and(|axis| view.as_rows(*axis).is_some())
}

/// Whether two views of one shape go through their elements in the same order.
pub(super) fn same_rows(a: &View, b: &View) -> bool {
    let order = |view: &View| -> Vec<usize> { view.order().into_iter().filter(|axis| view.shape[*axis] > 1).collect() };
    let even = |view: &View| view.is_dense() || evenly_spaced(view);
    a.shape.len() == b.shape.len() && order(a) == order(b) && even(a) && even(b)
}

/// For each value the concatenation into whose result it is written at once, and where it begins there.
pub(super) fn concatenations(graph: &Graph) -> Vec<Option<(usize, Vec<usize>)>> {
    let mut within: Vec<Option<(usize, Vec<usize>)>> = vec![None; graph.values.len()];
    let producers = graph.producers();
    // Later ones first: a concatenation that is part of a larger one lies within that.
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        let Op::Cat(axis) = node.op else { continue };
        let mut start = vec![0; graph.shape(node.output()).len()];
        for input in &node.inputs {
            let writes = producers[input.0].is_some_and(|producer| {
                let op = &graph.nodes[producer].op;
                !op.is_view() && !matches!(op, Op::Matmul | Op::Burn(_))
            });
            let once = node.inputs.iter().filter(|other| *other == input).count() == 1;
            if writes && once && within[input.0].is_none() {
                within[input.0] = Some((index, start.clone()));
            }
            start[axis] += graph.shape(*input)[axis];
        }
    }
    within
}
