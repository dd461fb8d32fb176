//! The training loop.

use std::path::Path;
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use burn_zoo::{AnyClassifier, Classifier};
use zoo_core::params::num_trainable;
use zoo_core::splitmix64;
use zoo_datasets::{Epoch, Loader};
use zoo_weights::WeightsFile;

use crate::folder::Folder;
use crate::gradients::NamedGradients;
use crate::log::{Line, Log};
use crate::loss::{count, cross_entropy, read};
use crate::pace::{Pace, Stopwatch};
use crate::plan::Plan;
use crate::saver::{EpochFiles, Saver, Snapshot};
use crate::standing::{Row, Standing, Sums};
use crate::{
    Ended, EpochReport, Interrupter, Optimizer, Outcome, Progress, Recipe, RecipeError, Schedule, StartReport, StepReport, artifacts,
    checkpoint, evaluate,
};

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
    autodiff: Device,
    folder: Folder,
    log: Log,
    saver: Saver,
    saved: Instant,
    optimizer: Optimizer,
    schedule: Schedule,
    loader: Loader,
    valid: Loader,
    /// Steps of an epoch.
    steps: usize,
    pace: Pace,
    at: Standing,
}

impl<'a> Run<'a> {
    fn begin(
        plan: &'a Plan<'a>,
        output: &Path,
        resume: bool,
        device: &'a Device,
        progress: &mut dyn Progress,
    ) -> Result<(Self, AnyClassifier), RecipeError> {
        let recipe = plan.recipe;
        let autodiff = device.clone().autodiff();
        // Once, before anything is made on it: parameters and batches must have the same strategy.
        let autodiff = if recipe.grad_checkpointing { autodiff.gradient_checkpointing() } else { autodiff };
        let mut model = plan.build(&autodiff)?;
        autodiff.seed(recipe.seed);
        draw(&model);
        let mut optimizer = Optimizer::new(recipe.opt, recipe.momentum, recipe.nesterov, recipe.weight_decay);
        let (loader, valid) = (plan.loader(&plan.splits.train, true)?, plan.loader(&plan.splits.valid, false)?);
        let mut at = Standing::default();
        let opened = if resume { Some(Folder::open(output)?) } else { None };
        let restored = opened.as_ref().map_or(Ok(None), |folder| checkpoint::newest(folder, progress))?;
        if opened.is_some() && restored.is_none() {
            progress.note("this run has no checkpoint yet; it begins anew");
        }
        if let Some(restored) = restored {
            zoo_weights::load(&mut model, &restored.weights)?;
            optimizer.restore(restored.standing.optimizer_steps, restored.optimizer, device);
            at = restored.standing;
        } else if let Some(path) = &recipe.pretrained_path {
            let report = zoo_weights::load(&mut model, &checkpoint::weights(path)?)?;
            if !report.reinitialised.is_empty() {
                progress.note(&format!("the last layer starts anew: {}", report.reinitialised.join(", ")));
            }
        }
        let folder = match opened {
            Some(folder) => folder,
            None => {
                let folder = Folder::create(output)?;
                // A run that was killed at any later moment can go on by it.
                folder.write_recipe(&recipe.explicit(&plan.options, plan.size))?;
                folder
            }
        };
        let (log, whole) = Log::open(&folder, at.log_bytes)?;
        if !whole {
            progress.note("metrics.jsonl is shorter than at the checkpoint; its missing lines are lost");
        }
        if resume {
            folder.write_rows(&at.rows)?;
        } else {
            artifacts::batches(&folder, plan, &loader)?;
        }
        let steps = loader.batches().div_ceil(recipe.grad_accum_steps);
        let schedule = Schedule {
            kind: recipe.sched,
            lr: recipe.lr,
            warmup_lr: recipe.warmup_lr,
            min_lr: recipe.min_lr,
            warmup_steps: recipe.warmup_epochs * steps,
            total_steps: recipe.epochs * steps,
            decay_steps: recipe.decay_epochs * steps,
            decay_rate: recipe.decay_rate,
        };
        let (saver, saved, pace) = (Saver::start(folder.clone())?, Instant::now(), Pace::new());
        Ok((Self { plan, device, autodiff, folder, log, saver, saved, optimizer, schedule, loader, valid, steps, pace, at }, model))
    }

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
            images: self.plan.splits.train.len(),
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

