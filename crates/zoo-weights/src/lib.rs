//! Weights in and out, under PyTorch's keys and in its shapes.
//!
//! [`WeightsFile::read`] takes `.safetensors`, and what `torch.save` writes (zip, legacy, tar) without running any of
//! it. [`load()`] is all or nothing: where a key is missing, unexpected or of another shape, all of them are named and the
//! model stays as it was. [`save`] writes `.safetensors` that PyTorch's `load_state_dict(strict=True)` takes.
//!
//! A file for other classes, another number of input channels or another picture size is fitted to the model, and the report
//! says what was done:
//!
//! ```no_run
//! # use zoo_core::Classifier;
//! use std::path::Path;
//! use zoo_weights::{WeightsFile, WeightsMeta, load, save};
//!
//! fn published<C: Classifier>(model: &mut C) -> Result<(), zoo_weights::WeightsError> {
//!     let report = load(model, &WeightsFile::read(Path::new("published.pth"))?)?;
//!     // A first convolution, position embeddings; and the last layer, where the file has other classes.
//!     println!("adapted: {:?}, as they were drawn: {:?}", report.adapted, report.reinitialised);
//!     save(model, Path::new("mine.safetensors"), &WeightsMeta::default())
//! }
//! ```

mod atomic;
mod convert;
mod error;
mod file;
mod load;
mod pickle;
mod safe;

pub use atomic::write_atomically;
pub use error::{Mismatch, Misshaped, WeightsError};
pub use file::{WeightsFile, WeightsMeta};
pub use load::{LoadReport, load};
pub use safe::{encode, save, write_tensors};
