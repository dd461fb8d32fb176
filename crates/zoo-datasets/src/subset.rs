//! The beginning of a data set.

use burn_dataset::Dataset;

use crate::error::DataError;
use crate::sample::{Sample, SharedDataset};

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

/// Labels in turn: the first of each class, then the second of each, and so on. Gives positions in `labels`.
pub(crate) fn interleave(labels: &[usize]) -> Vec<usize> {
    let mut seen = vec![0usize; labels.iter().max().map_or(0, |&label| label + 1)];
    let mut keys: Vec<(usize, usize, usize)> = Vec::with_capacity(labels.len());
    for (position, &label) in labels.iter().enumerate() {
        keys.push((seen[label], label, position));
        seen[label] += 1;
    }
    keys.sort_unstable();
    keys.into_iter().map(|(_, _, position)| position).collect()
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