    fn step(&mut self, model: AnyClassifier, batches: &mut Epoch, progress: &mut dyn Progress) -> Result<AnyClassifier, RecipeError> {
        let recipe = self.plan.recipe;
        let step = self.at.epoch * self.steps + self.at.step_in_epoch;
        let lr = self.schedule.at(step);
        let diverged = |what, value| RecipeError::NotFinite { what, value, step, lr, checkpoint: None };
        let mut watch = Stopwatch::start();
        let mut grads = NamedGradients::default();
        let mut sums = Sums::default();
        for micro in 0..recipe.grad_accum_steps {
            let Some(batch) = watch.wait(|| batches.next()) else { break };
            let batch = batch?;
            let (labels, pictures) = (batch.labels.clone(), batch.len());
            // Dropout draws from the device: seeded by the batch, a resumed run draws the same.
            let number = step * recipe.grad_accum_steps + micro;
            self.autodiff.seed(splitmix64(recipe.seed ^ splitmix64(number as u64 + 1)));
            let (images, targets) = batch.into_tensors(&self.autodiff);
            let (logits, auxiliary) = model.forward_train(images);
            let mut loss = cross_entropy(logits.clone(), targets.clone(), recipe.smoothing);
            for (weight, logits) in auxiliary {
                loss = loss + cross_entropy(logits, targets.clone(), recipe.smoothing).mul_scalar(weight);
            }
            let value = read(&loss)?;
            if !value.is_finite() {
                return Err(diverged("loss", value));
            }
            sums.add(count(logits, &labels, value)?);
            // Weighted by its pictures, a short batch counts for what it is.
            let loss = if recipe.grad_accum_steps > 1 { loss.mul_scalar(pictures as f64) } else { loss };
            grads.add(NamedGradients::collect(&model, &loss.backward()));
        }
        if sums.pictures == 0 {
            return Err(RecipeError::NoPictures);
        }
        if recipe.grad_accum_steps > 1 {
            grads.scale(1.0 / sums.pictures as f64);
        }
        if let Some(most) = recipe.clip_grad {
            let norm = grads.clip(most).map_err(RecipeError::Device)?;
            if !norm.is_finite() {
                return Err(diverged("norm of the gradients", norm));
            }
        }
        let model = self.optimizer.apply(model, grads, lr);
        let time = watch.stop();
        self.pace.step(time);
        let at = &mut self.at;
        at.step_in_epoch += 1;
        at.optimizer_steps = self.optimizer.steps();
        at.sums.add(sums);
        at.images += sums.pictures;
        at.seconds += time.all;
        at.data_seconds += time.data;
        let [loss, top1, top5] = sums.means();
        let (images_per_second, data_wait) = (at.images_per_second(), at.data_wait());
        progress.step(&StepReport {
            epoch: at.epoch,
            step: at.step_in_epoch,
            steps: self.steps,
            images: at.sums.pictures,
            images_of_epoch: self.plan.splits.train.len(),
            loss,
            top1,
            top5,
            lr,
            images_per_second,
            data_wait,
            seconds_left: self.pace.left(self.schedule.total_steps.saturating_sub(step + 1), recipe.epochs - at.epoch),
        });
        if (step + 1).is_multiple_of(recipe.log_interval) {
            let (epoch, step, seconds) = (at.epoch, step + 1, at.seconds);
            self.log.append(&Line::Train { epoch, step, loss, top1, top5, lr, images_per_second, data_wait, seconds })?;
        }
        Ok(model)
    }

