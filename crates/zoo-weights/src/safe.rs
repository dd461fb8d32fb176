//! `.safetensors`, both ways.

use std::collections::HashMap;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use zoo_core::Classifier;
use zoo_core::params::{NamedTensor, read_params};

use crate::file::Entry;
use crate::{WeightsError, WeightsMeta, write_atomically};

const META_KEY: &str = "burn-zoo";

pub(crate) fn read(path: &Path) -> Result<(Vec<Entry>, WeightsMeta), WeightsError> {
    let corrupt = |reason: String| WeightsError::Corrupt { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|source| WeightsError::Io { action: "read", path: path.to_owned(), source })?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| corrupt(e.to_string()))?;
    let parsed = SafeTensors::deserialize(&bytes).map_err(|e| corrupt(e.to_string()))?;
    let meta = match header.metadata().as_ref().and_then(|m| m.get(META_KEY)) {
        Some(text) => serde_json::from_str(text).map_err(|e| corrupt(format!("its description: {e}")))?,
        None => WeightsMeta::default(),
    };
    let tensors = parsed.iter().map(|(name, view)| Entry { name: name.to_owned(), shape: view.shape().to_vec(), values: floats(&view) });
    Ok((tensors.collect(), meta))
}

/// The values as f32; none for integers.
fn floats(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = view.data();
    Some(match view.dtype() {
        Dtype::F32 => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        Dtype::F64 => bytes.chunks_exact(8).map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32).collect(),
        Dtype::F16 => bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        Dtype::BF16 => bytes.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        _ => return None,
    })
}

/// Saves a model's parameters and buffers as f32 under PyTorch's keys, whole or not at all.
///
/// # Errors
/// [`WeightsError::Device`], [`WeightsError::Io`].
pub fn save<M: Classifier>(model: &M, path: &Path, meta: &WeightsMeta) -> Result<(), WeightsError> {
    write(path, &read_params(model).map_err(WeightsError::Device)?, &model.index_buffers(), meta)
}

/// Writes named tensors as a `.safetensors` file, whole or not at all.
///
/// # Errors
/// [`WeightsError::Io`].
pub fn write_tensors(path: &Path, tensors: &[NamedTensor], meta: &WeightsMeta) -> Result<(), WeightsError> {
    write(path, tensors, &[], meta)
}

fn write(
    path: &Path,
    tensors: &[NamedTensor],
    integers: &[(String, Vec<usize>, Vec<i64>)],
    meta: &WeightsMeta,
) -> Result<(), WeightsError> {
    let io = |source| WeightsError::Io { action: "write", path: path.to_owned(), source };
    let other = |e: &dyn std::fmt::Display| io(std::io::Error::other(e.to_string()));
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|t| t.values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        views.push((tensor.name.as_str(), TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map_err(|e| other(&e))?));
    }
    let integer_bytes: Vec<Vec<u8>> = integers.iter().map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    for ((name, shape, _), bytes) in integers.iter().zip(&integer_bytes) {
        views.push((name.as_str(), TensorView::new(Dtype::I64, shape.clone(), bytes).map_err(|e| other(&e))?));
    }
    let description = serde_json::to_string(meta).map_err(|e| other(&e))?;
    // One entry alone: the order of several is a hash map's, and equal weights are to be equal files.
    let metadata = HashMap::from([(META_KEY.to_owned(), description)]);
    let whole = safetensors::serialize(views, Some(metadata)).map_err(|e| other(&e))?;
    write_atomically(path, &whole).map_err(io)
}
