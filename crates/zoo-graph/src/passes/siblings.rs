//! Pointwise convolutions of one map become one, whose channels are then cut: an inception module's narrow branches read their input
//! once, and together fill the registers that each alone would not.

use super::rewrite::Rewrite;
use crate::Graph;
use crate::graph::{Node, ValueId};
use crate::op::{Conv, Op};

/// conv(x, a), conv(x, b), which other convolutions read
pub(super) fn run(graph: &mut Graph) -> usize {
    let between = between_convolutions(graph);
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Some(conv) = branch(rewrite.graph, node, &between) else { return };
        let x = node.inputs[0];
        let is_sibling = |other: &usize| {
            let node = rewrite.node(*other);
            node.inputs.first() == Some(&x) && branch(rewrite.graph, node, &between) == Some(conv)
        };
        let siblings: Vec<usize> = (index..rewrite.graph.nodes.len()).filter(is_sibling).collect();
        if siblings.len() < 2 {
            return;
        }
        let inputs = |place: usize| siblings.iter().map(|i| rewrite.node(*i).inputs[place]).collect::<Vec<_>>();
        let (weights, biases) = (inputs(1), inputs(2));
        let outs: Vec<usize> = weights.iter().map(|weight| rewrite.graph.shape(*weight)[0]).collect();
        let [Some(weight), Some(bias)] = [weights, biases].map(|all| concatenate(rewrite, &all)) else { return };
        let (all, channels) = (outs.iter().sum(), rewrite.graph.shape(x)[1]);
        let weight = rewrite.graph.add_constant(vec![all, channels, 1, 1], weight);
        let bias = rewrite.graph.add_constant(vec![all], bias);
        let mut shape = rewrite.graph.shape(rewrite.node(index).output()).to_vec();
        shape[1] = all;
        let whole = rewrite.insert(index, Op::Conv(conv), vec![x, weight, bias], shape);
        let mut first = 0;
        for (sibling, channels) in siblings.into_iter().zip(outs) {
            rewrite.replace(sibling, Op::Slice { start: vec![0, first, 0, 0], step: vec![1; 4] }, vec![whole]);
            first += channels;
        }
    })
}

/// Values that convolutions without a prologue read, and nothing else: they take channels out of a wider map as they are.
fn between_convolutions(graph: &Graph) -> Vec<bool> {
    let mut all = vec![true; graph.values.len()];
    for node in &graph.nodes {
        let reads_map = matches!(node.op, Op::Conv(Conv { prologue: None, .. }));
        let others = &node.inputs[usize::from(reads_map)..];
        others.iter().for_each(|id| all[id.0] = false);
    }
    graph.outputs.iter().for_each(|id| all[id.0] = false);
    all
}

/// A pointwise convolution of constant weights whose result only convolutions read.
fn branch(graph: &Graph, node: &Node, between: &[bool]) -> Option<Conv> {
    let Op::Conv(conv @ Conv { padding: [(0, 0), (0, 0)], groups: 1, prologue: None, residual: false, .. }) = node.op else { return None };
    let &[_, weight, bias] = &node.inputs[..] else { return None };
    let constant = graph.constant(weight).is_some() && graph.constant(bias).is_some();
    let pointwise = graph.shape(weight)[2..] == [1, 1];
    (constant && pointwise && between.get(node.output().0) == Some(&true)).then_some(conv)
}

fn concatenate(rewrite: &mut Rewrite<'_>, constants: &[ValueId]) -> Option<Vec<f32>> {
    let mut all = Vec::new();
    for id in constants {
        all.extend(rewrite.take_constant(*id)?);
    }
    Some(all)
}
