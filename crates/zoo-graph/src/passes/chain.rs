//! A depthwise convolution takes in the pointwise ones before and after it, where their maps are large.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::graph::{Node, ValueId};
use crate::op::{Conv, Op};

/// Bytes of the map between two convolutions of a batch, from which on a core's cache does not hold it.
const LARGE: usize = 1 << 20;
/// The same for one picture with so many rows that threads can share them.
const LARGE_FOR_ONE: usize = 256 << 10;
const ROWS: usize = 24;

/// project(depthwise(expand(x))), or two of these
pub(super) fn run(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Some(filter) = depthwise(rewrite.graph, node) else { return project(rewrite, index) };
        let x = node.inputs[0];
        let Some(expand) =
            rewrite.sole_producer(x).filter(|before| is_large(rewrite.graph, x) && pointwise(rewrite.graph, before).is_some())
        else {
            return;
        };
        let Some(first) = pointwise(rewrite.graph, expand).filter(|first| !first.residual) else { return };
        let inputs = [&expand.inputs[..], &node.inputs[1..]].concat();
        rewrite.replace(index, Op::Chain(vec![first, filter]), inputs);
    })
}

/// A pointwise convolution after what may be the beginning of a chain.
fn project(rewrite: &mut Rewrite<'_>, index: usize) {
    let node = rewrite.node(index);
    let Some(last) = pointwise(rewrite.graph, node) else { return };
    let x = node.inputs[0];
    let Some(before) = rewrite.sole_producer(x) else { return };
    let mut convs = match &before.op {
        // What it makes is at hand, large or not.
        Op::Chain(convs) => convs.clone(),
        _ => depthwise(rewrite.graph, before).filter(|_| is_large(rewrite.graph, x)).into_iter().collect(),
    };
    if convs.last().is_none_or(|conv| conv.groups == 1 || conv.residual) {
        return;
    }
    convs.push(last);
    let inputs = [&before.inputs[..], &node.inputs[1..]].concat();
    rewrite.replace(index, Op::Chain(convs), inputs);
}

/// Of stride 1 without a prologue.
fn pointwise(graph: &Graph, node: &Node) -> Option<Conv> {
    let Op::Conv(conv @ Conv { stride: [1, 1], padding: [(0, 0), (0, 0)], groups: 1, prologue: None, .. }) = node.op else { return None };
    (graph.shape(node.inputs[1])[2..] == [1, 1]).then_some(conv)
}

/// Without dilation and a prologue.
fn depthwise(graph: &Graph, node: &Node) -> Option<Conv> {
    let Op::Conv(conv @ Conv { dilation: [1, 1], prologue: None, .. }) = node.op else { return None };
    let channels = graph.shape(node.inputs[0])[1];
    (conv.groups > 1 && conv.groups == channels && graph.shape(node.inputs[1])[..2] == [channels, 1]).then_some(conv)
}

fn is_large(graph: &Graph, map: ValueId) -> bool {
    let &[batch, channels, height, width] = graph.shape(map) else { return false };
    let picture = 4 * channels * height * width;
    batch * picture >= LARGE || picture >= LARGE_FOR_ONE && height >= ROWS
}
