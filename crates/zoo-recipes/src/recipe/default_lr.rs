//! The learning rate where nothing says one.

use crate::{OptimizerKind, Recipe};

impl Recipe {
    /// One rate for all would leave LeNet's sigmoids where they are, or blow a VGG up.
    pub(super) fn default_lr(&self) -> f64 {
        let pictures = (self.batch_size * self.grad_accum_steps) as f64;
        let adam = || {
            let large = burn_zoo::info(&self.model).is_some_and(|info| info.params >= 1_000_000);
            if large { 3e-4 } else { Self::default().lr }
        };
        match self.opt {
            OptimizerKind::Sgd | OptimizerKind::Nesterov => 0.1 * pictures / 256.0,
            OptimizerKind::Adam | OptimizerKind::AdamW => adam(),
            // Wightman et al. 2021, recipe A1; LAMB's paper scales by the square root.
            OptimizerKind::Lamb => 5e-3 * (pictures / 2048.0).sqrt(),
            // Lion's paper: three to ten times smaller than AdamW's.
            OptimizerKind::Lion | OptimizerKind::RmsProp | OptimizerKind::RmsPropTf => adam() / 10.0,
        }
    }
}
