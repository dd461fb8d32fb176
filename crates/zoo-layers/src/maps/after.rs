//! What follows an operation.

use burn::tensor::Tensor;

use crate::{Activation, ActivationKind};

/// The activation that follows an operation, so that both can be computed in one pass.
#[derive(Debug, Clone, Copy)]
pub enum After<'a> {
    /// None.
    Nothing,
    /// One without parameters.
    Kind(ActivationKind),
    /// A layer, which may have a parameter.
    Layer(&'a Activation),
}

impl From<ActivationKind> for After<'_> {
    fn from(kind: ActivationKind) -> Self {
        Self::Kind(kind)
    }
}

impl From<Option<ActivationKind>> for After<'_> {
    fn from(kind: Option<ActivationKind>) -> Self {
        kind.map_or(Self::Nothing, Self::Kind)
    }
}

impl<'a> From<&'a Activation> for After<'a> {
    fn from(layer: &'a Activation) -> Self {
        Self::Layer(layer)
    }
}

impl<'a> After<'a> {
    /// What the operation itself can apply, and what is left for a pass of its own.
    pub(crate) fn split(self) -> (Option<ActivationKind>, Self) {
        match self {
            Self::Nothing => (None, self),
            Self::Kind(kind) => (Some(kind), Self::Nothing),
            Self::Layer(layer) if layer.kind() == ActivationKind::PRelu => (None, self),
            Self::Layer(layer) => (Some(layer.kind()), Self::Nothing),
        }
    }

    /// Applies it to `[batch, channels, height, width]`.
    pub fn forward(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Nothing => x,
            Self::Kind(kind) => kind.forward(x),
            Self::Layer(layer) => layer.forward(x),
        }
    }
}
