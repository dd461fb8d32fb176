//! Pooling of a feature map to a vector.

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::describe::{Describe, Node, ops};
use crate::maps;

/// How each channel becomes one number; timm's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum GlobalPoolKind {
    /// The average.
    #[default]
    Avg,
    /// The largest value.
    Max,
    /// Half the sum of both.
    AvgMax,
    /// Both, one after the other: twice the features.
    CatAvgMax,
}

impl GlobalPoolKind {
    /// Features that come of so many channels.
    pub const fn features(self, channels: usize) -> usize {
        match self {
            Self::CatAvgMax => 2 * channels,
            _ => channels,
        }
    }
}

/// Pooling of each channel over the whole map.
#[derive(Module, Debug)]
pub struct GlobalPool {
    #[module(skip)]
    kind: GlobalPoolKind,
    as_int: bool,
}

impl GlobalPool {
    /// Pooling of this kind, which PyTorch prints with `output_size=(1, 1)`.
    pub const fn new(kind: GlobalPoolKind) -> Self {
        Self { kind, as_int: false }
    }

    /// The same, printed with `output_size=1`.
    #[must_use]
    pub const fn as_int(self) -> Self {
        Self { as_int: true, ..self }
    }

    /// How it pools.
    pub const fn kind(&self) -> GlobalPoolKind {
        self.kind
    }

    /// # Shapes
    /// - input: `[batch, channels, height, width]`; output: `[batch, features]`, see [`GlobalPoolKind::features`]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let average = maps::global_avg_pool2d;
        let largest = |x: Tensor<4>| x.max_dim(2).max_dim(3);
        let pooled = match self.kind {
            GlobalPoolKind::Avg => average(x),
            GlobalPoolKind::Max => largest(x),
            GlobalPoolKind::AvgMax => (average(x.clone()) + largest(x)) * 0.5,
            GlobalPoolKind::CatAvgMax => Tensor::cat(vec![average(x.clone()), largest(x)], 1),
        };
        pooled.flatten(1, 3)
    }

    /// The same as an operation, for models that pool within `forward`.
    pub const fn operation(&self) -> ops::GlobalPool {
        ops::GlobalPool { kind: self.kind, as_int: self.as_int }
    }
}

impl Describe for GlobalPool {
    fn describe(&self) -> Node {
        Node::leaf(self.operation())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn kinds_by_hand() {
        let x = Tensor::<4>::from_floats([[[[1.0, 2.0], [3.0, 6.0]], [[-4.0, 0.0], [0.0, 0.0]]]], &Device::flex());
        for (kind, want) in [
            (GlobalPoolKind::Avg, vec![3.0, -1.0]),
            (GlobalPoolKind::Max, vec![6.0, 0.0]),
            (GlobalPoolKind::AvgMax, vec![4.5, -0.5]),
            (GlobalPoolKind::CatAvgMax, vec![3.0, -1.0, 6.0, 0.0]),
        ] {
            let pool = GlobalPool::new(kind);
            assert_eq!(pool.forward(x.clone()).into_data().try_to_vec::<f32>().unwrap(), want, "{kind:?}");
            assert_eq!(pool.describe().trace([2, 2, 2]).unwrap().output, [want.len(), 1, 1]);
        }
    }
}
