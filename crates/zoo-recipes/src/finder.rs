//! The learning-rate range test (Smith 2017, section 3.3, <https://arxiv.org/abs/1506.01186>), as Lightning and fastai have it.

use burn::tensor::Device;
use zoo_report::{LrFinder, LrPoint};

use crate::plan::Plan;
use crate::run::{Rate, begin_model, freeze, start_weights};
use crate::{Interrupter, Progress, Recipe, RecipeError, StartReport, StepReport};

/// The rates between which the search goes, and in how many steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FinderOptions {
    /// The first rate.
    pub min_lr: f64,
    /// The last.
    pub max_lr: f64,
    /// Steps; the rate grows by the same factor in each.
    pub steps: usize,
}

impl Default for FinderOptions {
    /// fastai's rates and steps.
    fn default() -> Self {
        Self { min_lr: 1e-7, max_lr: 10.0, steps: 100 }
    }
}

/// Weight of what was before in the smoothed loss.
const BETA: f64 = 0.98;
/// The search ends where the smoothed loss is so many times its lowest.
const STOP: f64 = 4.0;
/// Points at the beginning that do not count: the smoothed loss is not settled.
const SKIPPED: usize = 10;
/// Points over which a slope is taken.
const WINDOW: usize = 11;
/// A loss that falls by less than this share says nothing.
const LEAST_FALL: f64 = 0.02;

/// Trains for a hundred steps with a growing learning rate, and says where the loss falls fastest. The weights are thrown
/// away; a run that follows begins as if nothing had been.
///
/// # Errors
/// Any [`RecipeError`] that a run could begin with.
pub fn find_lr(
    recipe: &Recipe,
    options: FinderOptions,
    device: &Device,
    interrupter: &Interrupter,
    progress: &mut dyn Progress,
) -> Result<LrFinder, RecipeError> {
    let plan = Plan::new(recipe, device)?;
    let (mut model, mut stepper) = begin_model(&plan, device, plan.teacher(device)?)?;
    start_weights(recipe, &mut model, progress)?;
    let mut model = freeze(recipe, model, progress)?;
    let loader = plan.loader(&plan.splits.train, true)?;
    let (model_name, dataset) = (recipe.model.as_str(), recipe.dataset.as_str());
    let images = loader.pictures_per_epoch();
    progress.start(&StartReport { model: model_name, dataset, epoch: 0, epochs: 1, images, log_interval: recipe.log_interval });
    let mut search = Search::default();
    let (mut epoch, mut batches) = (0, loader.epoch(0));
    for step in 0..options.steps {
        if interrupter.should_stop() {
            break;
        }
        if batches.len() == 0 {
            epoch += 1;
            batches = loader.epoch(epoch);
        }
        let lr = options.rate(step);
        let stepped = stepper.step(model, step, Rate { lr, momentum: None }, &mut || batches.next());
        let (next, sums) = match stepped {
            // What is sought: the rate that is too large.
            Err(RecipeError::NotFinite { .. }) => break,
            stepped => stepped?,
        };
        model = next;
        let [loss, top1, top5] = sums.means();
        progress.step(&StepReport {
            epoch: 0,
            step: step + 1,
            steps: options.steps,
            images: step * recipe.batch_size,
            images_of_epoch: images,
            loss,
            top1,
            top5,
            lr,
            images_per_second: 0.0,
            data_wait: 0.0,
            seconds_left: 0.0,
        });
        if search.add(lr, loss) {
            break;
        }
    }
    Ok(search.finish())
}

impl FinderOptions {
    fn rate(&self, step: usize) -> f64 {
        let last = self.steps.saturating_sub(1).max(1) as f64;
        self.min_lr * (self.max_lr / self.min_lr).powf(step as f64 / last)
    }
}

/// The losses so far.
#[derive(Default)]
struct Search {
    points: Vec<LrPoint>,
    average: f64,
    best: Option<f64>,
}

impl Search {
    /// Whether the loss has exploded.
    fn add(&mut self, lr: f64, loss: f64) -> bool {
        self.average = BETA * self.average + (1.0 - BETA) * loss;
        let smoothed = self.average / (1.0 - BETA.powf(self.points.len() as f64 + 1.0));
        self.points.push(LrPoint { lr, loss, smoothed });
        let exploded = self.points.len() > SKIPPED && self.best.is_some_and(|best| smoothed > STOP * best);
        self.best = Some(self.best.map_or(smoothed, |best| best.min(smoothed)));
        exploded
    }

    /// The rate at which the smoothed loss falls fastest over the logarithm of the rate.
    fn finish(self) -> LrFinder {
        let settled = self.points.get(SKIPPED..).unwrap_or_default();
        let lowest = settled.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
        let before = settled.iter().take_while(|point| point.smoothed > lowest);
        let highest = before.map(|point| point.smoothed).fold(f64::NEG_INFINITY, f64::max);
        let slope = |window: &[LrPoint]| window[WINDOW - 1].smoothed - window[0].smoothed;
        let steepest = settled.windows(WINDOW).min_by(|a, b| slope(a).total_cmp(&slope(b)));
        let suggestion = steepest.filter(|_| highest - lowest > LEAST_FALL * highest).map(|window| window[WINDOW / 2].lr);
        LrFinder { points: self.points, suggestion }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steepest_point_is_found_and_an_explosion_ends_the_search() {
        let options = FinderOptions::default();
        assert!((options.rate(0) - 1e-7).abs() < 1e-15 && (options.rate(99) - 10.0).abs() < 1e-9);
        // A loss that falls fastest at 1e-2 and explodes from 1.
        let loss = |lr: f64| 2.3 - 2.0 / (1.0 + (-4.0 * (lr.log10() + 2.0)).exp()) + 100.0 * (lr - 1.0).max(0.0);
        let mut search = Search::default();
        let steps = (0..100).position(|step| search.add(options.rate(step), loss(options.rate(step))));
        assert!(steps.is_some_and(|step| options.rate(step) > 1.0), "{steps:?}");
        let found = search.finish();
        // Smoothing lags behind.
        assert!(found.suggestion.is_some_and(|lr| (3e-3..1.0).contains(&lr)), "{:?}", found.suggestion);
        // A loss that never falls suggests nothing.
        let mut search = Search::default();
        (0..50).for_each(|step| {
            search.add(options.rate(step), 1.0 + 0.01 * step as f64);
        });
        assert_eq!(search.finish().suggestion, None);
    }
}
