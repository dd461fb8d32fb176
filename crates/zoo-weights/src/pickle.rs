//! What `torch.save` writes, through Burn's reader, which interprets a fixed set of types and runs nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::WeightsError;
use crate::file::Entry;
use burn_store::pytorch_reader::{DType, PytorchReader, Tensor};
use half::{bf16, f16};

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
        let values = catch_unwind(AssertUnwindSafe(|| floats(&tensor)))
            .unwrap_or_else(|_| Err("unreadable".into()))
            .map_err(|e| corrupt(format!("`{name}`: {e}")))?;
        tensors.push(Entry { name, shape: tensor.shape().to_vec(), values });
    }
    Ok(tensors)
}

/// The values as f32; none for integers.
fn floats(tensor: &Tensor) -> Result<Option<Vec<f32>>, String> {
    let width = tensor.dtype().size();
    let convert: fn(&[u8]) -> f32 = match tensor.dtype() {
        DType::F32 => |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        DType::F64 => |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32,
        DType::F16 => |b| f16::from_le_bytes([b[0], b[1]]).to_f32(),
        DType::BF16 => |b| bf16::from_le_bytes([b[0], b[1]]).to_f32(),
        _ => return Ok(None),
    };
    let bytes = tensor.read().map_err(|e| e.to_string())?;
    Ok(Some(bytes.chunks_exact(width).map(convert).collect()))
}
