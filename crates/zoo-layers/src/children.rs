//! Describing a module whose children are not always all there.

use crate::describe::{Flow, Node};

/// Collects the children of a [`Node::Tree`] in the order in which PyTorch prints them, and gives for each the flow through
/// it: with children that only some variants have, their indices are not known beforehand.
#[derive(Debug, Default)]
pub struct Children(Vec<(&'static str, Node)>);

impl Children {
    /// Adds a child.
    pub fn add(&mut self, name: &'static str, child: Node) -> Flow {
        self.0.push((name, child));
        Flow::Child(self.0.len() - 1)
    }

    /// Adds a child if it is there; otherwise data passes unchanged.
    pub fn add_optional(&mut self, name: &'static str, child: Option<Node>) -> Flow {
        child.map_or(Flow::Chain(vec![]), |child| self.add(name, child))
    }

    /// The container, through which data flows so.
    pub fn into_tree(self, kind: &'static str, flow: Vec<Flow>) -> Node {
        Node::tree(kind, self.0).with_flow(Flow::Chain(flow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ActivationKind;
    use crate::describe::ops;

    #[test]
    fn absent_children_leave_no_trace() {
        let relu = || Node::leaf(ops::Activation(ActivationKind::Relu));
        let mut children = Children::default();
        let a = children.add_optional("a", None);
        let b = children.add_optional("b", Some(relu()));
        let c = children.add("c", relu());
        let node = children.into_tree("Block", vec![a, c, b]);
        let names: Vec<_> = node.trace([1, 2, 2]).unwrap().layers.into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["c", "b"]);
        assert_eq!(node.to_torch(), "Block(\n  (b): ReLU(inplace=True)\n  (c): ReLU(inplace=True)\n)");
    }
}
