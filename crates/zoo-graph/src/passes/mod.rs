//! Rewritings of the graph that keep what it computes. Each is small, and runs again until nothing changes.

mod affine;
mod chain;
mod composites;
mod dense;
mod fold;
mod fuse;
mod pool_first;
mod rewrite;
mod siblings;
mod sink;
mod views;

use crate::Graph;

/// A rewriting: how many places it changed.
pub type Pass = fn(&mut Graph) -> usize;

/// How far a graph is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// As Burn recorded it, constants computed.
    Captured,
    /// Compositions recognised (layer norm, hard-swish, …), empty views gone.
    Simplified,
    /// Batch norm and other scales within the weights.
    Folded,
    /// Residual sums and activations within what makes their operand.
    Fused,
    /// Convolutions one after the other whose maps are large, and those of one map, run as one.
    Chained,
}

impl Stage {
    /// All, first to last, with their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("captured", Self::Captured),
        ("simplified", Self::Simplified),
        ("folded", Self::Folded),
        ("fused", Self::Fused),
        ("chained", Self::Chained),
    ];
}

/// The passes in their order, with the stage that each belongs to.
pub const PASSES: &[(&str, Stage, Pass)] = &[
    ("empty views", Stage::Simplified, views::simplify),
    ("linear functions", Stage::Simplified, affine::merge_linear),
    ("means over several axes", Stage::Simplified, composites::means),
    ("hard sigmoid", Stage::Simplified, composites::hard_sigmoid),
    ("gated activations", Stage::Simplified, composites::gated),
    ("layer norm", Stage::Simplified, composites::layer_norm),
    ("local response norm", Stage::Simplified, composites::lrn),
    ("dense layers", Stage::Simplified, dense::recognise),
    ("dense layers in parts", Stage::Simplified, dense::join_parts),
    ("scale and shift", Stage::Simplified, affine::recognise),
    ("views after functions", Stage::Folded, sink::functions),
    ("scales of scales", Stage::Folded, affine::merge),
    ("scales into weights", Stage::Folded, fold::into_weights),
    ("pooling before pointwise convolutions", Stage::Folded, pool_first::run),
    ("views after sums", Stage::Fused, sink::sums),
    ("residual sums", Stage::Fused, fuse::residuals),
    ("activations of what is joined", Stage::Fused, fuse::joined),
    ("activations", Stage::Fused, fuse::activations),
    ("scales and gates before pointwise convolutions", Stage::Fused, fuse::prologues),
    ("depthwise convolutions with pointwise ones around them", Stage::Chained, chain::run),
    ("pointwise convolutions of one map", Stage::Chained, siblings::run),
];

/// All passes.
pub fn optimise(graph: &mut Graph) {
    optimise_to(graph, Stage::Chained);
}

/// The passes up to a stage.
pub fn optimise_to(graph: &mut Graph, stage: Stage) {
    for (_, last) in Stage::ALL.iter().filter(|(_, last)| *last <= stage) {
        while PASSES.iter().filter(|(_, of, _)| of <= last).map(|(_, _, pass)| pass(graph)).sum::<usize>() > 0 {}
    }
    rewrite::remove_dead(graph);
}
