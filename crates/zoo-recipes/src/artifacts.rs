//! What a run leaves for people: pictures of its batches, its answers, its report.

use std::fs;
use std::path::Path;

use zoo_datasets::{Batch, Filter, Image, Loader, resize};
use zoo_report::{LrFinder, Mistake, Tile, contact_sheet, png_of_rgb};

use crate::folder::Folder;
use crate::plan::Plan;
use crate::{Evaluation, Outcome, Recipe, RecipeError};

/// Longest side of a mistake's picture in pixels.
const THUMBNAIL: usize = 160;
const MISTAKES: &str = "mistakes";

/// Draws the first batches as the network will see them: `train-batch-N.png`.
pub(crate) fn batches(folder: &Folder, plan: &Plan<'_>, loader: &Loader) -> Result<(), RecipeError> {
    for (number, batch) in loader.epoch(0).take(plan.recipe.save_batches).enumerate() {
        let batch = batch?;
        let heading = format!("{}, training batch {number}: {} pictures as the network sees them", plan.recipe.dataset, batch.len());
        folder.write(&format!("train-batch-{number}.png"), &contact_sheet(&heading, &tiles(&batch, plan))?)?;
    }
    Ok(())
}

/// The pictures of a batch, with the normalisation taken back.
fn tiles(batch: &Batch, plan: &Plan<'_>) -> Vec<Tile> {
    let [_, channels, height, width] = batch.shape;
    let area = height * width;
    let level = |value: f32, channel: usize| {
        let (mean, std) = (plan.transform.mean[channel], plan.transform.std[channel]);
        ((value * std + mean) * 255.0).round().clamp(0.0, 255.0) as u8
    };
    let pictures = batch.images.chunks_exact((channels * area).max(1)).zip(&batch.labels);
    let tile = |(values, label): (&[f32], &usize)| {
        // Grey pictures have their one channel three times.
        let pixel = |at: usize| [0, 1, 2].map(|c: usize| level(values[c.min(channels - 1) * area + at], c.min(channels - 1)));
        Tile { width, height, rgb: (0..area).flat_map(pixel).collect(), caption: plan.class(*label).to_owned() }
    };
    pictures.map(tile).collect()
}

/// Writes `result.json`, `evaluation.json`, the pictures of the worst mistakes, and the report with its drawings.
pub(crate) fn write(folder: &Folder, plan: &Plan<'_>, result: &Evaluation, outcome: &Outcome) -> Result<(), RecipeError> {
    let place = folder.path(MISTAKES);
    // Those of a run that ended before and went on.
    let _none = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).map_err(|source| RecipeError::Io { action: "create", path: place, source })?;
    let mut mistakes = vec![];
    for (number, mistake) in result.mistakes.iter().enumerate() {
        let sample = plan.splits.test.get(mistake.index)?;
        let picture = format!("{MISTAKES}/{:02}.png", number + 1);
        folder.write(&picture, &thumbnail(&sample.image)?)?;
        let source = sample.file.map_or_else(|| format!("picture {}", mistake.index), |file| file.display().to_string());
        let (label, predicted, probability) = (mistake.label, mistake.predicted, mistake.probability);
        mistakes.push(Mistake { picture, source, label, predicted, probability, label_probability: mistake.label_probability });
    }
    let evaluation = zoo_report::Evaluation {
        split: "test".to_owned(),
        pictures: result.pictures,
        top1: result.top1,
        top5: result.top5,
        loss: result.loss,
        classes: (0..result.confusion.len()).map(|class| plan.class(class).to_owned()).collect(),
        confusion: result.confusion.clone(),
        mistakes,
    };
    let json = |e: serde_json::Error| RecipeError::Device(e.to_string());
    folder.write("evaluation.json", &serde_json::to_vec(&evaluation).map_err(json)?)?;
    folder.write("result.json", &serde_json::to_vec_pretty(outcome).map_err(json)?)?;
    let run = zoo_report::Run::read(folder.root())?;
    zoo_report::files(&run)?.iter().try_for_each(|(name, bytes)| folder.write(name, bytes))
}

/// Writes what a search for a learning rate found into a folder of its own: `lr-finder.json` and the report.
///
/// # Errors
/// [`RecipeError::OutputExists`], [`RecipeError::Io`], [`RecipeError::Report`].
pub fn write_finder(output: &Path, recipe: &Recipe, found: &LrFinder) -> Result<(), RecipeError> {
    let folder = Folder::create(output)?;
    folder.write_recipe(recipe)?;
    folder.write("lr-finder.json", &serde_json::to_vec(found).map_err(|e| RecipeError::Device(e.to_string()))?)?;
    let run = zoo_report::Run::read(folder.root())?;
    zoo_report::files(&run)?.iter().try_for_each(|(name, bytes)| folder.write(name, bytes))
}

/// A small copy of a picture as PNG; what is small already stays as it is.
fn thumbnail(image: &Image) -> Result<Vec<u8>, RecipeError> {
    let (height, width) = (image.height(), image.width());
    let longest = height.max(width);
    let image = if longest <= THUMBNAIL {
        image.to_rgb()
    } else {
        let side = |side: usize| (side * THUMBNAIL / longest).max(1);
        resize(image, [side(height), side(width)], Filter::Bilinear).to_rgb()
    };
    Ok(png_of_rgb(image.width() as u32, image.height() as u32, image.pixels())?)
}
