//! One batch, start to end.

use std::cell::RefCell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::batch::{Batch, SkippedPicture};
use crate::decode::message;
use crate::error::{DataError, EncodedError};
use crate::mixup::Mixup;
use crate::rng::mix;
use crate::sample::SharedDataset;
use crate::transform::Preprocess;

use super::Damaged;

/// Everything that decides what the batches of an epoch are.
pub(super) struct Plan {
    pub(super) dataset: SharedDataset,
    pub(super) preprocess: Arc<dyn Preprocess>,
    pub(super) order: Vec<u32>,
    pub(super) batch_size: usize,
    pub(super) damaged: Damaged,
    pub(super) mixup: Option<Mixup>,
    /// How often each picture comes in the order, one time after the other.
    pub(super) repeats: usize,
    pub(super) key: [u64; 2],
}

/// Marks the seeds of mixing, so that they are none of a picture's.
const MIXING: u64 = 0x6d69_7869_6e67;

/// A picture's shape `[channels, height, width]` and class.
type Prepared = ([usize; 3], usize);

impl Plan {
    /// Batch `number`; `None` where `stopped` says between two pictures that nobody wants it any more.
    pub(super) fn make(&self, number: usize, stopped: impl Fn() -> bool) -> Option<Result<Batch, DataError>> {
        let start = (number * self.batch_size).min(self.order.len());
        let end = (start + self.batch_size).min(self.order.len());
        let mut batch =
            Batch { images: Vec::new(), shape: [0; 4], labels: Vec::new(), indices: Vec::new(), mix: None, skipped: Vec::new() };
        for place in start..end {
            if stopped() {
                return None;
            }
            if let Err(error) = self.add(place, end - start, &mut batch) {
                return Some(Err(error));
            }
        }
        batch.shape[0] = batch.labels.len();
        if let Some(mixup) = &self.mixup {
            let [key, epoch] = self.key;
            mixup.apply(&mut batch, mix(&[key, epoch, number as u64, MIXING, MIXING]));
        }
        Some(match batch.skipped.first() {
            Some(first) if batch.is_empty() => {
                Err(DataError::NothingLeft { batch: number, pictures: end - start, first: first.to_string() })
            }
            _ => Ok(batch),
        })
    }

    /// Appends the picture at a place of the order to a batch that is to have `count`.
    fn add(&self, place: usize, count: usize, batch: &mut Batch) -> Result<(), DataError> {
        let (index, [key, epoch]) = (self.order[place] as usize, self.key);
        let seed = match place % self.repeats {
            0 => mix(&[key, epoch, index as u64]),
            repeat => mix(&[key, epoch, index as u64, repeat as u64]),
        };
        let before = batch.images.len();
        let file = RefCell::new(None);
        // A data set of the user's may panic; that must cost one batch, not the thread.
        let work = AssertUnwindSafe(|| self.prepare(index, seed, &file, &mut batch.images));
        let result = catch_unwind(work).unwrap_or_else(|panic| {
            Err(DataError::Panicked { item: item(file.borrow().as_deref(), index), message: message(panic.as_ref()) })
        });
        let (found, label) = match result {
            Err(DataError::Decode { path, source }) if self.damaged == Damaged::Skip => {
                batch.images.truncate(before);
                batch.skipped.push(SkippedPicture { index, file: path, reason: with_causes(&source) });
                return Ok(());
            }
            result => result?,
        };
        let [_, channels, height, width] = batch.shape;
        let first = batch.labels.is_empty();
        let expected = if first { found } else { [channels, height, width] };
        let values: usize = expected.iter().product();
        if found != expected || batch.images.len() != before + values {
            return Err(DataError::MixedShapes { item: item(file.borrow().as_deref(), index), found, expected });
        }
        if first {
            batch.images.reserve_exact(values * (count - 1));
            batch.shape = [0, found[0], found[1], found[2]];
        }
        batch.labels.push(label);
        batch.indices.push(index);
        Ok(())
    }

    /// Appends a picture's values. `file` gets its name as soon as that is known.
    fn prepare(&self, index: usize, seed: u64, file: &RefCell<Option<Arc<Path>>>, values: &mut Vec<f32>) -> Result<Prepared, DataError> {
        let transform = |source| DataError::Transform { item: item(file.borrow().as_deref(), index), source };
        if let Some(encoded) = self.dataset.encoded(index)? {
            file.replace(Some(Arc::clone(&encoded.file)));
            let shape = self.preprocess.apply_encoded(&encoded.bytes, seed, values).map_err(|error| match error {
                EncodedError::Decode(source) => DataError::Decode { path: encoded.file.to_path_buf(), source },
                EncodedError::Transform(source) => transform(source),
            })?;
            return Ok((shape, encoded.label));
        }
        let sample = self.dataset.get(index)?;
        file.replace(sample.file);
        let shape = self.preprocess.apply(&sample.image, seed, values).map_err(transform)?;
        Ok((shape, sample.label))
    }
}

fn item(file: Option<&Path>, index: usize) -> String {
    file.map_or_else(|| format!("picture {index}"), |file| file.display().to_string())
}

/// An error and its causes, joined by colons.
fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
