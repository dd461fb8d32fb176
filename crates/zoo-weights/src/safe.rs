//! `.safetensors`, both ways.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorView};
use zoo_core::Classifier;
use zoo_core::params::{NamedTensor, read_params};

use crate::file::{Entry, Values};
use crate::{WeightsError, WeightsMeta, convert, write_atomically};

const META_KEY: &str = "burn-zoo";

/// Longest header, as the format's own library has it.
const MAX_HEADER: u64 = 100_000_000;

/// Where a tensor's values are in a file.
#[derive(Debug)]
pub(crate) struct Place {
    file: Arc<Mutex<File>>,
    /// First byte, counted from the file's beginning.
    start: u64,
    /// Number of bytes.
    length: usize,
    dtype: Dtype,
}

/// The file's tensors, none of them read, and what it says about itself.
pub(crate) fn read(path: &Path) -> Result<(Vec<Entry>, WeightsMeta), WeightsError> {
    let corrupt = |reason: String| WeightsError::Corrupt { path: path.to_owned(), reason };
    let io = |source| WeightsError::Io { action: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix).map_err(io)?;
    let header = u64::from_le_bytes(prefix);
    let data_start = header.checked_add(8).filter(|start| header <= MAX_HEADER && *start <= size);
    let data_start = data_start.ok_or_else(|| corrupt("its header is longer than the file or the format allow".to_owned()))?;
    let mut text = vec![0; header as usize];
    file.read_exact(&mut text).map_err(io)?;
    let metadata: Metadata = serde_json::from_slice(&text).map_err(|e| corrupt(format!("its header: {e}")))?;
    let meta = match metadata.metadata().as_ref().and_then(|m| m.get(META_KEY)) {
        Some(text) => serde_json::from_str(text).map_err(|e| corrupt(format!("its description: {e}")))?,
        None => WeightsMeta::default(),
    };
    let file = Arc::new(Mutex::new(file));
    let mut end = 0;
    let mut entries = vec![];
    for name in metadata.offset_keys() {
        let info = metadata.info(&name).ok_or_else(|| corrupt(format!("`{name}` is not described")))?;
        let (from, to) = info.data_offsets;
        let bits = info.shape.iter().try_fold(info.dtype.bitsize(), |bits, size| bits.checked_mul(*size));
        // One after another, without gaps, each as long as its shape says.
        if from != end || to < from || bits.is_none_or(|bits| bits != (to - from).saturating_mul(8)) {
            return Err(corrupt(format!("`{name}` is not where its shape puts it")));
        }
        end = to;
        let place = Place { file: Arc::clone(&file), start: data_start + from as u64, length: to - from, dtype: info.dtype };
        let values = matches!(info.dtype, Dtype::F32 | Dtype::F64 | Dtype::F16 | Dtype::BF16).then_some(Values::Safe(place));
        entries.push(Entry { shape: info.shape.clone(), name, values });
    }
    if data_start + end as u64 != size {
        return Err(corrupt(format!("it has {size} bytes where its header describes {}", data_start + end as u64)));
    }
    Ok((entries, meta))
}

impl Place {
    /// The values as f32.
    pub(crate) fn read(&self) -> Result<Vec<f32>, String> {
        let read = |into: &mut [u8]| {
            // A thread that panicked while it read left nothing half done.
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.start)).and_then(|_| file.read_exact(into)).map_err(|e| e.to_string())
        };
        if self.dtype == Dtype::F32 {
            // Straight to where it stays.
            let mut values = vec![0.0f32; self.length / 4];
            read(bytemuck::cast_slice_mut(&mut values))?;
            if cfg!(target_endian = "big") {
                values.iter_mut().for_each(|value| *value = f32::from_bits(value.to_bits().swap_bytes()));
            }
            return Ok(values);
        }
        let mut bytes = vec![0; self.length];
        read(&mut bytes)?;
        match self.dtype {
            Dtype::F64 => Ok(convert::f64s(&bytes)),
            Dtype::F16 => Ok(convert::f16s(&bytes)),
            Dtype::BF16 => Ok(convert::bf16s(&bytes)),
            _ => Err("it holds no floating-point numbers".to_owned()),
        }
    }
}

/// f32 as the format has them, without a copy where the machine has them so.
fn little_endian(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        Cow::Borrowed(bytemuck::cast_slice(values))
    } else {
        Cow::Owned(values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }
}

/// Saves a model's parameters and buffers as f32 under PyTorch's keys, whole or not at all.
///
/// # Errors
/// [`WeightsError::Device`], [`WeightsError::Io`].
pub fn save<M: Classifier>(model: &M, path: &Path, meta: &WeightsMeta) -> Result<(), WeightsError> {
    write(path, encode(&read_params(model).map_err(WeightsError::Device)?, &model.index_buffers(), meta))
}

/// Writes named tensors as a `.safetensors` file, whole or not at all.
///
/// # Errors
/// [`WeightsError::Io`].
pub fn write_tensors(path: &Path, tensors: &[NamedTensor], meta: &WeightsMeta) -> Result<(), WeightsError> {
    write(path, encode(tensors, &[], meta))
}

fn write(path: &Path, encoded: io::Result<Vec<u8>>) -> Result<(), WeightsError> {
    let written = encoded.and_then(|bytes| write_atomically(path, &bytes));
    written.map_err(|source| WeightsError::Io { action: "write", path: path.to_owned(), source })
}

/// The bytes of a `.safetensors` file: f32 tensors, and integer buffers as name, shape and values. Equal content gives equal bytes.
///
/// # Errors
/// An error of kind `Other` where a tensor's values do not fit its shape.
pub fn encode(tensors: &[NamedTensor], integers: &[(String, Vec<usize>, Vec<i64>)], meta: &WeightsMeta) -> io::Result<Vec<u8>> {
    let bytes: Vec<Cow<'_, [u8]>> = tensors.iter().map(|t| little_endian(&t.values)).collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        views.push((tensor.name.as_str(), TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map_err(io::Error::other)?));
    }
    let integer_bytes: Vec<Vec<u8>> = integers.iter().map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    for ((name, shape, _), bytes) in integers.iter().zip(&integer_bytes) {
        views.push((name.as_str(), TensorView::new(Dtype::I64, shape.clone(), bytes).map_err(io::Error::other)?));
    }
    let description = serde_json::to_string(meta)?;
    // One entry alone: the order of several is a hash map's, and equal weights are to be equal files.
    let metadata = HashMap::from([(META_KEY.to_owned(), description)]);
    safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)
}
