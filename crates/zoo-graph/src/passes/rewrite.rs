//! What all passes need: who makes a value, how often it is read, and nodes that come in between.

use std::sync::Arc;

use crate::graph::{Constant, Graph, Node, ValueId};
use crate::op::Op;

/// A graph while a pass goes through its nodes, first to last.
pub(super) struct Rewrite<'g> {
    pub graph: &'g mut Graph,
    producers: Vec<Option<usize>>,
    uses: Vec<usize>,
    before: Vec<(usize, Node)>,
    pub changes: usize,
}

impl<'g> Rewrite<'g> {
    /// Visits every node; `visit` changes the one at the index, and inserts nodes before it.
    pub fn run(graph: &'g mut Graph, mut visit: impl FnMut(&mut Self, usize)) -> usize {
        remove_dead(graph);
        let (producers, uses) = (graph.producers(), graph.uses());
        let mut rewrite = Self { graph, producers, uses, before: Vec::new(), changes: 0 };
        for index in 0..rewrite.graph.nodes.len() {
            visit(&mut rewrite, index);
        }
        let Self { graph, before, changes, .. } = rewrite;
        if !before.is_empty() {
            let mut before = before.into_iter().peekable();
            let mut nodes = Vec::with_capacity(graph.nodes.len());
            for (index, node) in std::mem::take(&mut graph.nodes).into_iter().enumerate() {
                while let Some((_, inserted)) = before.next_if(|(at, _)| *at == index) {
                    nodes.push(inserted);
                }
                nodes.push(node);
            }
            graph.nodes = nodes;
        }
        remove_dead(graph);
        changes
    }

    pub fn node(&self, index: usize) -> &Node {
        &self.graph.nodes[index]
    }

    /// The node that makes a value, if a node does.
    pub fn producer(&self, value: ValueId) -> Option<&Node> {
        self.producers.get(value.0).copied().flatten().map(|index| &self.graph.nodes[index])
    }

    /// The node that makes a value which nothing else reads.
    pub fn sole_producer(&self, value: ValueId) -> Option<&Node> {
        if self.uses.get(value.0) == Some(&1) { self.producer(value) } else { None }
    }

    /// The numbers of a constant, taken out of the graph where one node alone reads it, which the caller replaces.
    pub fn take_constant(&mut self, value: ValueId) -> Option<Vec<f32>> {
        if self.uses.get(value.0) != Some(&1) {
            return self.graph.constant(value).map(|numbers| numbers.to_vec());
        }
        match self.graph.values[value.0].constant.take() {
            Some(Constant::Float(numbers)) => Some(Arc::unwrap_or_clone(numbers)),
            other => {
                self.graph.values[value.0].constant = other;
                None
            }
        }
    }

    /// Replaces a node's operation and inputs; its output stays.
    pub fn replace(&mut self, index: usize, op: Op, inputs: Vec<ValueId>) {
        let node = &mut self.graph.nodes[index];
        node.op = op;
        node.inputs = inputs;
        self.changes += 1;
    }

    /// Inserts a node before another.
    pub fn insert(&mut self, index: usize, op: Op, inputs: Vec<ValueId>, shape: Vec<usize>) -> ValueId {
        let output = self.graph.add_value(shape);
        self.before.push((index, Node { op, inputs, outputs: vec![output] }));
        output
    }
}

/// Removes nodes whose results nobody reads.
pub(super) fn remove_dead(graph: &mut Graph) {
    let mut alive = vec![false; graph.values.len()];
    for output in &graph.outputs {
        alive[output.0] = true;
    }
    let mut keep = vec![false; graph.nodes.len()];
    for (node, keep) in graph.nodes.iter().zip(&mut keep).rev() {
        *keep = node.outputs.iter().any(|output| alive[output.0]);
        if *keep {
            node.inputs.iter().for_each(|input| alive[input.0] = true);
        }
    }
    let mut keep = keep.into_iter();
    graph.nodes.retain(|_| keep.next() == Some(true));
    // Weights that were folded into others need no memory.
    for (value, alive) in graph.values.iter_mut().zip(alive) {
        if !alive {
            value.constant = None;
        }
    }
}
