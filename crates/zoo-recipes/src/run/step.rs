//! One step: forward, backward, and the optimiser.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_zoo::{AnyClassifier, Classifier};
use zoo_core::splitmix64;
use zoo_datasets::{Batch, DataError};
use zoo_layers::widened;

use crate::gradients::NamedGradients;
use crate::loss::{Loss, Targets, count, distillation, main_labels, read};
use crate::recipe::ClipMode;
use crate::standing::Sums;
use crate::{Optimizer, Recipe, RecipeError};

use super::narrow::{NARROW, narrowed};

/// What the schedule says of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) lr: f64,
    pub(crate) momentum: Option<f64>,
}

/// What takes steps: all that a step needs but the model, the batches and the rate.
pub(crate) struct Stepper<'a> {
    recipe: &'a Recipe,
    autodiff: Device,
    loss: Loss,
    teacher: Option<AnyClassifier>,
    pub(crate) optimizer: Optimizer,
}

impl<'a> Stepper<'a> {
    /// `teacher` is on the same device, without autodiff.
    pub(crate) fn new(recipe: &'a Recipe, autodiff: Device, teacher: Option<AnyClassifier>, optimizer: Optimizer) -> Self {
        Self { recipe, autodiff, loss: Loss::of(recipe), teacher, optimizer }
    }

    /// Step number `step` of the run, with what is left of the batches that `next` gives.
    pub(crate) fn step(
        &mut self,
        model: AnyClassifier,
        step: usize,
        rate: Rate,
        next: &mut dyn FnMut() -> Option<Result<Batch, DataError>>,
    ) -> Result<(AnyClassifier, Sums), RecipeError> {
        let recipe = self.recipe;
        let diverged = |what, value| RecipeError::NotFinite { what, value, step, lr: rate.lr, checkpoint: None };
        let mut grads = NamedGradients::default();
        let mut sums = Sums::default();
        for micro in 0..recipe.grad_accum_steps {
            let Some(batch) = next() else { break };
            let batch = batch?;
            let (labels, pictures) = (main_labels(&batch), batch.len());
            // Dropout draws from the device: seeded by the batch, a resumed run draws the same.
            let number = step * recipe.grad_accum_steps + micro;
            self.autodiff.seed(splitmix64(recipe.seed ^ splitmix64(number as u64 + 1)));
            let targets = self.loss.targets(&batch, model.num_classes(), &self.autodiff);
            let (images, _) = batch.into_tensors(&self.autodiff);
            let (logits, loss) = self.forward(&model, images, &targets);
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
        if let Some(norm) = self.clip(&model, &mut grads)?
            && !norm.is_finite()
        {
            return Err(diverged("norm of the gradients", norm));
        }
        self.optimizer.set_momentum(rate.momentum);
        Ok((self.optimizer.apply(model, grads, rate.lr), sums))
    }

    /// Logits and the mean loss.
    fn forward(&self, model: &AnyClassifier, images: Tensor<4>, targets: &Targets) -> (Tensor<2>, Tensor<1>) {
        let recipe = self.recipe;
        let teacher = self.teacher.as_ref().map(|teacher| teacher.forward(images.clone().without_autodiff()));
        let (logits, auxiliary) = if recipe.amp {
            let (logits, auxiliary) = narrowed(model).forward_train(images.cast(NARROW));
            (widened(logits), auxiliary.into_iter().map(|(weight, logits)| (weight, widened(logits))).collect())
        } else {
            model.forward_train(images)
        };
        let mut loss = self.loss.mean(logits.clone(), targets);
        for (weight, logits) in auxiliary {
            loss = loss + self.loss.mean(logits, targets).mul_scalar(weight);
        }
        if let Some(teacher) = teacher {
            let (alpha, tau) = (recipe.distillation_alpha, recipe.distillation_tau);
            let learned = distillation(logits.clone(), teacher, recipe.distillation, tau);
            loss = loss.mul_scalar(1.0 - alpha) + learned.mul_scalar(alpha);
        }
        (logits, loss)
    }

    /// Limits the gradients as the recipe says; their norm before, where it had to be known.
    fn clip<M: Module>(&self, model: &M, grads: &mut NamedGradients) -> Result<Option<f64>, RecipeError> {
        let Some(most) = self.recipe.clip_grad else { return Ok(None) };
        match self.recipe.clip_mode {
            ClipMode::Norm => return grads.clip(most).map(Some).map_err(RecipeError::Device),
            ClipMode::Value => grads.clip_value(most),
            ClipMode::Agc => grads.clip_adaptive(model, most),
        }
        Ok(None)
    }
}
