//! Stochastic depth.

use burn::module::{Flag, Module, Param};
use burn::tensor::{Distribution, Tensor};
use serde::{Deserialize, Serialize};

use crate::describe::{Describe, Flow, Node, ops};

/// What is dropped together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropPathMode {
    /// Each picture on its own.
    Row,
    /// The whole batch.
    Batch,
}

/// Stochastic depth (Huang et al. 2016, <https://arxiv.org/abs/1603.09382>): while training, a residual branch is
/// zeroed with probability `rate` and otherwise scaled by `1 / (1 - rate)`.
#[derive(Module, Debug)]
pub struct DropPath {
    rate: f64,
    #[module(skip)]
    mode: DropPathMode,
    training: Param<Flag>,
}

impl DropPath {
    /// Drops with probability `rate`, which is clamped to `[0, 1]`.
    pub fn new(rate: f64, mode: DropPathMode) -> Self {
        Self { rate: rate.clamp(0.0, 1.0), mode, training: Param::from_bool(true) }
    }

    /// The probability.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// Drops or scales a branch `[batch, ...]`; the shape stays. Outside training the branch passes unchanged.
    pub fn forward<const D: usize>(&self, branch: Tensor<D>) -> Tensor<D> {
        let device = branch.device();
        if self.rate == 0.0 || !self.training.is_enabled() || !device.is_autodiff() {
            return branch;
        }
        if self.rate == 1.0 {
            return branch.zeros_like();
        }
        let mut shape = [1; D];
        if self.mode == DropPathMode::Row {
            shape[0] = branch.dims()[0];
        }
        let (keep, dtype) = (1.0 - self.rate, branch.dtype());
        branch * (Tensor::<D>::random(shape, Distribution::Bernoulli(keep), (&device, dtype)) / keep)
    }
}

impl DropPath {
    /// The same as an operation that PyTorch's model has no layer for; none where nothing is ever dropped.
    pub fn flow(&self) -> Option<Flow> {
        (self.rate > 0.0).then(|| Flow::op("drop_path", ops::StochasticDepth { p: self.rate }))
    }
}

impl Describe for DropPath {
    fn describe(&self) -> Node {
        Node::leaf(ops::StochasticDepth { p: self.rate })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn rows_are_dropped_whole_and_the_mean_stays() {
        let device = Device::flex().autodiff();
        device.seed(7);
        let x = Tensor::<2>::ones([4000, 3], &device);
        let y = DropPath::new(0.25, DropPathMode::Row).forward(x).into_data().try_to_vec::<f32>().unwrap();
        let kept = y.chunks(3).filter(|row| row[0] != 0.0).count();
        assert!(y.chunks(3).all(|row| row == [0.0; 3] || row.iter().all(|v| (v - 4.0 / 3.0).abs() < 1e-6)));
        assert!((kept as f64 / 4000.0 - 0.75).abs() < 0.03, "{kept}");
    }

    #[test]
    fn a_batch_is_dropped_as_one_and_inference_passes() {
        let x = Tensor::<2>::ones([8, 2], &Device::flex());
        let drop = DropPath::new(0.5, DropPathMode::Batch);
        assert_eq!(drop.forward(x.clone()).into_data(), x.clone().into_data());
        let y = drop.forward(x.autodiff()).into_data().try_to_vec::<f32>().unwrap();
        assert!(y.iter().all(|v| *v == y[0]));
    }
}
