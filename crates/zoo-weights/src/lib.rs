//! Weights in and out, under PyTorch's keys and in its shapes.
//!
//! [`WeightsFile::read`] takes `.safetensors`, and what `torch.save` writes (zip, legacy, tar) without running any of
//! it. [`load()`] is all or nothing: where a key is missing, unexpected or of another shape, all of them are named and the
//! model stays as it was. [`save`] writes `.safetensors` that PyTorch's `load_state_dict(strict=True)` takes.

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
pub use safe::{save, write_tensors};
