//! An epoch's end.

use std::time::Instant;

use burn::module::Module;
use burn_zoo::AnyClassifier;

use crate::log::Line;
use crate::saver::EpochFiles;
use crate::standing::{Row, Sums, kept_name};
use crate::{EpochReport, Progress, RecipeError, ScheduleKind, evaluate};

use super::Run;

impl Run<'_> {
    /// Ends an epoch: validates, judges, and has everything written.
    pub(super) fn validate(&mut self, model: &AnyClassifier, progress: &mut dyn Progress) -> Result<(), RecipeError> {
        let begun = Instant::now();
        let result = evaluate(&model.valid(), &self.valid, self.device)?;
        let averaged = self.ema.as_ref().map(|ema| evaluate(&ema.model(model), &self.valid, self.device)).transpose()?;
        self.valid.take_skipped().iter().for_each(|picture| progress.note(&picture.to_string()));
        self.pace.validated(begun.elapsed().as_secs_f64());
        let epoch = self.at.epoch;
        let lr = self.rate(((epoch + 1) * self.steps).saturating_sub(1)).lr;
        let best = self.at.judge(result.correct);
        let ema_best = averaged.as_ref().is_some_and(|averaged| self.at.judge_ema(averaged.correct));
        let files = self.files(epoch, result.correct, best, ema_best)?;
        let at = &mut self.at;
        let [train_loss, train_top1, train_top5] = at.sums.means();
        let (eval_loss, eval_top1, eval_top5) = (result.loss, result.top1, result.top5);
        let (ema_loss, ema_top1, ema_top5) = match &averaged {
            Some(averaged) => (Some(averaged.loss), Some(averaged.top1), Some(averaged.top5)),
            None => (None, None, None),
        };
        at.rows.push(Row { epoch, train_loss, eval_loss, eval_top1, eval_top5, lr, ema_loss, ema_top1, ema_top5 });
        self.log.append(&Line::Epoch {
            epoch,
            step: (epoch + 1) * self.steps,
            train_loss,
            train_top1,
            train_top5,
            eval_loss,
            eval_top1,
            eval_top5,
            ema_loss,
            ema_top1,
            ema_top5,
            lr,
            best,
            images_per_second: at.images_per_second(),
            data_wait: at.data_wait(),
            seconds: at.seconds,
        })?;
        progress.epoch(&EpochReport { epoch, train_loss, valid: &result, ema: averaged.as_ref(), best });
        at.epoch += 1;
        at.step_in_epoch = 0;
        at.sums = Sums::default();
        self.watch_plateau(result.top1, lr);
        self.save(model, Some(files))
    }

    /// What the epoch leaves, by the pictures that it had right.
    fn files(&mut self, epoch: usize, correct: usize, best: bool, ema_best: bool) -> Result<EpochFiles, RecipeError> {
        let (kept, obsolete) = self.at.keep(correct, self.plan.recipe.checkpoint_hist);
        let wanted = |names: &[(bool, &str)]| names.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| (*name).to_owned()).collect();
        let ema = self.ema.is_some();
        Ok(EpochFiles {
            meta: self.plan.meta(epoch)?,
            weights: wanted(&[(true, "last.safetensors"), (best, "best.safetensors"), (kept, &kept_name(epoch))]),
            averages: wanted(&[(ema, "ema-last.safetensors"), (ema_best, "ema-best.safetensors")]),
            obsolete: obsolete.into_iter().map(kept_name).collect(),
        })
    }

    /// Tells the plateau how the epoch did that had this rate; what comes within the warm-up does not count.
    fn watch_plateau(&mut self, top1: f64, lr: f64) {
        let recipe = self.plan.recipe;
        if recipe.sched == ScheduleKind::Plateau && !self.schedule.warms_up(self.at.epoch * self.steps) {
            self.at.plateau.hear(top1, lr, recipe.decay_rate, recipe.patience_epochs, 0, recipe.min_lr);
        }
    }
}
