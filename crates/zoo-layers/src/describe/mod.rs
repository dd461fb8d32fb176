//! What a module is, as a tree of named operations.
//!
//! A model's `forward` runs tensors; its [`Describe::describe`] says the same thing as data. From the tree follow
//! PyTorch's module print ([`Node::to_torch`]), the layer table ([`Node::trace`]) with output shapes, parameters,
//! multiply-accumulates and receptive fields, and the smallest input — all without weights and in microseconds.
//! A test over the registry holds the tree to what `forward` really does.

mod adapted;
mod burn_modules;
mod node;
mod operation;
pub mod ops;
mod print;
mod trace;

pub use adapted::Unchanged;
pub use node::{Flow, Node};
pub use operation::{Operation, Reach};
pub use trace::{LayerRow, ModuleOutput, Trace};

/// A module that can say what it is.
pub trait Describe {
    /// The module as a tree of named operations.
    fn describe(&self) -> Node;
}

impl<T: Describe + ?Sized> Describe for &T {
    fn describe(&self) -> Node {
        (**self).describe()
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn describe(&self) -> Node {
        Node::sequential(self.iter().map(Describe::describe))
    }
}
