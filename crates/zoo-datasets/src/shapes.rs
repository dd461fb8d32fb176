//! Drawn shapes in colour: a data set of any size that needs no file.

mod draw;

use std::sync::Arc;

use burn_dataset::Dataset;

use crate::error::DataError;
use crate::open::{DataOptions, Splits, check_size, invalid};
use crate::rng::SplitMix64;
use crate::sample::{PictureSet, Sample, SharedDataset};

/// One of the three splits. A picture is drawn when it is asked for; it depends on the seed, the split, the index and
/// the size only, and is the same on every machine.
struct Shapes {
    len: usize,
    size: [usize; 2],
    key: [u64; 2],
}

impl Dataset<Sample, DataError> for Shapes {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        if index >= self.len {
            return Err(DataError::OutOfRange { index, len: self.len });
        }
        let [seed, split] = self.key;
        let label = index % draw::CLASSES.len();
        let mut rng = SplitMix64::keyed(&[seed, split, index as u64]);
        Ok(Sample::new(draw::draw(label, self.size, &mut rng)?, label))
    }

    fn len(&self) -> usize {
        self.len
    }
}

impl PictureSet for Shapes {}

pub(crate) fn open(options: &DataOptions) -> Result<Splits, DataError> {
    check_size("image_size", options.image_size)?;
    let lengths = [("train_length", options.train_length), ("valid_length", options.valid_length), ("test_length", options.test_length)];
    if let Some((option, length)) = lengths.into_iter().find(|&(_, length)| length == 0) {
        return Err(invalid(option, length, "at least 1"));
    }
    let split = |number: u64, len| -> SharedDataset { Arc::new(Shapes { len, size: options.image_size, key: [options.seed, number] }) };
    Ok(Splits {
        name: "shapes".to_owned(),
        train: split(0, options.train_length),
        valid: split(1, options.valid_length),
        test: split(2, options.test_length),
        classes: draw::CLASSES.map(str::to_owned).to_vec(),
        channels: 3,
        native_size: Some(options.image_size),
        statistics: None,
        notes: Vec::new(),
    })
}
