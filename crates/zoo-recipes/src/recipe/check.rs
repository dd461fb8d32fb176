//! The ranges of a recipe's values.

use crate::{OptimizerKind, Recipe, RecipeError, ScheduleKind};

/// What a value must be.
#[derive(Clone, Copy)]
enum Range {
    /// At least 0 and finite.
    Size,
    /// Above 0 and finite.
    Positive,
    /// In `[0, 1)`.
    Fraction,
    /// In `[0, 1]`.
    Share,
    /// In `(0, 1]`.
    Factor,
}

impl Range {
    fn holds(self, v: f64) -> bool {
        match self {
            Self::Size => v.is_finite() && v >= 0.0,
            Self::Positive => v.is_finite() && v > 0.0,
            Self::Fraction => (0.0..1.0).contains(&v),
            Self::Share => (0.0..=1.0).contains(&v),
            Self::Factor => v > 0.0 && v <= 1.0,
        }
    }

    fn said(self) -> &'static str {
        match self {
            Self::Size => "at least 0",
            Self::Positive => "positive",
            Self::Fraction => "at least 0 and below 1",
            Self::Share => "from 0 to 1",
            Self::Factor => "above 0 and at most 1",
        }
    }
}

impl Recipe {
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        self.check_counts()?;
        self.check_numbers()?;
        self.augment.check()?;
        let wrong = |key, value: String, must_be| Err(RecipeError::Value { key, value, must_be });
        if self.clip_grad.is_some_and(|most| !Range::Positive.holds(most)) {
            return wrong("clip_grad", self.clip_grad.unwrap_or(0.0).to_string(), "positive; leave it out for no limit");
        }
        if !self.decay_milestones.is_sorted() {
            return wrong("decay_milestones", format!("{:?}", self.decay_milestones), "in ascending order");
        }
        if self.sched == ScheduleKind::OneCycle && self.warmup_epochs > 0 {
            return wrong("warmup_epochs", self.warmup_epochs.to_string(), "0 with `onecycle`, which warms up by itself");
        }
        if self.warmup_epochs + self.cooldown_epochs > self.epochs {
            return wrong("warmup_epochs", self.warmup_epochs.to_string(), "with `cooldown_epochs` at most `epochs`");
        }
        if self.nesterov && !matches!(self.opt, OptimizerKind::Sgd | OptimizerKind::Nesterov) {
            return wrong("nesterov", "true".to_owned(), "false but with `sgd`");
        }
        if self.teacher.is_some() != self.teacher_weights.is_some() {
            return wrong("teacher_weights", format!("{:?}", self.teacher_weights), "given together with `teacher`");
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), RecipeError> {
        let counts = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size),
            ("image_size", self.image_size.unwrap_or(1)),
            ("train_image_size", self.train_image_size.unwrap_or(1)),
            ("val_resize_size", self.val_resize_size.unwrap_or(1)),
            ("grad_accum_steps", self.grad_accum_steps),
            ("log_interval", self.log_interval),
            ("lr_cycle_limit", self.lr_cycle_limit),
            ("model_ema_steps", self.model_ema_steps),
        ];
        if let Some((key, value)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(RecipeError::Value { key, value: value.to_string(), must_be: "at least 1" });
        }
        for (key, seed) in [("seed", self.seed), ("data_seed", self.data_seed)] {
            if i64::try_from(seed).is_err() {
                return Err(RecipeError::Value { key, value: seed.to_string(), must_be: "below 2^63" });
            }
        }
        if self.workers > 256 {
            return Err(RecipeError::Value { key: "workers", value: self.workers.to_string(), must_be: "at most 256" });
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), RecipeError> {
        use Range::*;
        let [beta1, beta2] = self.opt_betas.unwrap_or([0.9, 0.999]);
        let numbers = [
            ("lr", self.lr, Positive),
            ("momentum", self.momentum, Fraction),
            ("opt_betas", beta1, Fraction),
            ("opt_betas", beta2, Fraction),
            ("opt_eps", self.opt_eps.unwrap_or(0.0), Size),
            ("opt_alpha", self.opt_alpha.unwrap_or(0.0), Fraction),
            ("weight_decay", self.weight_decay, Size),
            ("norm_weight_decay", self.norm_weight_decay.unwrap_or(0.0), Size),
            ("bias_weight_decay", self.bias_weight_decay.unwrap_or(0.0), Size),
            ("layer_decay", self.layer_decay.unwrap_or(1.0), Factor),
            ("head_lr_scale", self.head_lr_scale, Size),
            ("warmup_lr", self.warmup_lr, Size),
            ("min_lr", self.min_lr, Size),
            ("decay_epochs", self.decay_epochs, Positive),
            ("decay_rate", self.decay_rate, Size),
            ("lr_cycle_mul", self.lr_cycle_mul, Positive),
            ("lr_cycle_decay", self.lr_cycle_decay, Size),
            ("lr_k_decay", self.lr_k_decay, Positive),
            ("pct_start", self.pct_start, Share),
            ("div_factor", self.div_factor, Positive),
            ("final_div_factor", self.final_div_factor, Positive),
            ("smoothing", self.smoothing, Fraction),
            ("bce_target_thresh", self.bce_target_thresh.unwrap_or(0.0), Share),
            ("distillation_alpha", self.distillation_alpha, Share),
            ("distillation_tau", self.distillation_tau, Positive),
            ("model_ema_decay", self.model_ema_decay, Fraction),
            ("crop_pct", self.crop_pct.unwrap_or(1.0), Factor),
            ("recovery_minutes", self.recovery_minutes, Size),
        ];
        match numbers.into_iter().find(|(_, value, range)| !range.holds(*value)) {
            Some((key, value, range)) => Err(RecipeError::Value { key, value: value.to_string(), must_be: range.said() }),
            None => Ok(()),
        }
    }
}
