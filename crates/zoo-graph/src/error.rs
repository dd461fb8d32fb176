use thiserror::Error;

/// Why a model has no graph.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Burn could not record the model.
    #[error("Burn could not record the model's operations: {0}")]
    Capture(String),
    /// A tensor of the model has a type that the engine does not compute with.
    #[error("the model computes with {0}, the engine with 32-bit floating-point numbers only")]
    DType(String),
    /// The example input's shape has another number of dimensions than the model asked for.
    #[error("the model asked for input {index} with {wanted} dimensions, the example has {given}")]
    Rank {
        /// Which input, from 0.
        index: usize,
        /// What the model asked for.
        wanted: usize,
        /// What was given.
        given: usize,
    },
    /// An operation on Burn's own backend failed.
    #[error("an operation failed on Burn's own backend: {0}")]
    Burn(String),
    /// The graph does not hold together: an error of this crate.
    #[error("the graph does not hold together: {0}")]
    Broken(String),
}
