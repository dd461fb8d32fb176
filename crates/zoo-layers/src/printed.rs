//! The difference between layers that work in place and those that do not, which only PyTorch's print shows.

use crate::HeadLayer;
use crate::describe::ops::python_float;
use crate::describe::{Describe, Node, Operation, Reach, ops};
use crate::shape::{ShapeError, Window};

/// An operation that PyTorch prints with other arguments than its kind usually has.
#[derive(Debug, Clone)]
pub struct PrintedAs<T> {
    /// What it does.
    pub operation: T,
    /// What stands between the parentheses.
    pub args: String,
}

impl<T: Operation> Operation for PrintedAs<T> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }
    fn torch_args(&self) -> String {
        self.args.clone()
    }
    fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        self.operation.output(input)
    }
    fn params(&self) -> usize {
        self.operation.params()
    }
    fn macs(&self, input: &[usize], output: &[usize]) -> u64 {
        self.operation.macs(input, output)
    }
    fn is_product(&self) -> bool {
        self.operation.is_product()
    }
    fn reach(&self) -> Reach {
        self.operation.reach()
    }
    fn windows(&self, input: &[usize]) -> [Window; 2] {
        self.operation.windows(input)
    }
}

/// A head whose dropout works in place, as in torchvision's MobileNetV3, MNASNet and EfficientNet.
pub fn head_with_dropout_in_place(layers: &[HeadLayer]) -> Node {
    Node::sequential(layers.iter().map(|layer| match layer {
        HeadLayer::Dropout(dropout) => {
            let args = format!("p={}, inplace=True", python_float(dropout.prob));
            Node::leaf(PrintedAs { operation: ops::Dropout { p: dropout.prob }, args })
        }
        other => other.describe(),
    }))
}
