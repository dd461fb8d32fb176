//! How many pictures a step may have: by the memory that steps take.

use std::fs;

use burn::tensor::Device;

use crate::plan::Plan;
use crate::run::{Rate, begin_model};
use crate::stand_in::stand_in;
use crate::{Recipe, RecipeError};

/// The batches that are tried; from the difference follows what a picture takes.
const TRIED: [usize; 2] = [4, 16];
/// Share of the memory that may be used.
const SHARE: f64 = 0.8;
/// More pictures make a step no faster.
const MOST: usize = 1024;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundBatchSize {
    /// Pictures in a step: a power of two.
    pub batch_size: usize,
    /// Bytes that each picture of a batch takes in a step.
    pub bytes_per_picture: u64,
    /// Bytes that may be used.
    pub available: u64,
}

/// The largest power of two of pictures whose step fits into four fifths of the memory that is free, at most 1024. Two steps on
/// generated pictures say what one takes.
///
/// It works for backends that compute in the process's own memory, on Linux: the system must say how much that was.
///
/// # Errors
/// [`RecipeError::BatchSize`] elsewhere, or where not even one picture fits; any [`RecipeError`] that a step could have.
pub fn largest_batch_size(recipe: &Recipe, device: &Device) -> Result<FoundBatchSize, RecipeError> {
    if !matches!(recipe.backend.as_str(), "flex" | "ndarray") {
        return Err(RecipeError::BatchSize { reason: format!("the memory of `{}` cannot be measured", recipe.backend) });
    }
    let mut peaks = [0; 2];
    for (peak, batch_size) in peaks.iter_mut().zip(TRIED) {
        *peak = measure(recipe, batch_size, device)?;
    }
    let bytes_per_picture = peaks[1].saturating_sub(peaks[0]) / (TRIED[1] - TRIED[0]) as u64;
    let available = (free()? as f64 * SHARE) as u64;
    let fits = |batch_size: &usize| peaks[0] + bytes_per_picture * batch_size.saturating_sub(TRIED[0]) as u64 <= available;
    let sizes = (0..).map(|power| 1 << power).take_while(|size| *size <= MOST);
    match sizes.filter(fits).last() {
        Some(batch_size) => Ok(FoundBatchSize { batch_size, bytes_per_picture, available }),
        None => Err(RecipeError::BatchSize { reason: "not even one picture fits into the memory that is free".to_owned() }),
    }
}

/// The process's largest memory during a step.
fn measure(recipe: &Recipe, batch_size: usize, device: &Device) -> Result<u64, RecipeError> {
    let tried = Recipe { batch_size, grad_accum_steps: 1, workers: 0, pretrained_path: None, limit: None, ..recipe.clone() };
    // What was largest before does not count.
    fs::write("/proc/self/clear_refs", "5").map_err(|e| not_said(&e))?;
    let plan = Plan::of(&tried, device, |size| stand_in(&tried, size, batch_size))?;
    let (model, mut stepper) = begin_model(&plan, device, plan.untrained_teacher(device)?)?;
    let loader = plan.loader(&plan.splits.train, true)?;
    let mut batches = loader.epoch(0);
    let _stepped = stepper.step(model, 0, Rate { lr: 1e-6, momentum: None }, &mut || batches.next())?;
    of_file("/proc/self/status", "VmHWM:")
}

/// Memory that is free, or is this process's already.
fn free() -> Result<u64, RecipeError> {
    Ok(of_file("/proc/meminfo", "MemAvailable:")? + of_file("/proc/self/status", "VmRSS:")?)
}

/// Bytes of a line `KEY NUMBER kB`.
fn of_file(path: &str, key: &str) -> Result<u64, RecipeError> {
    let text = fs::read_to_string(path).map_err(|e| not_said(&e))?;
    let number = text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse::<u64>().ok());
    number.map(|kilobytes| kilobytes * 1024).ok_or_else(|| not_said(&format!("{path} has no {key}")))
}

fn not_said(reason: &dyn std::fmt::Display) -> RecipeError {
    RecipeError::BatchSize { reason: format!("this system does not say how much memory a step takes: {reason}") }
}
