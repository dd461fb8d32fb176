//! Which rule, and its constants.

use serde::{Deserialize, Serialize};

/// The update rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OptimizerKind {
    /// `torch.optim.SGD`: momentum without dampening; weight decay is added to the gradient.
    Sgd,
    /// The same with Nesterov's momentum.
    Nesterov,
    /// `torch.optim.Adam` (Kingma and Ba 2015); weight decay is added to the gradient.
    Adam,
    /// `torch.optim.AdamW`: Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    #[default]
    AdamW,
    /// `torch.optim.RMSprop` with momentum: the root is taken before epsilon is added, the average starts at zero.
    RmsProp,
    /// timm's `RMSpropTF`, as TensorFlow has it: epsilon within the root, the average starts at one, and the learning rate is
    /// part of the momentum. What EfficientNet and MNASNet were trained with.
    RmsPropTf,
    /// timm's `Lamb` (You et al. 2020): Adam whose step is as long as the weight, with gradients scaled to a norm of at most 1.
    Lamb,
    /// timm's `Lion` (Chen et al. 2023): the sign of a momentum, with decoupled weight decay.
    Lion,
}

/// A rule with its numbers. What is `None` is the source's own default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptimizerConfig {
    /// The rule.
    pub kind: OptimizerKind,
    /// Momentum in `[0, 1)` of `sgd`, `nesterov`, `rmsprop` and `rmsproptf`.
    pub momentum: f64,
    /// Weight decay of the parameters that [`Groups`](crate::Groups) do not say otherwise.
    pub weight_decay: f64,
    /// Decay of both averages of the Adams, `lamb` and `lion`. Default 0.9 and 0.999; `lion` 0.9 and 0.99.
    pub betas: Option<[f64; 2]>,
    /// What keeps the denominator from zero. Default 1e-8; `lamb` 1e-6, `rmsproptf` 1e-10.
    pub eps: Option<f64>,
    /// Decay of the average of squares of `rmsprop` (default 0.99) and `rmsproptf` (0.9).
    pub alpha: Option<f64>,
}

impl Default for OptimizerConfig {
    /// AdamW with weight decay 0.01, as PyTorch has it.
    fn default() -> Self {
        Self { kind: OptimizerKind::AdamW, momentum: 0.9, weight_decay: 0.01, betas: None, eps: None, alpha: None }
    }
}

impl OptimizerConfig {
    pub(super) fn betas(&self) -> [f64; 2] {
        self.betas.unwrap_or(if self.kind == OptimizerKind::Lion { [0.9, 0.99] } else { [0.9, 0.999] })
    }

    pub(super) fn eps(&self) -> f64 {
        self.eps.unwrap_or(match self.kind {
            OptimizerKind::Lamb => 1e-6,
            OptimizerKind::RmsPropTf => 1e-10,
            _ => 1e-8,
        })
    }

    pub(super) fn alpha(&self) -> f64 {
        self.alpha.unwrap_or(if self.kind == OptimizerKind::RmsPropTf { 0.9 } else { 0.99 })
    }
}
