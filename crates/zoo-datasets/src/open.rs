//! Data sets by name.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::DataError;
use crate::sample::SharedDataset;
use crate::subset::Subset;
use crate::transform::MAX_SIDE;
use crate::{digits, folder, published, shapes, shards};

/// What a data set may need to know. Each uses what concerns it, and says so in [`Splits::notes`] where a path is left unused.
#[derive(Clone, Debug, PartialEq)]
pub struct DataOptions {
    /// `folder` and `shards`: the root. The published ones: the folder with their files; default where [`fetch`](crate::fetch) puts them.
    pub path: Option<PathBuf>,
    /// Where downloads and the indexes of large folders are kept. Default: `BURN_ZOO_CACHE`, else `burn-zoo` in the user's
    /// cache folder.
    pub cache: Option<PathBuf>,
    /// `folder` and `shards`: the list of classes, a folder's name in each line. Default: `class_map.txt` in the root, if there is one,
    /// else the folders in natural order.
    pub class_map: Option<PathBuf>,
    /// `shards`: pictures that are mixed with each other when an epoch is shuffled. More need no more memory, but reading jumps
    /// farther. Default 8192.
    pub shuffle_buffer: usize,
    /// `shapes`: `[height, width]` of the pictures. Default `[32, 32]`.
    pub image_size: [usize; 2],
    /// `shapes`: which pictures are drawn. `folder`: which pictures go to splits that have no folder; keep it for a
    /// model's whole life, or it is tested on pictures it was trained on. Default 0. It does not change `digits`. The published ones
    /// have their validation pictures cut by it, too.
    pub seed: u64,
    /// Only the first so many training pictures, and at most as many of the other splits. All classes stay present where
    /// there are at least as many pictures as classes. Default none.
    pub limit: Option<usize>,
    /// `shapes`: pictures in the training split. Default 2000.
    pub train_length: usize,
    /// `shapes`: pictures in the validation split. Default 500.
    pub valid_length: usize,
    /// `shapes`: pictures in the test split. Default 500.
    pub test_length: usize,
    /// `folder` and the published ones: share of the pictures that a missing validation split gets, in `(0, 1)`. Default 0.1.
    pub valid_ratio: f64,
    /// `folder`: share of the pictures that a missing test split gets, in `(0, 1)`. Default 0.1.
    pub test_ratio: f64,
}

impl Default for DataOptions {
    fn default() -> Self {
        Self {
            path: None,
            cache: None,
            class_map: None,
            shuffle_buffer: 8192,
            image_size: [32, 32],
            seed: 0,
            limit: None,
            train_length: 2000,
            valid_length: 500,
            test_length: 500,
            valid_ratio: 0.1,
            test_ratio: 0.1,
        }
    }
}

impl DataOptions {
    /// None where the environment says none: then nothing is kept.
    pub(crate) fn cache_folder(&self) -> Option<PathBuf> {
        self.cache.clone().or_else(|| zoo_hub::Settings::from_env(None).ok().map(|settings| settings.cache))
    }
}

/// A data set, cut into its three parts.
#[derive(Clone)]
pub struct Splits {
    /// Name, as given to [`open`].
    pub name: String,
    /// To train on.
    pub train: SharedDataset,
    /// To choose models and hyper-parameters by.
    pub valid: SharedDataset,
    /// To report. The same as `valid` where an image folder has only that; `notes` says so.
    pub test: SharedDataset,
    /// Class names; a label is an index into them.
    pub classes: Vec<String>,
    /// 1 (grey) or 3 (RGB).
    pub channels: usize,
    /// `[height, width]` of all pictures, where they have one size.
    pub native_size: Option<[usize; 2]>,
    /// Mean and standard deviation of the channels of the training pictures, for values in `[0, 1]`, where they are known.
    pub statistics: Option<(Vec<f32>, Vec<f32>)>,
    /// What the user should know about how the data was read, one sentence each.
    pub notes: Vec<String>,
}

impl std::fmt::Debug for Splits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splits")
            .field("name", &self.name)
            .field("lengths", &[self.train.len(), self.valid.len(), self.test.len()])
            .field("classes", &self.classes)
            .field("channels", &self.channels)
            .field("native_size", &self.native_size)
            .field("statistics", &self.statistics)
            .field("notes", &self.notes)
            .finish()
    }
}

