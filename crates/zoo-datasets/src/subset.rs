//! The beginning of a data set.

use burn_dataset::Dataset;

use crate::error::DataError;
use crate::rng::SplitMix64;
use crate::sample::{EncodedSample, PictureSet, Sample, SharedDataset};

/// The first pictures of another data set.
pub(crate) struct Subset {
    whole: SharedDataset,
    len: usize,
}

impl Subset {
    pub(crate) fn prefix(whole: SharedDataset, len: usize) -> Self {
        let len = len.min(whole.len());
        Self { whole, len }
    }
}

impl Dataset<Sample, DataError> for Subset {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        if index >= self.len {
            return Err(DataError::OutOfRange { index, len: self.len });
        }
        self.whole.get(index)
    }

    fn len(&self) -> usize {
        self.len
    }
}

impl PictureSet for Subset {
    fn encoded(&self, index: usize) -> Result<Option<EncodedSample>, DataError> {
        if index >= self.len {
            return Err(DataError::OutOfRange { index, len: self.len });
        }
        self.whole.encoded(index)
    }
}

/// Labels in turn: the first of each class, then the second of each, and so on. Gives positions in `labels`.
pub(crate) fn interleave(labels: &[u32]) -> Vec<usize> {
    let mut seen = vec![0u32; labels.iter().max().map_or(0, |&label| label as usize + 1)];
    let mut keys: Vec<(u32, u32, usize)> = Vec::with_capacity(labels.len());
    for (position, &label) in labels.iter().enumerate() {
        let seen = &mut seen[label as usize];
        keys.push((*seen, label, position));
        *seen += 1;
    }
    keys.sort_unstable();
    keys.into_iter().map(|(_, _, position)| position).collect()
}

/// Shuffled by a seed, then through the classes in turn: an order whose beginning holds all of them.
pub(crate) fn mixed(mut pictures: Vec<u32>, label: impl Fn(u32) -> u32, seed: u64) -> Vec<u32> {
    SplitMix64::keyed(&[seed]).shuffle(&mut pictures);
    let labels: Vec<u32> = pictures.iter().map(|&picture| label(picture)).collect();
    interleave(&labels).into_iter().map(|position| pictures[position]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaves_and_keeps_the_order_within_a_class() {
        assert_eq!(interleave(&[0, 0, 0, 2, 2, 1]), [0, 5, 3, 1, 4, 2]);
        assert_eq!(interleave(&[]), [0usize; 0]);
    }
}