    /// Ends an epoch: validates, judges, and has everything written.
    fn validate(&mut self, model: &AnyClassifier, progress: &mut dyn Progress) -> Result<(), RecipeError> {
        let begun = Instant::now();
        let result = evaluate(&model.valid(), &self.valid, self.device)?;
        self.valid.take_skipped().iter().for_each(|picture| progress.note(&picture.to_string()));
        self.pace.validated(begun.elapsed().as_secs_f64());
        let at = &mut self.at;
        let epoch = at.epoch;
        let best = at.judge(result.correct);
        let (kept, obsolete) = at.keep(result.correct, self.plan.recipe.checkpoint_hist);
        let kept_name = |epoch: usize| format!("checkpoint-{epoch}.safetensors");
        let names = [(true, "last.safetensors".to_owned()), (best, "best.safetensors".to_owned()), (kept, kept_name(epoch))];
        let files = EpochFiles {
            meta: self.plan.meta(epoch)?,
            weights: names.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)).collect(),
            obsolete: obsolete.into_iter().map(kept_name).collect(),
        };
        let step = (epoch + 1) * self.steps;
        let lr = self.schedule.at(step.saturating_sub(1));
        let [train_loss, train_top1, train_top5] = at.sums.means();
        let (eval_loss, eval_top1, eval_top5) = (result.loss, result.top1, result.top5);
        at.rows.push(Row { epoch, train_loss, eval_loss, eval_top1, eval_top5, lr });
        let (images_per_second, data_wait, seconds) = (at.images_per_second(), at.data_wait(), at.seconds);
        self.log.append(&Line::Epoch {
            epoch,
            step,
            train_loss,
            train_top1,
            train_top5,
            eval_loss,
            eval_top1,
            eval_top5,
            lr,
            best,
            images_per_second,
            data_wait,
            seconds,
        })?;
        progress.epoch(&EpochReport { epoch, train_loss, valid: &result, best });
        at.epoch += 1;
        at.step_in_epoch = 0;
        at.sums = Sums::default();
        self.save(model, Some(files))
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
        self.saver.save(Snapshot::take(model, &self.optimizer, &self.at), files)
    }

    /// Tests the best epoch and writes what the run came to.
    fn conclude(&self) -> Result<Outcome, RecipeError> {
        let (plan, at, device) = (self.plan, &self.at, self.device);
        let mut best = plan.build(device)?;
        zoo_weights::load(&mut best, &WeightsFile::read(&self.folder.path("best.safetensors"))?)?;
        let result = evaluate(&best, &plan.loader(&plan.splits.test, false)?, device)?;
        let outcome = Outcome {
            model: plan.recipe.model.clone(),
            dataset: plan.recipe.dataset.clone(),
            test_top1: result.top1,
            test_top5: result.top5,
            test_loss: result.loss,
            best_epoch: at.best_epoch,
            epochs: at.epoch,
            stopped_early: at.epoch < plan.recipe.epochs,
            train_seconds: at.seconds,
            data_wait: at.data_wait(),
            images_per_second: at.images_per_second(),
            parameters: num_trainable(&best),
            backend: plan.recipe.backend.clone(),
            seed: plan.recipe.seed,
        };
        artifacts::write(&self.folder, plan, &result, &outcome)?;
        Ok(outcome)
    }

    /// An error in the middle of a run, with the checkpoint from which something can go on.
    fn explain(&mut self, error: RecipeError) -> RecipeError {
        // Whatever waits is still written; where that fails, it is the error itself that says so.
        let _same = self.saver.finish();
        let checkpoints = checkpoint::list(&self.folder).unwrap_or_default();
        match error {
            RecipeError::NotFinite { what, value, step, lr, .. } => {
                // The weights after the step before may be what is wrong; older ones gave a finite loss.
                let good = checkpoints.iter().find(|name| name.epoch * self.steps + name.step < step);
                let checkpoint = good.map(|name| self.folder.path(&name.to_string()));
                RecipeError::NotFinite { what, value, step, lr, checkpoint }
            }
            error if checkpoints.is_empty() => error,
            error => RecipeError::Stopped { source: Box::new(error), path: self.folder.root().to_owned() },
        }
    }
}

/// Draws all parameters in order: Burn would draw each at its first use.
fn draw<M: Module>(model: &M) {
    struct Draw;
    impl ModuleVisitor for Draw {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let _drawn = param.val();
        }
    }
    model.visit(&mut Draw);
}