const NAMES: &[&str] = &["digits", "shapes", "folder", "shards", "mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100"];

/// All data sets.
pub fn names() -> &'static [&'static str] {
    NAMES
}

/// Opens a data set. Nothing is downloaded: that is [`fetch`](crate::fetch).
///
/// - `digits`: 1,797 handwritten digits, 1x8x8, built in; 1,259 / 269 / 269 pictures.
/// - `shapes`: ten classes of drawn shapes in colour, any size, any number.
/// - `folder`: `PATH/train/CLASS/*.jpg` with `val` and `test` next to `train`, or `PATH/CLASS/*.jpg`. Extensions: jpg, jpeg,
///   png, webp, bmp. A missing `val` is cut from `train`, and so is `test` where both are missing; where only `test` is
///   missing, it is `val` again. Pictures are decoded when asked for, always as RGB.
///
/// - `shards`: tar files in WebDataset's layout, `PATH/train/000000.tar` and so on, or `PATH/*.tar` whose names say `train`, `val`
///   or `test`; in each `KEY.jpg` next to `KEY.cls` or `KEY.json`. An epoch goes through them in order, shard by shard in an
///   order of its own, and mixes the pictures in a buffer.
/// - `mnist`, `fashion-mnist`, `kmnist` (1x28x28), `cifar10`, `cifar100` (3x32x32): in the files in which they are published,
///   compressed or not, in the folder `path`, or in the cache. Their test split is the published one; the validation split is
///   cut from the training pictures.
///
/// # Errors
/// - [`DataError::UnknownDataset`] where no data set has this name.
/// - [`DataError::InvalidOption`] where an option is out of range.
/// - For the published ones [`DataError::NotHere`] and [`DataError::Format`].
/// - For `folder` also [`DataError::PathRequired`], [`NotAFolder`](DataError::NotAFolder),
///   [`NoTrainFolder`](DataError::NoTrainFolder), [`AmbiguousSplit`](DataError::AmbiguousSplit),
///   [`NoClasses`](DataError::NoClasses), [`NoImages`](DataError::NoImages), [`TooFewImages`](DataError::TooFewImages),
///   [`ExtraClass`](DataError::ExtraClass), [`ClassName`](DataError::ClassName), [`Io`](DataError::Io).
pub fn open(name: &str, options: &DataOptions) -> Result<Splits, DataError> {
    let splits = match name {
        "digits" => digits::open()?,
        "shapes" => shapes::open(options)?,
        "folder" => return limited(folder::open(options)?, options),
        "shards" => return limited(shards::open(options)?, options),
        name if published::is_published(name) => return limited(published::open(name, options)?, options),
        _ => return Err(unknown(name)),
    };
    let mut splits = limited(splits, options)?;
    if let Some(path) = &options.path {
        splits.notes.push(format!("`{name}` reads no files; the path {} is not used", path.display()));
    }
    Ok(splits)
}

pub(crate) fn unknown(name: &str) -> DataError {
    DataError::UnknownDataset { name: name.to_owned(), nearest: nearest(name) }
}

fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let scored = NAMES.iter().map(|&known| (known, strsim::jaro_winkler(&name, known)));
    scored.filter(|&(_, score)| score > 0.7).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(known, _)| known)
}

/// The data sets come in an order whose beginning holds all classes, so that a limit is a prefix.
fn limited(mut splits: Splits, options: &DataOptions) -> Result<Splits, DataError> {
    let Some(limit) = options.limit else { return Ok(splits) };
    if limit == 0 {
        return Err(invalid("limit", 0, "at least 1"));
    }
    for split in [&mut splits.train, &mut splits.valid, &mut splits.test] {
        if split.len() > limit {
            *split = Arc::new(Subset::prefix(Arc::clone(split), limit));
        }
    }
    Ok(splits)
}

pub(crate) fn invalid(option: &'static str, value: impl ToString, expected: &'static str) -> DataError {
    DataError::InvalidOption { option, value: value.to_string(), expected }
}

pub(crate) fn check_size(option: &'static str, [height, width]: [usize; 2]) -> Result<(), DataError> {
    if [height, width].iter().all(|side| (1..=MAX_SIDE).contains(side)) {
        return Ok(());
    }
    Err(invalid(option, format!("{height}x{width}"), "from 1 to 16384 pixels a side"))
}
