//! What `torch.save` writes, through Burn's reader, which interprets a fixed set of types and runs nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::WeightsError;
use crate::convert;
use crate::file::{Entry, Values};
use burn_store::pytorch_reader::{DType, PytorchReader, Tensor};

pub(crate) fn read(path: &Path) -> Result<Vec<Entry>, WeightsError> {
    let corrupt = |reason: String| WeightsError::Corrupt { path: path.to_owned(), reason };
    // The reader is robust, but it reads what anyone may have written: a panic in it is a damaged file, not our end.
    let opened = catch_unwind(AssertUnwindSafe(|| PytorchReader::new(path)));
    let reader = match opened {
        Ok(Ok(reader)) => reader,
        Ok(Err(error)) => {
            let text = error.to_string();
            if text.contains("not a PyTorch checkpoint") || text.contains("not a valid") {
                return Err(WeightsError::UnknownFormat { path: path.to_owned() });
            }
            return Err(corrupt(text));
        }
        Err(_) => return Err(corrupt("its structure makes no sense".to_owned())),
    };
    let size = std::fs::metadata(path).map_err(|source| WeightsError::Io { action: "read", path: path.to_owned(), source })?.len();
    let mut tensors = vec![];
    for (name, tensor) in reader.into_tensors() {
        // A view can be larger than its storage only by repeating it; a file of weights has no cause to.
        if tensor.byte_len() as u64 > size {
            return Err(corrupt(format!("`{name}` claims more bytes than the file has")));
        }
        let shape = tensor.shape().to_vec();
        let values = is_float(tensor.dtype()).then(|| Values::Pickle(Box::new(Place(tensor))));
        tensors.push(Entry { name, shape, values });
    }
    Ok(tensors)
}

/// A tensor of a file, not read yet.
#[derive(Debug)]
pub(crate) struct Place(Tensor);

impl Place {
    /// The values as f32.
    pub(crate) fn read(&self) -> Result<Vec<f32>, String> {
        // As above.
        catch_unwind(AssertUnwindSafe(|| floats(&self.0))).unwrap_or_else(|_| Err("it cannot be read".to_owned()))
    }
}

fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64 | DType::F16 | DType::BF16)
}

fn floats(tensor: &Tensor) -> Result<Vec<f32>, String> {
    let bytes = tensor.read().map_err(|e| e.to_string())?;
    match tensor.dtype() {
        DType::F32 => Ok(convert::f32s(&bytes)),
        DType::F64 => Ok(convert::f64s(&bytes)),
        DType::F16 => Ok(convert::f16s(&bytes)),
        DType::BF16 => Ok(convert::bf16s(&bytes)),
        _ => Err("it holds no floating-point numbers".to_owned()),
    }
}
