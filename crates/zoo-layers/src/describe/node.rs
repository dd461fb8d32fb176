//! The tree itself.

use std::sync::Arc;

use super::Operation;

/// A module: one operation, or children and how data flows through them.
#[derive(Debug, Clone)]
pub enum Node {
    /// A single operation.
    Leaf(Arc<dyn Operation>),
    /// A container.
    Tree {
        /// Type name as PyTorch prints it: `Sequential`, `VGG`.
        kind: &'static str,
        /// The children by name, in the order in which PyTorch registers (and prints) them.
        children: Vec<(String, Node)>,
        /// How data flows through the children. `None`: through each in turn.
        flow: Option<Flow>,
    },
}

/// How data flows through the children of a [`Node::Tree`], where that is not simply one after the other.
#[derive(Debug, Clone)]
pub enum Flow {
    /// Through the child with this index.
    Child(usize),
    /// Through an operation that is no module (as `torch.flatten` in `forward`), under this name.
    Op(&'static str, Arc<dyn Operation>),
    /// One after the other.
    Chain(Vec<Flow>),
    /// Each branch sees the same input; the results are added. A shortcut is an empty [`Flow::Chain`].
    Sum(Vec<Flow>),
    /// Each branch sees the same input; the results are joined along the channels.
    Concat(Vec<Flow>),
    /// The branch computes a gate with which the input is multiplied (squeeze-and-excitation).
    Gate(Box<Flow>),
}

impl Node {
    /// A single operation.
    pub fn leaf(operation: impl Operation + 'static) -> Self {
        Self::Leaf(Arc::new(operation))
    }

    /// Children in a row, named by their index, as PyTorch's `nn.Sequential`.
    pub fn sequential(children: impl IntoIterator<Item = Node>) -> Self {
        let children = children.into_iter().enumerate().map(|(i, child)| (i.to_string(), child)).collect();
        Self::Tree { kind: "Sequential", children, flow: None }
    }

    /// A container of named children through which data flows in order.
    pub fn tree(kind: &'static str, children: impl IntoIterator<Item = (&'static str, Node)>) -> Self {
        let children = children.into_iter().map(|(name, child)| (name.to_owned(), child)).collect();
        Self::Tree { kind, children, flow: None }
    }

    /// The same container under another type name, such as torchvision's `Conv2dNormActivation` for a `Sequential`.
    #[must_use]
    pub fn named(self, kind: &'static str) -> Self {
        match self {
            Self::Tree { children, flow, .. } => Self::Tree { kind, children, flow },
            leaf => leaf,
        }
    }

    /// The same container with another data flow.
    ///
    /// # Panics
    /// On a leaf, which has no children to route data through.
    #[must_use]
    pub fn with_flow(self, new: Flow) -> Self {
        match self {
            Self::Tree { kind, children, .. } => Self::Tree { kind, children, flow: Some(new) },
            Self::Leaf(_) => unreachable!("a leaf has no data flow of its own"),
        }
    }
}

impl Flow {
    /// An operation that is no module.
    pub fn op(name: &'static str, operation: impl Operation + 'static) -> Self {
        Self::Op(name, Arc::new(operation))
    }
}
