//! The learning rate at each step.

mod cycle;
mod one_cycle;
mod plateau;

use serde::{Deserialize, Serialize};

pub use one_cycle::OneCycle;
pub use plateau::Plateau;

/// Shape of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ScheduleKind {
    /// Half a cosine down to the minimum, again and again where restarts are asked for (Loshchilov and Hutter 2017; timm's
    /// `CosineLRScheduler`, torchvision's `cosineannealinglr`).
    #[default]
    #[serde(alias = "cosineannealinglr")]
    Cosine,
    /// Times `decay_rate` every `decay_epochs` (`StepLR`).
    #[serde(alias = "steplr")]
    Step,
    /// Times `decay_rate` at each of `decay_milestones` (PyTorch's `MultiStepLR`; timm's comes an epoch earlier).
    MultiStep,
    /// A power of what is left (timm's `PolyLRScheduler`; with one cycle PyTorch's `PolynomialLR`).
    #[serde(alias = "polynomial")]
    Poly,
    /// Up and down once, step by step (Smith and Topin 2019; PyTorch's `OneCycleLR`); it is its own warm-up.
    #[serde(alias = "one-cycle")]
    OneCycle,
    /// Times `decay_rate` where the validation accuracy has not grown for `patience_epochs` (PyTorch's `ReduceLROnPlateau`).
    Plateau,
    /// Times `decay_rate` each epoch or step (PyTorch's `ExponentialLR`).
    #[serde(alias = "exponentiallr")]
    Exponential,
    /// The same throughout.
    Constant,
}

/// The learning rate as a function of the step. Lengths are in units: steps, or epochs of `unit` steps within which the rate
/// stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Shape after the warm-up.
    pub kind: ScheduleKind,
    /// Learning rate after the warm-up.
    pub lr: f64,
    /// Learning rate of the first unit of the warm-up.
    pub warmup_lr: f64,
    /// Where the cosine and the polynomial end.
    pub min_lr: f64,
    /// Steps of a unit.
    pub unit: usize,
    /// Units of the linear warm-up.
    pub warmup: usize,
    /// Whether what follows counts from the end of the warm-up (torchvision) rather than from the beginning (timm's default
    /// for the cosine).
    pub warmup_prefix: bool,
    /// Units of the first cycle.
    pub length: f64,
    /// Factor of a cycle's length over that before.
    pub cycle_mul: f64,
    /// Factor of a cycle's highest rate over that before.
    pub cycle_decay: f64,
    /// Cycles; after them the rate is `min_lr`.
    pub cycle_limit: usize,
    /// Exponent of the time within a cycle (Zhang and Li 2020, "k-decay"); 1 changes nothing.
    pub k_decay: f64,
    /// Units between two decays.
    pub decay_every: f64,
    /// Units of the decays of `multistep`, ascending.
    pub milestones: Vec<usize>,
    /// Factor of a decay; the exponent of `poly`.
    pub decay_rate: f64,
    /// What `onecycle` needs.
    pub one_cycle: OneCycle,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            kind: ScheduleKind::Cosine,
            lr: 0.1,
            warmup_lr: 1e-5,
            min_lr: 0.0,
            unit: 1,
            warmup: 0,
            warmup_prefix: true,
            length: 1.0,
            cycle_mul: 1.0,
            cycle_decay: 1.0,
            cycle_limit: 1,
            k_decay: 1.0,
            decay_every: 1.0,
            milestones: vec![],
            decay_rate: 0.1,
            one_cycle: OneCycle::default(),
        }
    }
}

impl Schedule {
    /// The learning rate of a step, counted from 0. Of `plateau` it is what it would be without any decay; see [`Plateau`].
    pub fn at(&self, step: usize) -> f64 {
        if self.kind == ScheduleKind::OneCycle {
            return self.one_cycle.lr(self.lr, step);
        }
        let t = step / self.unit.max(1);
        if t < self.warmup {
            return self.warmup_lr + t as f64 * ((self.lr - self.warmup_lr) / self.warmup as f64);
        }
        let t = if self.warmup_prefix { t - self.warmup } else { t };
        match self.kind {
            ScheduleKind::Constant | ScheduleKind::Plateau | ScheduleKind::OneCycle => self.lr,
            ScheduleKind::Step => self.decayed((t as f64 / self.decay_every).floor()),
            ScheduleKind::MultiStep => self.decayed(self.milestones.partition_point(|milestone| *milestone <= t) as f64),
            ScheduleKind::Exponential => self.decayed(t as f64),
            ScheduleKind::Cosine | ScheduleKind::Poly => self.cyclic(t as f64),
        }
    }

    /// Whether a step is still within the warm-up, or the first after it, whose rate is the full one whatever came before.
    pub fn warms_up(&self, step: usize) -> bool {
        self.warmup > 0 && step / self.unit.max(1) <= self.warmup
    }

    /// The momentum of a step, where the schedule has one.
    pub fn momentum(&self, step: usize) -> Option<f64> {
        if self.kind == ScheduleKind::OneCycle { self.one_cycle.momentum(step) } else { None }
    }

    fn decayed(&self, times: f64) -> f64 {
        self.lr * self.decay_rate.powf(times)
    }
}

#[cfg(test)]
mod tests;
