//! Functions that models write out in parts.

use burn_ir::{ModuleOperationIr, OperationIr};

use super::rewrite::Rewrite;
use crate::Graph;
use crate::graph::{Node, ValueId};
use crate::op::{Binary, Op, ReduceKind, Unary};
use crate::view::View;

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1e-30)
}

/// A mean over one axis and then another is one over both; so is the adaptive pooling to one pixel.
pub(super) fn means(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        match &node.op {
            Op::AdaptiveAveragePool([1, 1]) => {
                let inputs = node.inputs.clone();
                rewrite.replace(index, Op::Reduce { kind: ReduceKind::Mean, axes: vec![2, 3] }, inputs);
            }
            Op::Reduce { kind, axes } => {
                let Some(inner) = rewrite.sole_producer(node.inputs[0]) else { return };
                let Op::Reduce { kind: first, axes: before } = &inner.op else { return };
                if first != kind {
                    return;
                }
                let mut axes: Vec<usize> = axes.iter().chain(before).copied().collect();
                axes.sort_unstable();
                axes.dedup();
                let (kind, inputs) = (*kind, inner.inputs.clone());
                rewrite.replace(index, Op::Reduce { kind, axes }, inputs);
            }
            _ => {}
        }
    })
}

/// clamp(x + 3, 0, 6) / 6
pub(super) fn hard_sigmoid(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Unary(Unary::Linear { mul, add: 0.0 }) = node.op else { return };
        let Some(clamp) = rewrite.producer(node.inputs[0]) else { return };
        let Op::Unary(Unary::Clamp { min: 0.0, max }) = clamp.op else { return };
        let Some(inner) = rewrite.producer(clamp.inputs[0]) else { return };
        let Op::Unary(Unary::Linear { mul: 1.0, add }) = inner.op else { return };
        if near(mul * max, 1.0) {
            let inputs = inner.inputs.clone();
            rewrite.replace(index, Op::Unary(Unary::HardSigmoid { alpha: mul, beta: add * mul }), inputs);
        }
    })
}

/// x * hard_sigmoid(x) and x * sigmoid(x)
pub(super) fn gated(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let node = rewrite.node(index);
        let Op::Binary { function: Binary::Mul, activation: None } = node.op else { return };
        for (x, gate) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
            let Some(gate) = rewrite.producer(gate).filter(|gate| gate.inputs[0] == x) else { continue };
            let unary = match gate.op {
                Op::Unary(Unary::Sigmoid) => Unary::Silu,
                Op::Unary(Unary::HardSigmoid { alpha, beta }) if near(alpha, 1.0 / 6.0) && near(beta, 0.5) => Unary::HardSwish,
                _ => continue,
            };
            return rewrite.replace(index, Op::Unary(unary), vec![x]);
        }
    })
}

/// (x - mean) / sqrt(mean of squares + epsilon)
pub(super) fn layer_norm(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        let Some((x, axis, epsilon)) = match_layer_norm(rewrite, index) else { return };
        let places = rewrite.graph.shape(x)[axis];
        let gamma = rewrite.graph.add_constant(vec![places], vec![1.0; places]);
        let beta = rewrite.graph.add_constant(vec![places], vec![0.0; places]);
        rewrite.replace(index, Op::LayerNorm { axis, epsilon }, vec![x, gamma, beta]);
    })
}

