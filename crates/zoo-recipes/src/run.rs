//! The training loop.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::Interrupter;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor, activation::log_softmax};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier};
use zoo_core::params::{num_trainable, read_values};
use zoo_core::splitmix64;
use zoo_datasets::{Augment, DataOptions, Loader, LoaderOptions, Preprocess, SharedDataset, Splits, Transform};
use zoo_weights::{WeightsFile, WeightsMeta};

use crate::folder::{Folder, Outcome, Row, Standing};
use crate::{EpochReport, Optimizer, Progress, Recipe, RecipeError, Schedule, StartReport, StepReport, evaluate};

/// Under this name a checkpoint says with which [`Recipe::data_seed`] its data was cut, in [`WeightsMeta::extra`].
pub const DATA_SEED: &str = "data_seed";

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// All epochs were done.
    Finished(Outcome),
    /// It was asked to stop, saved everything, and can go on.
    Interrupted {
        /// The epoch, from 0, in which it stopped.
        epoch: usize,
    },
}

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
    let autodiff = device.clone().autodiff();
    // Once, before anything is made on it: parameters and batches must have the same strategy.
    let autodiff = if recipe.grad_checkpointing { autodiff.gradient_checkpointing() } else { autodiff };
    let mut model = plan.build(&autodiff)?;
    autodiff.seed(recipe.seed);
    draw(&model);
    let mut optimizer = Optimizer::new(recipe.opt, recipe.momentum, recipe.nesterov, recipe.weight_decay);
    let mut at = Standing::default();
    let folder = if resume {
        let folder = Folder(output.to_owned());
        let (weights, state, standing) = folder.read_state()?;
        zoo_weights::load(&mut model, &weights)?;
        optimizer.restore(standing.optimizer_steps, state, device);
        at = standing;
        folder
    } else {
        if let Some(path) = &recipe.pretrained_path {
            let report = zoo_weights::load(&mut model, &WeightsFile::read(path)?)?;
            if !report.reinitialised.is_empty() {
                progress.note(&format!("the last layer starts anew: {}", report.reinitialised.join(", ")));
            }
        }
        let folder = Folder::create(output)?;
        folder.write_recipe(&recipe.explicit(&plan.options, plan.size))?;
        folder
    };
    let loader = plan.loader(&plan.splits.train, true)?;
    let valid = plan.loader(&plan.splits.valid, false)?;
    let test = plan.loader(&plan.splits.test, false)?;
    let steps = loader.batches();
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
    let images_of_epoch = plan.splits.train.len();
    progress.start(&StartReport {
        model: &recipe.model,
        dataset: &recipe.dataset,
        epoch: at.epoch,
        epochs: recipe.epochs,
        images: images_of_epoch,
    });
    while at.epoch < recipe.epochs {
        let mut lr = schedule.at(at.epoch * steps);
        for batch in loader.epoch_from(at.epoch as u64, at.step_in_epoch) {
            let batch = batch?;
            let begun = Instant::now();
            let step = at.epoch * steps + at.step_in_epoch;
            let count = batch.len();
            lr = schedule.at(step);
            // Dropout draws from the device: seeded by the step, a resumed run draws the same.
            autodiff.seed(splitmix64(recipe.seed ^ splitmix64(step as u64 + 1)));
            let (images, labels) = batch.into_tensors(&autodiff);
            let (logits, auxiliary) = model.forward_train(images);
            let mut loss = cross_entropy(logits, labels.clone(), recipe.smoothing);
            for (weight, logits) in auxiliary {
                loss = loss + cross_entropy(logits, labels.clone(), recipe.smoothing).mul_scalar(weight);
            }
            let value = read(&loss)?;
            if !value.is_finite() {
                return Err(RecipeError::NotFinite { loss: value, step, lr });
            }
            model = optimizer.step(model, &loss.backward(), lr);
            at.step_in_epoch += 1;
            at.optimizer_steps = optimizer.steps();
            at.loss_sum += value * count as f64;
            at.loss_count += count;
            at.images += count;
            at.seconds += begun.elapsed().as_secs_f64();
            let images_per_second = at.images as f64 / at.seconds.max(1e-9);
            let (epoch, step, images) = (at.epoch, at.step_in_epoch, at.loss_count);
            progress.step(&StepReport { epoch, step, steps, images, images_of_epoch, loss: value, lr, images_per_second });
            if interrupter.should_stop() {
                folder.write_state(&model, &optimizer, &at)?;
                return Ok(Ended::Interrupted { epoch: at.epoch });
            }
        }
        loader.take_skipped().iter().for_each(|picture| progress.note(&picture.to_string()));
        let plain = model.valid();
        let result = evaluate(&plain, &valid, device)?;
        valid.take_skipped().iter().for_each(|picture| progress.note(&picture.to_string()));
        let best = at.best_correct.is_none_or(|correct| result.correct > correct);
        let meta = plan.meta(at.epoch)?;
        if best {
            at.best_correct = Some(result.correct);
            at.best_epoch = at.epoch;
            zoo_weights::save(&plain, &folder.path("best.safetensors"), &meta)?;
        }
        zoo_weights::save(&plain, &folder.path("last.safetensors"), &meta)?;
        let train_loss = at.loss_sum / at.loss_count.max(1) as f64;
        at.rows.push(Row { epoch: at.epoch, train_loss, eval_loss: result.loss, eval_top1: result.top1, eval_top5: result.top5, lr });
        progress.epoch(&EpochReport { epoch: at.epoch, train_loss, valid: &result, best });
        at.epoch += 1;
        (at.step_in_epoch, at.loss_sum, at.loss_count) = (0, 0.0, 0);
        folder.write_rows(&at.rows)?;
        folder.write_state(&model, &optimizer, &at)?;
        if interrupter.should_stop() && at.epoch < recipe.epochs {
            return Ok(Ended::Interrupted { epoch: at.epoch });
        }
    }
    let mut best = plan.build(device)?;
    zoo_weights::load(&mut best, &WeightsFile::read(&folder.path("best.safetensors"))?)?;
    let result = evaluate(&best, &test, device)?;
    let outcome = Outcome {
        model: recipe.model.clone(),
        dataset: recipe.dataset.clone(),
        test_top1: result.top1,
        test_top5: result.top5,
        test_loss: result.loss,
        best_epoch: at.best_epoch,
        train_seconds: at.seconds,
        images_per_second: at.images as f64 / at.seconds.max(1e-9),
        parameters: num_trainable(&best),
        backend: recipe.backend.clone(),
        seed: recipe.seed,
    };
    let text = serde_json::to_vec_pretty(&outcome).map_err(|e| RecipeError::Device(e.to_string()))?;
    folder.write("result.json", &text)?;
    Ok(Ended::Finished(outcome))
}

