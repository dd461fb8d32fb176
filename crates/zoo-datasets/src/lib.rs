//! Pictures with labels, from files to batches.
//!
//! - [`open`] gives the [`Splits`] of a data set by name: `digits` (built in), `shapes` (generated), `folder` (your files),
//!   `shards` (your files in tar files), and the
//!   published ones, `mnist` to `cifar100`, which [`fetch`] downloads.
//! - [`decode`] and [`read_image`] turn JPEG, PNG, WebP and BMP into 8-bit [`Image`]s, with limits against hostile files.
//! - [`Transform`] is the evaluation preprocessing; its resize equals Pillow's to the last bit, its crop torchvision's.
//! - [`AugmentConfig`] is the random part of training: crops, flips, erasing, mixing, as timm and torchvision have them.
//! - [`TestTime`] makes several views of a picture for evaluation.
//! - [`Loader`] decodes, transforms and batches on worker threads; the stream of batches does not depend on their number.
//!
//! The built-in digits are the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998,
//! UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>), licensed CC BY 4.0.
//!
//! No model is known here, and nothing is drawn at random but from the seeds that the caller gives.

mod augment;
mod batch;
mod decode;
mod digits;
mod erase;
mod error;
mod folder;
mod geometry;
mod jitter;
mod jpeg;
mod loader;
mod mixup;
mod open;
mod ops;
mod planar;
mod policy;
mod published;
mod random_crop;
mod resize;
mod rng;
mod sample;
mod scale;
mod shapes;
mod shards;
mod subset;
mod transform;
mod views;

pub use augment::AugmentConfig;
pub use batch::{Batch, Mix, SkippedPicture};
pub use decode::{MAX_PIXELS, decode, read_image};
pub use erase::{EraseMode, RandomErasing};
pub use error::{DataError, DecodeError, EncodedError, TransformError};
pub use loader::{Damaged, Epoch, Loader, LoaderOptions, REPEATED_ROUND};
pub use mixup::{Mixup, MixupMode};
pub use open::{DataOptions, Splits, names, open};
pub use ops::{Canvas, Operation};
pub use policy::{AutoAugment, PolicyError, PolicyOptions};
pub use published::{fetch, is_published};
pub use random_crop::RandomResizedCrop;
pub use resize::{Filter, resize};
pub use sample::{EncodedSample, Image, ImageShapeError, PictureSet, Sample, SharedDataset};
pub use transform::{MAX_SIDE, Preprocess, Resize, Transform};
pub use views::{TestTime, Views};
