//! A recipe tried out: what it means, and one step of it.

use std::fmt::{self, Write};
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;
use burn_zoo::{Classifier, Describe};
use zoo_core::params::num_trainable;

use crate::plan::Plan;
use crate::run::{Rate, begin_model, freeze};
use crate::stand_in::stand_in;
use crate::{Recipe, RecipeError, Silent, evaluate};

/// Pictures in a batch of a rehearsal.
const PICTURES: usize = 2;

/// What came of one step on generated pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// The model's name.
    pub model: String,
    /// `[pictures, channels, height, width]` of the batch.
    pub input: [usize; 4],
    /// Classes.
    pub classes: usize,
    /// Loss of the step.
    pub loss: f64,
    /// Learning rate of the recipe's first step.
    pub lr: f64,
    /// Loss of the same kind of pictures after it, in evaluation.
    pub eval_loss: f64,
    /// Seconds of the step.
    pub seconds: f64,
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, input: [pictures, channels, height, width], classes, loss, lr, eval_loss, seconds } = self;
        write!(
            f,
            "rehearsed {model}: {pictures} generated pictures of {channels}x{height}x{width}, {classes} classes: loss {loss:.4} at learning rate {lr:.3e}, "
        )?;
        write!(f, "then {eval_loss:.4} in evaluation; the step took {seconds:.2} s")
    }
}

/// Takes one step of a recipe on two generated pictures of the right shape, and evaluates once. The data set, weights to start
/// from and a teacher's weights are not needed.
///
/// # Errors
/// Any [`RecipeError`] that a run could begin with.
pub fn rehearse(recipe: &Recipe, device: &Device) -> Result<Rehearsal, RecipeError> {
    let batch_size = recipe.batch_size.min(PICTURES);
    let small = Recipe { batch_size, grad_accum_steps: 1, workers: 0, pretrained_path: None, limit: None, ..recipe.clone() };
    let plan = Plan::of(&small, device, |size| stand_in(&small, size, batch_size))?;
    let (model, mut stepper) = begin_model(&plan, device, plan.untrained_teacher(device)?)?;
    let model = freeze(&small, model, &mut Silent)?;
    let loader = plan.loader(&plan.splits.train, true)?;
    let mut batches = loader.epoch(0);
    let schedule = small.schedule(loader.batches());
    let rate = Rate { lr: schedule.at(0), momentum: schedule.momentum(0) };
    let begun = Instant::now();
    let mut input = [0; 4];
    let (model, sums) = stepper.step(model, 0, rate, &mut || {
        let batch = batches.next();
        if let Some(Ok(batch)) = &batch {
            input = batch.shape;
        }
        batch
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let found = evaluate(&model.valid(), &plan.loader(&plan.splits.valid, false)?, device)?;
    let [loss, ..] = sums.means();
    let classes = model.num_classes();
    Ok(Rehearsal { model: recipe.model.clone(), input, classes, loss, lr: rate.lr, eval_loss: found.loss, seconds })
}

impl Recipe {
    /// What follows from the recipe, in a few lines: the model, the shapes, the steps, the rates. Weights are not drawn, and a
    /// data set that is not there is taken for one of the usual shape.
    ///
    /// # Errors
    /// Any [`RecipeError`] about the model or the sizes.
    pub fn preview(&self, device: &Device) -> Result<String, RecipeError> {
        let mut missing = None;
        let plan = match Plan::new(self, device) {
            Err(RecipeError::Data(error)) => {
                missing = Some(error);
                Plan::of(self, device, |size| stand_in(self, size, self.batch_size * self.grad_accum_steps))?
            }
            plan => plan?,
        };
        let model = plan.build(device)?;
        let [height, width] = plan.train_transform.output_size().unwrap_or(plan.size);
        let (channels, parameters) = (plan.splits.channels, num_trainable(&model));
        let mut out = String::new();
        let mut line = |text: String| {
            let _ok = writeln!(out, "{text}");
        };
        let macs = model.describe().trace([channels, height, width]).map_or(0, |trace| trace.macs);
        line(format!("{}: {parameters} parameters, {:.3} G multiply-accumulates a picture", self.model, macs as f64 / 1e9));
        let [eval_height, eval_width] = plan.size;
        line(format!("trained on [{}, {channels}, {height}, {width}], evaluated at {eval_height}x{eval_width}", self.batch_size));
        line(format!("logits [{}, {}]", self.batch_size, model.num_classes()));
        let pictures = self.batch_size * self.grad_accum_steps;
        match missing {
            Some(error) => line(format!("the data set is not here ({error}); the number of steps is not known")),
            None => {
                let steps = plan.loader(&plan.splits.train, true)?.batches().div_ceil(self.grad_accum_steps);
                let lengths = [&plan.splits.train, &plan.splits.valid, &plan.splits.test].map(|split| split.len());
                line(format!("{} pictures to train on, {} to validate, {} to test", lengths[0], lengths[1], lengths[2]));
                line(format!("{steps} steps of {pictures} pictures an epoch, {} in all", steps * self.epochs));
                let schedule = self.schedule(steps);
                let rates = [0, self.epochs / 4, self.epochs / 2, self.epochs * 3 / 4, self.epochs - 1];
                let rates: Vec<String> = rates.iter().map(|epoch| format!("{:.3e} in epoch {epoch}", schedule.at(epoch * steps))).collect();
                line(format!("learning rate {}", rates.join(", ")));
            }
        }
        let kept = 2 + self.optimizer(&model).tensors() + usize::from(self.model_ema);
        line(format!("weights, gradients and the optimiser's state are {:.1} MB", (parameters * kept * 4) as f64 / 1e6));
        Ok(out)
    }
}
