//! 1,797 handwritten digits of 8x8 pixels, built in.
//!
//! The test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998, UCI Machine Learning Repository,
//! <https://doi.org/10.24432/C50P49>), CC BY 4.0. The writers of this part are unknown to the split below: pictures of one
//! writer can be in two splits.

use std::sync::Arc;

use burn_dataset::Dataset;
use flate2::read::GzDecoder;

use crate::error::DataError;
use crate::open::Splits;
use crate::rng::SplitMix64;
use crate::sample::{Image, PictureSet, Sample, SharedDataset};
use crate::subset::interleave;

const TABLE: &[u8] = include_bytes!("../data/digits.csv.gz");
const SIDE: usize = 8;
const CLASSES: usize = 10;

/// Fixed, so that results can be compared between runs and users.
const SPLIT_SEED: u64 = 1998;

struct Digits(Vec<Sample>);

impl Dataset<Sample, DataError> for Digits {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.0.get(index).cloned().ok_or(DataError::OutOfRange { index, len: self.0.len() })
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl PictureSet for Digits {}

/// Of each digit's pictures, shuffled once and for all, the first 15 % (rounded) are the test split, the next 15 % the
/// validation split, the rest the training split. Each split goes through the digits in turn.
pub(crate) fn open() -> Result<Splits, DataError> {
    let mut parts: [Vec<Sample>; 3] = Default::default();
    let all = read()?;
    for digit in 0..CLASSES {
        let mut own: Vec<&Sample> = all.iter().filter(|sample| sample.label == digit).collect();
        SplitMix64::keyed(&[SPLIT_SEED, digit as u64]).shuffle(&mut own);
        let share = (own.len() * 15 + 50) / 100;
        for (position, sample) in own.into_iter().enumerate() {
            let part = if position < share { 2 } else { usize::from(position < 2 * share) };
            parts[part].push(sample.clone());
        }
    }
    let [train, valid, test] = parts.map(in_turn);
    Ok(Splits {
        name: "digits".to_owned(),
        train,
        valid,
        test,
        classes: (0..CLASSES).map(|digit| digit.to_string()).collect(),
        channels: 1,
        native_size: Some([SIDE, SIDE]),
        statistics: None,
        notes: Vec::new(),
    })
}

fn in_turn(samples: Vec<Sample>) -> SharedDataset {
    let labels: Vec<u32> = samples.iter().map(|sample| sample.label as u32).collect();
    let order = interleave(&labels);
    Arc::new(Digits(order.into_iter().map(|position| samples[position].clone()).collect()))
}

fn read() -> Result<Vec<Sample>, DataError> {
    let mut table = csv::ReaderBuilder::new().has_headers(false).from_reader(GzDecoder::new(TABLE));
    let mut samples = Vec::new();
    for (line, row) in table.deserialize::<Vec<u8>>().enumerate() {
        let damaged = || DataError::Digits { line: line + 1 };
        let mut values = row.map_err(|_| damaged())?;
        let label = values.pop().map(usize::from).filter(|&label| label < CLASSES).ok_or_else(damaged)?;
        if values.iter().any(|&value| value > 16) {
            return Err(damaged());
        }
        // round(value * 255 / 16)
        let pixels = values.iter().map(|&value| ((u32::from(value) * 255 + 8) / 16) as u8).collect();
        samples.push(Sample::new(Image::new(SIDE, SIDE, 1, pixels)?, label));
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_line_is_the_first_sample() {
        let all = read().unwrap();
        assert_eq!(all.len(), 1797);
        assert_eq!(all[0].label, 0);
        // 0,0,5,13,9,1,0,0 times 255 / 16
        assert_eq!(all[0].image.pixels()[..8], [0, 0, 80, 207, 143, 16, 0, 0]);
        assert_eq!(all.iter().flat_map(|sample| sample.image.pixels()).max(), Some(&255));
    }
}
