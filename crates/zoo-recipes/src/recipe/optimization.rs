//! The optimiser, the groups and the schedule that a recipe means.

use burn_zoo::Classifier;

use crate::schedule::{OneCycle, Schedule};
use crate::{GroupRules, Groups, Optimizer, OptimizerConfig, OptimizerKind, Recipe};

/// PyTorch's lowest and highest momentum of a cycle.
const MOMENTA: [f64; 2] = [0.85, 0.95];

impl Recipe {
    /// A fresh optimiser for a model.
    pub(crate) fn optimizer<M: Classifier>(&self, model: &M) -> Optimizer {
        let kind = match self.opt {
            OptimizerKind::Sgd if self.nesterov => OptimizerKind::Nesterov,
            kind => kind,
        };
        let (momentum, weight_decay) = (self.momentum, self.weight_decay);
        let config = OptimizerConfig { kind, momentum, weight_decay, betas: self.opt_betas, eps: self.opt_eps, alpha: self.opt_alpha };
        Optimizer::new(config).with_groups(Groups::of(model, &self.group_rules()))
    }

    fn group_rules(&self) -> GroupRules {
        GroupRules {
            weight_decay: self.weight_decay,
            filter_bias_and_bn: self.filter_bias_and_bn,
            norm_weight_decay: self.norm_weight_decay,
            bias_weight_decay: self.bias_weight_decay,
            weight_decay_exclude: self.weight_decay_exclude.clone(),
            layer_decay: self.layer_decay,
            head_lr_scale: self.head_lr_scale,
        }
    }

    /// The schedule of a run whose epochs have so many steps.
    pub(crate) fn schedule(&self, steps: usize) -> Schedule {
        let (unit, per_epoch) = if self.sched_on_updates { (1, steps) } else { (steps, 1) };
        let prefix = if self.warmup_prefix { self.warmup_epochs } else { 0 };
        let cyclic = (self.epochs.saturating_sub(prefix + self.cooldown_epochs) * per_epoch) as f64;
        let (mul, limit) = (self.lr_cycle_mul, self.lr_cycle_limit as f64);
        // All cycles together fill the time.
        let length = if mul == 1.0 { cyclic / limit } else { cyclic * (1.0 - mul) / (1.0 - mul.powf(limit)) };
        Schedule {
            kind: self.sched,
            lr: self.lr,
            warmup_lr: self.warmup_lr,
            min_lr: self.min_lr,
            unit,
            warmup: self.warmup_epochs * per_epoch,
            warmup_prefix: self.warmup_prefix,
            length,
            cycle_mul: mul,
            cycle_decay: self.lr_cycle_decay,
            cycle_limit: self.lr_cycle_limit,
            k_decay: self.lr_k_decay,
            decay_every: self.decay_epochs * per_epoch as f64,
            milestones: self.decay_milestones.iter().map(|epoch| epoch * per_epoch).collect(),
            // Of an epoch's decay each step does its share.
            decay_rate: if self.sched == crate::ScheduleKind::Exponential {
                self.decay_rate.powf(1.0 / per_epoch.max(1) as f64)
            } else {
                self.decay_rate
            },
            one_cycle: OneCycle {
                total_steps: self.epochs * steps,
                pct_start: self.pct_start,
                div_factor: self.div_factor,
                final_div_factor: self.final_div_factor,
                momentum: self.cycle_momentum.then_some(MOMENTA),
            },
        }
    }
}
