//! A run's beginning, or where it goes on.

use std::path::Path;
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use burn_zoo::{AnyClassifier, BuildOptions};
use zoo_core::params::freeze_up_to;

use crate::ema::{Ema, EmaConfig};
use crate::folder::Folder;
use crate::log::Log;
use crate::pace::Pace;
use crate::plan::Plan;
use crate::saver::Saver;
use crate::standing::Standing;
use crate::{Progress, Recipe, RecipeError, artifacts, checkpoint};

use super::{Run, Stepper};

impl<'a> Run<'a> {
    pub(super) fn begin(
        plan: &'a Plan<'a>,
        output: &Path,
        resume: bool,
        device: &'a Device,
        progress: &mut dyn Progress,
    ) -> Result<(Self, AnyClassifier), RecipeError> {
        let recipe = plan.recipe;
        let teacher = plan.teacher(device)?;
        let (mut model, mut stepper) = begin_model(plan, device, teacher)?;
        let mut ema = recipe.ema().map(Ema::new);
        let (loader, valid) = (plan.loader(&plan.splits.train, true)?, plan.loader(&plan.splits.valid, false)?);
        let mut at = Standing::default();
        let opened = if resume { Some(Folder::open(output)?) } else { None };
        let restored = opened.as_ref().map_or(Ok(None), |folder| checkpoint::newest(folder, progress))?;
        if opened.is_some() && restored.is_none() {
            progress.note("this run has no checkpoint yet; it begins anew");
        }
        if let Some(restored) = restored {
            zoo_weights::load(&mut model, &restored.weights)?;
            stepper.optimizer.restore(restored.standing.optimizer_steps, restored.optimizer, device);
            if let Some(ema) = &mut ema {
                ema.restore(restored.ema, device);
            }
            at = restored.standing;
        } else {
            start_weights(recipe, &mut model, progress)?;
        }
        let model = freeze(recipe, model, progress)?;
        let folder = match opened {
            Some(folder) => folder,
            None => {
                let folder = Folder::create(output)?;
                // A run that was killed at any later moment can go on by it.
                folder.write_recipe(&recipe.explicit(&plan.options, plan.size))?;
                folder
            }
        };
        let (log, whole) = Log::open(&folder, at.log_bytes, recipe.tensorboard)?;
        if !whole {
            progress.note("metrics.jsonl is shorter than at the checkpoint; its missing lines are lost");
        }
        if resume {
            folder.write_rows(&at.rows)?;
            folder.remove(at.obsolete(folder.names()?));
        } else {
            artifacts::batches(&folder, plan, &loader)?;
        }
        let steps = loader.batches().div_ceil(recipe.grad_accum_steps);
        let schedule = recipe.schedule(steps);
        let (saver, saved, pace) = (Saver::start(folder.clone())?, Instant::now(), Pace::new());
        Ok((Self { plan, device, folder, log, saver, saved, stepper, ema, schedule, loader, valid, steps, pace, at }, model))
    }
}

/// The model of a plan with the weights that its seed draws, and what takes its steps.
pub(crate) fn begin_model<'a>(
    plan: &'a Plan<'a>,
    device: &Device,
    teacher: Option<AnyClassifier>,
) -> Result<(AnyClassifier, Stepper<'a>), RecipeError> {
    let autodiff = autodiff(plan.recipe, device);
    let model = plan.build(&autodiff)?;
    autodiff.seed(plan.recipe.seed);
    draw(&model);
    let optimizer = plan.recipe.optimizer(&model);
    Ok((model, Stepper::new(plan.recipe, autodiff, teacher, optimizer)))
}

/// The device with gradients.
fn autodiff(recipe: &Recipe, device: &Device) -> Device {
    let autodiff = device.clone().autodiff();
    // Once, before anything is made on it: parameters and batches must have the same strategy.
    if recipe.grad_checkpointing { autodiff.gradient_checkpointing() } else { autodiff }
}

/// The weights that a recipe starts from, where it names some.
pub(crate) fn start_weights(recipe: &Recipe, model: &mut AnyClassifier, progress: &mut dyn Progress) -> Result<(), RecipeError> {
    if let Some(path) = &recipe.pretrained_path {
        let report = zoo_weights::load(model, &checkpoint::weights(path)?)?;
        if !report.reinitialised.is_empty() {
            progress.note(&format!("the last layer starts anew: {}", report.reinitialised.join(", ")));
        }
    }
    Ok(())
}

/// Freezes what the recipe says.
pub(crate) fn freeze(recipe: &Recipe, model: AnyClassifier, progress: &mut dyn Progress) -> Result<AnyClassifier, RecipeError> {
    let Some(part) = &recipe.freeze else { return Ok(model) };
    let (model, frozen) = freeze_up_to(model, part);
    if frozen == 0 {
        return Err(RecipeError::Value { key: "freeze", value: part.clone(), must_be: "a part of the model that has parameters" });
    }
    progress.note(&format!("{frozen} parameters up to `{part}` are frozen"));
    Ok(model)
}

impl Recipe {
    fn ema(&self) -> Option<EmaConfig> {
        let (decay, warmup, every) = (self.model_ema_decay, self.model_ema_warmup, self.model_ema_steps);
        self.model_ema.then_some(EmaConfig { decay, warmup, every })
    }
}

impl Plan<'_> {
    /// The model that this one learns from, ready to answer.
    pub(crate) fn teacher(&self, device: &Device) -> Result<Option<AnyClassifier>, RecipeError> {
        let (Some(name), Some(path)) = (&self.recipe.teacher, &self.recipe.teacher_weights) else { return Ok(None) };
        let file = checkpoint::weights(path)?;
        // A teacher that was trained here says what it was built with.
        let own = file.meta().options.clone().filter(|_| file.meta().model.as_deref() == Some(name.as_str()));
        let plain =
            BuildOptions { num_classes: self.options.num_classes, in_channels: self.options.in_channels, ..BuildOptions::default() };
        let mut teacher = burn_zoo::build(name, &own.unwrap_or(plain), device)?;
        let report = zoo_weights::load(&mut teacher, &file)?;
        if !report.reinitialised.is_empty() {
            let value = format!("a file without {}", report.reinitialised.join(", "));
            return Err(RecipeError::Value { key: "teacher_weights", value, must_be: "those of a model for the same classes" });
        }
        self.check_teacher(&teacher)?;
        Ok(Some(teacher))
    }
}

impl Plan<'_> {
    /// The teacher without its weights: to try a recipe out.
    pub(crate) fn untrained_teacher(&self, device: &Device) -> Result<Option<AnyClassifier>, RecipeError> {
        let Some(name) = &self.recipe.teacher else { return Ok(None) };
        let (num_classes, in_channels) = (self.options.num_classes, self.options.in_channels);
        let teacher = burn_zoo::build(name, &BuildOptions { num_classes, in_channels, ..BuildOptions::default() }, device)?;
        self.check_teacher(&teacher)?;
        Ok(Some(teacher))
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
