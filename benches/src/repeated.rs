//! A data set of some files, as many pictures as are wanted, decoded and augmented anew each time.

use std::path::Path;
use std::sync::Arc;

use burn_dataset::Dataset;
use zoo_datasets::{DataError, EncodedSample, Loader, LoaderOptions, PictureSet, RandomResizedCrop, Resize, Sample, Transform};

/// The same files over and over.
struct Repeated {
    files: Vec<Arc<Path>>,
    len: usize,
}

impl Dataset<Sample, DataError> for Repeated {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let file = &self.files[index % self.files.len()];
        Ok(Sample { file: Some(Arc::clone(file)), ..Sample::new(zoo_datasets::read_image(file)?.to_rgb(), index % 1000) })
    }

    fn len(&self) -> usize {
        self.len
    }
}

impl PictureSet for Repeated {
    fn encoded(&self, index: usize) -> Result<Option<EncodedSample>, DataError> {
        let file = Arc::clone(&self.files[index % self.files.len()]);
        let bytes = std::fs::read(&file).map_err(|source| DataError::Io { path: file.to_path_buf(), source })?;
        Ok(Some(EncodedSample { bytes, label: index % 1000, file }))
    }
}

/// Batches of `len` pictures of `files`, as ImageNet's training takes them: random resized crop to 224, flip, normalised.
///
/// # Errors
/// As [`Loader::new`].
pub fn repeated(files: &[String], len: usize, options: LoaderOptions) -> Result<Loader, DataError> {
    let files = files.iter().map(|file| Arc::from(Path::new(file))).collect();
    let transform = Transform { crop: Some([224, 224]), resize: Resize::None, ..Transform::imagenet() };
    Loader::new(Arc::new(Repeated { files, len }), Arc::new(RandomResizedCrop::new(transform)), options)
}
