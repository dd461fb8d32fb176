use thiserror::Error;
use zoo_graph::GraphError;
use zoo_kernels::KernelError;

/// Why a model cannot be compiled or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The model has no graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A kernel refused its operands.
    #[error("a kernel refused its operands: {0}")]
    Kernel(#[from] KernelError),
    /// The model cannot take such an input.
    #[error(transparent)]
    Input(#[from] zoo_core::InputError),
    /// Another number of inputs, or other shapes, than the plan was made for.
    #[error("the plan is made for inputs of the shapes {wanted:?}, given are {given:?}")]
    Shapes {
        /// What the plan was made for.
        wanted: Vec<Vec<usize>>,
        /// What was given.
        given: Vec<Vec<usize>>,
    },
    /// The input's numbers are not 32-bit floats.
    #[error("the input must hold 32-bit floating-point numbers: {0}")]
    Numbers(String),
    /// A step has an operand that it cannot have: an error of this crate.
    #[error("a step does not hold together: {0}")]
    Broken(&'static str),
}