fn match_layer_norm(rewrite: &Rewrite, index: usize) -> Option<(ValueId, usize, f32)> {
    let is = |node: &Node, function: Binary| matches!(node.op, Op::Binary { function: f, activation: None } if f == function);
    let node = rewrite.node(index);
    if !is(node, Binary::Div) {
        return None;
    }
    let centred = rewrite.producer(node.inputs[0]).filter(|node| is(node, Binary::Sub))?;
    let x = centred.inputs[0];
    let mean_axis = |value: ValueId| {
        let mean = rewrite.producer(value)?;
        match &mean.op {
            Op::Reduce { kind: ReduceKind::Mean, axes } if axes.len() == 1 && mean.inputs[0] == x => Some(axes[0]),
            _ => None,
        }
    };
    let axis = mean_axis(centred.inputs[1])?;
    let root = rewrite.producer(node.inputs[1]).filter(|node| matches!(node.op, Op::Unary(Unary::Sqrt)))?;
    let shifted = rewrite.producer(root.inputs[0])?;
    let Op::Unary(Unary::Linear { mul, add: epsilon }) = shifted.op else { return None };
    let squares = rewrite.producer(shifted.inputs[0])?;
    let places = rewrite.graph.shape(x)[axis] as f32;
    let wanted = match &squares.op {
        Op::Reduce { kind: ReduceKind::Sum, axes } if axes[..] == [axis] => 1.0 / places,
        Op::Reduce { kind: ReduceKind::Mean, axes } if axes[..] == [axis] => 1.0,
        _ => return None,
    };
    let square = rewrite.producer(squares.inputs[0]).filter(|node| is(node, Binary::Mul) && node.inputs[0] == node.inputs[1])?;
    let again = rewrite.producer(square.inputs[0]).filter(|node| is(node, Binary::Sub) && node.inputs[0] == x)?;
    (near(mul, wanted) && mean_axis(again.inputs[1]) == Some(axis)).then_some((x, axis, epsilon))
}

/// x / (k + alpha * mean square over neighbouring channels)^beta
pub(super) fn lrn(graph: &mut Graph) -> usize {
    Rewrite::run(graph, |rewrite, index| {
        if let Some((x, op)) = match_lrn(rewrite, index) {
            rewrite.replace(index, op, vec![x]);
        }
    })
}

fn match_lrn(rewrite: &Rewrite, index: usize) -> Option<(ValueId, Op)> {
    let node = rewrite.node(index);
    let Op::Binary { function: Binary::Div, activation: None } = node.op else { return None };
    let x = node.inputs[0];
    let power = rewrite.producer(node.inputs[1])?;
    let Op::Unary(Unary::Powf(beta)) = power.op else { return None };
    let linear = rewrite.producer(power.inputs[0])?;
    let Op::Unary(Unary::Linear { mul: alpha, add: k }) = linear.op else { return None };
    let (pool, _) = through_views(rewrite, linear.inputs[0])?;
    let Op::Burn(operation) = &pool.op else { return None };
    let OperationIr::Module(ModuleOperationIr::AvgPool1d(desc)) = operation.as_ref() else { return None };
    let size = desc.kernel_size;
    if desc.stride != 1 || size % 2 == 0 || desc.padding != size / 2 || !desc.count_include_pad {
        return None;
    }
    let (square, views) = through_views(rewrite, pool.inputs[0])?;
    let squared = matches!(square.op, Op::Binary { function: Binary::Mul, activation: None }) && square.inputs[..] == [x, x];
    // The pooled axis must be the channels: followed through the views, its stride is that of a channel.
    let map = View::rows(rewrite.graph.shape(x));
    let last = views.iter().rev().try_fold(map.clone(), |view, node| match &node.op {
        Op::Permute(axes) => Some(view.permute(axes)),
        _ => view.reshape(rewrite.graph.shape(node.output())),
    })?;
    let channels = *map.shape.get(1)?;
    let along = last.shape.last() == Some(&channels) && last.strides.last() == map.strides.get(1);
    (squared && along && map.shape.len() == 4).then_some((x, Op::Lrn { size, alpha, beta, k }))
}

/// The first node before reshapes and permutations, and these, last first.
fn through_views<'r>(rewrite: &'r Rewrite, mut value: ValueId) -> Option<(&'r Node, Vec<&'r Node>)> {
    let mut views = Vec::new();
    loop {
        let node = rewrite.producer(value)?;
        if !matches!(node.op, Op::Reshape | Op::Permute(_)) {
            return Some((node, views));
        }
        views.push(node);
        value = node.inputs[0];
    }
}
