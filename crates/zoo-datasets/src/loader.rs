//! Batches in a fixed order, made by any number of threads.

mod epoch;
mod make;

pub use epoch::Epoch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::batch::SkippedPicture;
use crate::error::DataError;
use crate::mixup::Mixup;
use crate::rng::SplitMix64;
use crate::sample::SharedDataset;
use crate::transform::Preprocess;

use make::Plan;

/// What becomes of a picture whose file is damaged or no picture. Whatever else goes wrong is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damaged {
    /// It is left out of its batch, which then is smaller; [`Loader::skipped`] has its name.
    #[default]
    Skip,
    /// It is an error in place of its batch.
    Fail,
}

/// How a [`Loader`] cuts a data set into batches. `workers` and `prefetch` do not change what comes out.
#[derive(Clone, Debug, PartialEq)]
pub struct LoaderOptions {
    /// Pictures in a batch. Default 32.
    pub batch_size: usize,
    /// Seed of the order (another one in each epoch) and of random preprocessing; `None` keeps the data set's order.
    pub shuffle: Option<u64>,
    /// Leaves out the last batch of an epoch where it is not full. Default false.
    pub drop_last: bool,
    /// Default [`Damaged::Skip`].
    pub damaged: Damaged,
    /// Mixes the pictures of each batch with each other. Default none.
    pub mixup: Option<Mixup>,
    /// How often a picture is in an epoch, one time after the other and each preprocessed anew; 0 and 1 for once, the default.
    /// As in timm's `RepeatAugSampler` on one device, an epoch has as many pictures as without, rounded down to a multiple of
    /// [`REPEATED_ROUND`] where there are as many.
    pub aug_repeats: usize,
    /// Threads. 0 works in the caller's thread. Default: the system's parallelism, at most 4.
    pub workers: usize,
    /// Most batches that are made or waiting at any time, and so the memory for them; fewer than `workers` leaves workers
    /// unused. Besides, each worker has one picture in its hands. Default twice `workers`.
    pub prefetch: Option<usize>,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        let workers = thread::available_parallelism().map_or(1, |threads| threads.get().min(4));
        Self {
            batch_size: 32,
            shuffle: None,
            drop_last: false,
            damaged: Damaged::Skip,
            mixup: None,
            aug_repeats: 0,
            workers,
            prefetch: None,
        }
    }
}

/// With repeated augmentation, epochs of larger data sets have a multiple of so many pictures.
pub const REPEATED_ROUND: usize = 256;

/// Decodes, preprocesses and batches a data set.
///
/// The stream of batches is the same for any number of workers. What fails is an `Err` item in its place; the batches after
/// it still come, so an epoch always has [`batches`](Self::batches) items and never hangs.
#[derive(Clone)]
pub struct Loader {
    dataset: SharedDataset,
    preprocess: Arc<dyn Preprocess>,
    options: LoaderOptions,
    skipped: Skipped,
}

/// The pictures that were left out, by index, and whether [`Loader::take_skipped`] gave them.
type Skipped = Arc<Mutex<BTreeMap<usize, (SkippedPicture, bool)>>>;

impl Loader {
    /// A loader for `dataset`. Nothing is read yet.
    ///
    /// # Errors
    /// - [`DataError::InvalidOption`] where `batch_size` or `prefetch` is 0.
    /// - [`DataError::Preprocess`] where the preprocessing or the mixing says that it cannot work.
    pub fn new(dataset: SharedDataset, preprocess: Arc<dyn Preprocess>, options: LoaderOptions) -> Result<Self, DataError> {
        for (option, value) in [("batch_size", Some(options.batch_size)), ("prefetch", options.prefetch)] {
            if value == Some(0) {
                return Err(DataError::InvalidOption { option, value: "0".to_owned(), expected: "at least 1" });
            }
        }
        let mixing = options.mixup.as_ref().map_or(Ok(()), Mixup::check);
        preprocess.check().and(mixing).map_err(|source| DataError::Preprocess { source })?;
        Ok(Self { dataset, preprocess, options, skipped: Skipped::default() })
    }

    /// Pictures in the data set.
    pub fn len(&self) -> usize {
        self.dataset.len()
    }

    /// Whether the data set is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pictures in an epoch, repeated ones counted as often as they come.
    pub fn pictures_per_epoch(&self) -> usize {
        let len = self.len();
        if self.options.aug_repeats > 1 && len >= REPEATED_ROUND { len / REPEATED_ROUND * REPEATED_ROUND } else { len }
    }

    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        let (pictures, size) = (self.pictures_per_epoch(), self.options.batch_size);
        if self.options.drop_last { pictures / size } else { pictures.div_ceil(size) }
    }

    /// The options it was made with.
    pub fn options(&self) -> &LoaderOptions {
        &self.options
    }

    /// The pictures that were left out of the batches that were taken so far, each once, in the order of their indices.
    pub fn skipped(&self) -> Vec<SkippedPicture> {
        self.locked().values().map(|(picture, _)| picture.clone()).collect()
    }

    /// Those of them that this method has not given before.
    pub fn take_skipped(&self) -> Vec<SkippedPicture> {
        let mut skipped = self.locked();
        let new = skipped.values_mut().filter(|(_, told)| !told);
        new.map(|(picture, told)| {
            *told = true;
            picture.clone()
        })
        .collect()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<usize, (SkippedPicture, bool)>> {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The batches of one epoch.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        self.epoch_from(epoch, 0)
    }

    /// The batches of one epoch from number `first_batch` (counted from 0): what is left after an interruption.
    pub fn epoch_from(&self, epoch: u64, first_batch: usize) -> Epoch {
        let seed = self.options.shuffle.unwrap_or(0);
        let mut order = self.options.shuffle.and_then(|seed| self.dataset.shuffled(seed, epoch)).unwrap_or_else(|| {
            let mut order: Vec<u32> = (0..self.len() as u32).collect();
            if self.options.shuffle.is_some() {
                SplitMix64::keyed(&[seed, epoch]).shuffle(&mut order);
            }
            order
        });
        let repeats = self.options.aug_repeats.max(1);
        if repeats > 1 {
            order = order.into_iter().flat_map(|index| std::iter::repeat_n(index, repeats)).take(self.pictures_per_epoch()).collect();
        }
        let plan = Plan {
            dataset: Arc::clone(&self.dataset),
            preprocess: Arc::clone(&self.preprocess),
            order,
            batch_size: self.options.batch_size,
            damaged: self.options.damaged,
            mixup: self.options.mixup.clone().filter(|mixup| mixup.is_on(epoch)),
            repeats,
            key: [seed, epoch],
        };
        let prefetch = self.options.prefetch.unwrap_or(self.options.workers * 2);
        Epoch::start(plan, first_batch..self.batches().max(first_batch), self.options.workers, prefetch, Arc::clone(&self.skipped))
    }
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("len", &self.len()).field("options", &self.options).finish_non_exhaustive()
    }
}
