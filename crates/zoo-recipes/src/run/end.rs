//! A run's end, good or bad.

use zoo_core::params::num_trainable;
use zoo_weights::WeightsFile;

use crate::{Evaluation, Outcome, RecipeError, artifacts, checkpoint, evaluate};

use super::Run;

impl Run<'_> {
    /// Tests the best epoch and writes what the run came to.
    pub(super) fn conclude(&self) -> Result<Outcome, RecipeError> {
        let (plan, at) = (self.plan, &self.at);
        let (result, parameters) = self.test("best.safetensors")?;
        let averaged = self.ema.as_ref().map(|_| self.test("ema-best.safetensors")).transpose()?;
        let outcome = Outcome {
            model: plan.recipe.model.clone(),
            dataset: plan.recipe.dataset.clone(),
            test_top1: result.top1,
            test_top5: result.top5,
            test_loss: result.loss,
            ema_test_top1: averaged.as_ref().map(|(averaged, _)| averaged.top1),
            ema_test_loss: averaged.as_ref().map(|(averaged, _)| averaged.loss),
            best_epoch: at.best_epoch,
            epochs: at.epoch,
            stopped_early: at.epoch < plan.recipe.epochs,
            train_seconds: at.seconds,
            data_wait: at.data_wait(),
            images_per_second: at.images_per_second(),
            parameters,
            backend: plan.recipe.backend.clone(),
            seed: plan.recipe.seed,
        };
        artifacts::write(&self.folder, plan, &result, &outcome)?;
        Ok(outcome)
    }

    /// The weights of a file on the test pictures, and how many parameters they are.
    fn test(&self, name: &str) -> Result<(Evaluation, usize), RecipeError> {
        let mut model = self.plan.build(self.device)?;
        zoo_weights::load(&mut model, &WeightsFile::read(&self.folder.path(name))?)?;
        Ok((evaluate(&model, &self.plan.loader(&self.plan.splits.test, false)?, self.device)?, num_trainable(&model)))
    }

    /// An error in the middle of a run, with the checkpoint from which something can go on.
    pub(super) fn explain(&mut self, error: RecipeError) -> RecipeError {
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