/// Mean cross-entropy of logits `[batch, classes]` with labels `[batch]`, smoothed as PyTorch does.
fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    let log = log_softmax(logits, 1);
    let hard = log.clone().gather(1, labels.unsqueeze_dim(1)).mean().neg();
    if smoothing == 0.0 { hard } else { hard.mul_scalar(1.0 - smoothing) - log.mean().mul_scalar(smoothing) }
}

fn read(loss: &Tensor<1>) -> Result<f64, RecipeError> {
    let values = read_values(loss.clone().without_autodiff()).map_err(RecipeError::Device)?;
    Ok(values.first().map_or(f64::NAN, |v| f64::from(*v)))
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

/// What a recipe means for its data.
struct Plan<'a> {
    recipe: &'a Recipe,
    splits: Splits,
    options: BuildOptions,
    /// `[height, width]` of the model's input.
    size: [usize; 2],
    transform: Transform,
}

impl<'a> Plan<'a> {
    fn new(recipe: &'a Recipe, device: &Device) -> Result<Self, RecipeError> {
        // An unknown model is told before the data is looked at.
        let Some(info) = burn_zoo::info(&recipe.model) else {
            burn_zoo::build(&recipe.model, &BuildOptions::default(), device)?;
            return Err(RecipeError::Device(format!("model `{}` is not in the list", recipe.model)));
        };
        let size = recipe.image_size.map_or([info.input[1], info.input[2]], |side| [side, side]);
        let data = DataOptions {
            path: recipe.data.clone(),
            image_size: size,
            seed: recipe.data_seed,
            limit: recipe.limit,
            ..DataOptions::default()
        };
        let splits = zoo_datasets::open(&recipe.dataset, &data)?;
        // Said even where it is the model's own: a resumed run, whose recipe says it, writes the same checkpoints.
        let options = BuildOptions { image_size: Some(size), ..recipe.options(splits.classes.len(), splits.channels) };
        if options.num_classes.is_some_and(|n| n < splits.classes.len()) {
            let value = options.num_classes.unwrap_or(0).to_string();
            return Err(RecipeError::Value { key: "num_classes", value, must_be: "at least the data set's number of classes" });
        }
        let model = burn_zoo::build(&recipe.model, &options, device)?;
        model.check_input([splits.channels, size[0], size[1]])?;
        let transform = recipe.transform(size, &splits);
        transform.validate()?;
        Ok(Self { recipe, splits, options, size, transform })
    }

    fn build(&self, device: &Device) -> Result<AnyClassifier, RecipeError> {
        Ok(burn_zoo::build(&self.recipe.model, &self.options, device)?)
    }

    fn loader(&self, dataset: &SharedDataset, training: bool) -> Result<Loader, RecipeError> {
        let transform = self.transform.clone();
        let preprocess: Arc<dyn Preprocess> = if training && self.recipe.hflip > 0.0 {
            Arc::new(Augment { transform, flip: self.recipe.hflip, pad_pixels: 0 })
        } else {
            Arc::new(transform)
        };
        let options = LoaderOptions {
            batch_size: self.recipe.batch_size,
            shuffle: training.then_some(self.recipe.seed),
            workers: self.recipe.workers,
            ..LoaderOptions::default()
        };
        Ok(Loader::new(Arc::clone(dataset), preprocess, options)?)
    }

    fn meta(&self, epoch: usize) -> Result<WeightsMeta, RecipeError> {
        let transform = serde_json::to_value(&self.transform).map_err(|e| RecipeError::Device(e.to_string()))?;
        let extra = [(DATA_SEED.to_owned(), self.recipe.data_seed.into())].into();
        Ok(WeightsMeta {
            model: Some(self.recipe.model.clone()),
            options: Some(self.options.clone()),
            classes: Some(self.splits.classes.clone()),
            transform: Some(transform),
            epoch: Some(epoch),
            extra,
        })
    }
}
