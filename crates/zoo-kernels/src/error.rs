//! What a caller can get wrong.

use thiserror::Error;

/// A call whose shapes, lengths or settings do not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A buffer is shorter than its shape needs.
    #[error("{what} needs {needed} floats, and has {found}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// Floats that the shape needs.
        needed: usize,
        /// Floats that are there.
        found: usize,
    },
    /// A shape is not the one that the operation and its input ask for.
    #[error("{what} must have the shape {expected:?}, and has {found:?}")]
    Shape {
        /// Which tensor.
        what: &'static str,
        /// The shape asked for.
        expected: Vec<usize>,
        /// The shape given.
        found: Vec<usize>,
    },
    /// A setting makes no sense, alone or with the others.
    #[error("{what}: {why}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The algorithm cannot compute this convolution.
    #[error("{algorithm} does not fit this convolution: {why}")]
    Algorithm {
        /// The algorithm's name.
        algorithm: &'static str,
        /// What it cannot do.
        why: &'static str,
    },
}

/// A kernel's result.
pub type Result<T, E = KernelError> = std::result::Result<T, E>;

pub(crate) fn need(what: &'static str, needed: usize, found: usize) -> Result<()> {
    if found < needed { Err(KernelError::Length { what, needed, found }) } else { Ok(()) }
}

pub(crate) fn same(what: &'static str, expected: &[usize], found: &[usize]) -> Result<()> {
    if expected == found { Ok(()) } else { Err(KernelError::Shape { what, expected: expected.to_vec(), found: found.to_vec() }) }
}

pub(crate) const fn setting<T>(what: &'static str, why: &'static str) -> Result<T> {
    Err(KernelError::Setting { what, why })
}
