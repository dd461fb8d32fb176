//! One batch, start to end.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::batch::Batch;
use crate::error::DataError;
use crate::rng::mix;
use crate::sample::{Sample, SharedDataset};
use crate::transform::Preprocess;

/// Everything that decides what the batches of an epoch are.
pub(super) struct Plan {
    pub(super) dataset: SharedDataset,
    pub(super) preprocess: Arc<dyn Preprocess>,
    pub(super) order: Vec<usize>,
    pub(super) batch_size: usize,
    pub(super) key: [u64; 2],
}

impl Plan {
    /// Batch `number`; `None` where `stopped` says between two pictures that nobody wants it any more.
    pub(super) fn make(&self, number: usize, stopped: impl Fn() -> bool) -> Option<Result<Batch, DataError>> {
        let start = (number * self.batch_size).min(self.order.len());
        let end = (start + self.batch_size).min(self.order.len());
        let indices = &self.order[start..end];
        let mut batch = Batch { images: Vec::new(), shape: [indices.len(), 0, 0, 0], labels: Vec::new(), indices: indices.to_vec() };
        for &index in indices {
            if stopped() {
                return None;
            }
            if let Err(error) = self.add(index, &mut batch) {
                return Some(Err(error));
            }
        }
        Some(Ok(batch))
    }

    /// Appends one picture. A data set of the user's may panic; that must cost one batch, not the thread.
    fn add(&self, index: usize, batch: &mut Batch) -> Result<(), DataError> {
        let file = Cell::new(None);
        let work = AssertUnwindSafe(|| {
            let sample = self.dataset.get(index)?;
            file.set(sample.file.clone());
            self.add_sample(index, &sample, batch)
        });
        catch_unwind(work).unwrap_or_else(|panic| {
            Err(DataError::Panicked { item: item(file.take().as_deref(), index), message: message(panic.as_ref()) })
        })
    }

    fn add_sample(&self, index: usize, sample: &Sample, batch: &mut Batch) -> Result<(), DataError> {
        let item = || item(sample.file.as_deref(), index);
        let [key, epoch] = self.key;
        let seed = mix(&[key, epoch, index as u64]);
        let found = self
            .preprocess
            .apply(&sample.image, seed, &mut batch.images)
            .map_err(|source| DataError::Transform { item: item(), source })?;
        let [count, channels, height, width] = batch.shape;
        let first = batch.labels.is_empty();
        let expected = if first { found } else { [channels, height, width] };
        let values: usize = expected.iter().product();
        if found != expected || batch.images.len() != (batch.labels.len() + 1) * values {
            return Err(DataError::MixedShapes { item: item(), found, expected });
        }
        if first {
            batch.images.reserve_exact(values * (count - 1));
            batch.shape = [count, found[0], found[1], found[2]];
        }
        batch.labels.push(sample.label);
        Ok(())
    }
}

fn item(file: Option<&Path>, index: usize) -> String {
    file.map_or_else(|| format!("picture {index}"), |file| file.display().to_string())
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
