//! A mean over windows and a pointwise convolution can change places: the convolution then has fewer pixels to do.
//! DenseNet's transitions are of this kind.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::op::{Conv, Op, Pool, PoolKind};

pub(super) fn run(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Pool(pool) = node.op else { return };
        let Pool { kind: PoolKind::Average { .. }, padding: [0, 0], ceil_mode: false, .. } = pool else { return };
        let Some(layer) = rewrite.sole_producer(node.inputs[0]) else { return };
        let Op::Conv(conv) = layer.op else { return };
        let Conv { stride: [1, 1], padding: [(0, 0), (0, 0)], residual: false, activation: None, prologue: None, .. } = conv else {
            return;
        };
        let &[_, _, 1, 1] = rewrite.graph.shape(layer.inputs[1]) else { return };
        let (x, rest) = (layer.inputs[0], [layer.inputs[1], layer.inputs[2]]);
        let mut shape = rewrite.graph.shape(node.output()).to_vec();
        shape[1] = rewrite.graph.shape(x)[1];
        let pooled = rewrite.insert(index, Op::Pool(pool), vec![x], shape);
        rewrite.replace(index, Op::Conv(conv), vec![pooled, rest[0], rest[1]]);
    })
}
