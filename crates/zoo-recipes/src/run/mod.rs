//! The training loop.

mod begin;
mod end;
mod narrow;
mod step;
mod validate;

use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;
use burn_zoo::AnyClassifier;
use zoo_datasets::{Epoch, Loader};

use crate::ema::Ema;
use crate::folder::Folder;
use crate::log::{Line, Log};
use crate::pace::{Pace, Stopwatch};
use crate::plan::Plan;
use crate::saver::{EpochFiles, Saver, Snapshot};
use crate::standing::Standing;
use crate::{Ended, Interrupter, Progress, Recipe, RecipeError, Schedule, StartReport, StepReport};

pub(crate) use begin::{begin_model, freeze, start_weights};
pub(crate) use narrow::NARROW;
pub(crate) use step::{Rate, Stepper};

/// Trains as the recipe says, into `output`; with `resume`, goes on with the run in `output`.
///
/// `device` is without autodiff. When `interrupter` says stop, the step is finished and everything saved.
///
/// # Errors
/// Any [`RecipeError`].
pub fn train(
    recipe: &Recipe,
    output: &Path,
    resume: bool,
    device: &Device,
    interrupter: &Interrupter,
    progress: &mut dyn Progress,
) -> Result<Ended, RecipeError> {
    // Everything that can be wrong with the request is found before the folder is made.
    let plan = Plan::new(recipe, device)?;
    plan.splits.notes.iter().for_each(|note| progress.note(note));
    let (mut run, model) = Run::begin(&plan, output, resume, device, progress)?;
    let ended = run.finish(model, interrupter, progress);
    ended.map_err(|error| run.explain(error))
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan<'a>,
    device: &'a Device,
    folder: Folder,
    log: Log,
    saver: Saver,
    saved: Instant,
    stepper: Stepper<'a>,
    ema: Option<Ema>,
    schedule: Schedule,
    loader: Loader,
    valid: Loader,
    /// Steps of an epoch.
    steps: usize,
    pace: Pace,
    at: Standing,
}

impl Run<'_> {
    fn finish(&mut self, model: AnyClassifier, interrupter: &Interrupter, progress: &mut dyn Progress) -> Result<Ended, RecipeError> {
        let all = self.epochs(model, interrupter, progress)?;
        // What the test needs, and whoever goes on, is on the disk from here on.
        self.saver.finish()?;
        if all { Ok(Ended::Finished(self.conclude()?)) } else { Ok(Ended::Interrupted { epoch: self.at.epoch }) }
    }

    /// Whether all was done, rather than stopped.
    fn epochs(&mut self, mut model: AnyClassifier, interrupter: &Interrupter, progress: &mut dyn Progress) -> Result<bool, RecipeError> {
        let recipe = self.plan.recipe;
        progress.start(&StartReport {
            model: &recipe.model,
            dataset: &recipe.dataset,
            epoch: self.at.epoch,
            epochs: recipe.epochs,
            images: self.loader.pictures_per_epoch(),
            log_interval: recipe.log_interval,
        });
        while self.at.epoch < recipe.epochs && !self.at.exhausted(recipe.patience) {
            let mut batches = self.loader.epoch_from(self.at.epoch as u64, self.at.step_in_epoch * recipe.grad_accum_steps);
            while self.at.step_in_epoch < self.steps {
                model = self.step(model, &mut batches, progress)?;
                self.saver.check()?;
                if interrupter.should_stop() {
                    self.save(&model, None)?;
                    return Ok(false);
                }
                // An epoch's end is saved after its validation, or the checkpoint before would be lost for nothing.
                if self.is_due() && self.at.step_in_epoch < self.steps && self.saver.is_idle() {
                    self.save(&model, None)?;
                }
            }
            drop(batches);
            self.loader.take_skipped().iter().for_each(|picture| progress.note(&picture.to_string()));
            self.validate(&model, progress)?;
            if interrupter.should_stop() && self.at.epoch < recipe.epochs {
                return Ok(false);
            }
        }
        if self.at.epoch < recipe.epochs {
            let (best, patience) = (self.at.best_epoch, recipe.patience.unwrap_or(0));
            progress.note(&format!("nothing better than epoch {best} came in {patience} epochs: the run ends early"));
        }
        Ok(true)
    }

    /// The rate and the momentum of a step.
    fn rate(&self, step: usize) -> Rate {
        Rate { lr: self.at.plateau.rate(&self.schedule, step), momentum: self.schedule.momentum(step) }
    }

    fn step(&mut self, model: AnyClassifier, batches: &mut Epoch, progress: &mut dyn Progress) -> Result<AnyClassifier, RecipeError> {
        let recipe = self.plan.recipe;
        let step = self.at.epoch * self.steps + self.at.step_in_epoch;
        let rate = self.rate(step);
        let mut watch = Stopwatch::start();
        let (model, sums) = self.stepper.step(model, step, rate, &mut || watch.wait(|| batches.next()))?;
        if let Some(ema) = &mut self.ema {
            ema.update(&model, self.stepper.optimizer.steps());
        }
        let time = watch.stop();
        self.pace.step(time);
        let at = &mut self.at;
        at.step_in_epoch += 1;
        at.optimizer_steps = self.stepper.optimizer.steps();
        at.sums.add(sums);
        at.images += sums.pictures;
        at.seconds += time.all;
        at.data_seconds += time.data;
        let [loss, top1, top5] = sums.means();
        let (images_per_second, data_wait, lr) = (at.images_per_second(), at.data_wait(), rate.lr);
        progress.step(&StepReport {
            epoch: at.epoch,
            step: at.step_in_epoch,
            steps: self.steps,
            images: at.sums.pictures,
            images_of_epoch: self.loader.pictures_per_epoch(),
            loss,
            top1,
            top5,
            lr,
            images_per_second,
            data_wait,
            seconds_left: self.pace.left((recipe.epochs * self.steps).saturating_sub(step + 1), recipe.epochs - at.epoch),
        });
        if (step + 1).is_multiple_of(recipe.log_interval) {
            let (epoch, step, seconds) = (at.epoch, step + 1, at.seconds);
            self.log.append(&Line::Train { epoch, step, loss, top1, top5, lr, images_per_second, data_wait, seconds })?;
        }
        Ok(model)
    }

    fn is_due(&self) -> bool {
        let recipe = self.plan.recipe;
        let steps = recipe.recovery_interval > 0 && self.at.optimizer_steps.is_multiple_of(recipe.recovery_interval);
        let minutes = recipe.recovery_minutes > 0.0 && self.saved.elapsed().as_secs_f64() >= recipe.recovery_minutes * 60.0;
        steps || minutes
    }

    fn save(&mut self, model: &AnyClassifier, files: Option<EpochFiles>) -> Result<(), RecipeError> {
        self.at.log_bytes = self.log.length();
        self.saved = Instant::now();
        // A clone would share the running statistics, which the next step changes.
        let (model, optimizer) = (model.valid(), self.stepper.optimizer.clone());
        self.saver.save(Snapshot { model, optimizer, ema: self.ema.clone(), standing: self.at.clone() }, files)
    }
}
