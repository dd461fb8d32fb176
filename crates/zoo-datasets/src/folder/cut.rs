//! Splits that have no folder of their own.

use std::path::Path;

use crate::error::DataError;
use crate::rng::SplitMix64;

const NAMES: [&str; 2] = ["validation", "test"];

/// Training, validation and test pictures from the labels of a list, as positions in it. A ratio of `None` cuts nothing
/// for that split. `root` is where they came from, for the error.
///
/// Each class gives its share, rounded so that the shares of all classes together are right; a class keeps at least one
/// training picture, and a split that is to be cut gets at least one. All three keep the order of the list.
pub(crate) fn cut(root: &Path, labels: &[u32], ratios: [Option<f64>; 2], seed: u64) -> Result<[Vec<u32>; 3], DataError> {
    let classes = labels.iter().map(|&label| label as usize + 1).max().unwrap_or(0);
    // Per class, its pictures in random order: the first go to validation, the next to test.
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for (position, &label) in (0u32..).zip(labels) {
        members[label as usize].push(position);
    }
    for (label, own) in members.iter_mut().enumerate() {
        SplitMix64::keyed(&[seed, label as u64]).shuffle(own);
    }
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let mut spare: Vec<usize> = sizes.iter().map(|size| size.saturating_sub(1)).collect();
    let mut part = vec![0u8; labels.len()];
    for (split, ratio) in (0u8..).zip(ratios) {
        let Some(ratio) = ratio else { continue };
        let quotas = quotas(&sizes, &spare, ratio);
        if quotas.iter().sum::<usize>() == 0 {
            return Err(DataError::TooFewImages { path: root.to_owned(), images: labels.len(), split: NAMES[usize::from(split)] });
        }
        for (label, quota) in quotas.into_iter().enumerate() {
            spare[label] -= quota;
            members[label].drain(..quota).for_each(|position| part[position as usize] = split + 1);
        }
    }
    let mut parts: [Vec<u32>; 3] = Default::default();
    for (position, part) in (0u32..).zip(part) {
        parts[usize::from(part)].push(position);
    }
    Ok(parts)
}

fn quotas(sizes: &[usize], spare: &[usize], ratio: f64) -> Vec<usize> {
    let (mut pictures, mut before) = (0usize, 0usize);
    let share = |(&size, &spare): (&usize, &usize)| {
        pictures += size;
        let upto = (pictures as f64 * ratio).round() as usize;
        let quota = (upto - before).min(spare);
        before = upto;
        quota
    };
    let mut quotas: Vec<usize> = sizes.iter().zip(spare).map(share).collect();
    if quotas.iter().all(|&quota| quota == 0)
        && let Some(largest) = (0..sizes.len()).rev().max_by_key(|&label| spare[label])
    {
        quotas[largest] = spare[largest].min(1);
    }
    quotas
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels(sizes: &[usize]) -> Vec<u32> {
        (0u32..).zip(sizes).flat_map(|(label, &size)| std::iter::repeat_n(label, size)).collect()
    }

    fn counts(part: &[u32], labels: &[u32], classes: u32) -> Vec<usize> {
        (0..classes).map(|label| part.iter().filter(|&&position| labels[position as usize] == label).count()).collect()
    }

    #[test]
    fn gives_each_class_its_share_once() {
        let all = labels(&[100, 10, 50, 1]);
        let parts = cut(Path::new("x"), &all, [Some(0.1), Some(0.2)], 7).unwrap();
        let found: Vec<_> = parts.iter().map(|part| counts(part, &all, 4)).collect();
        assert_eq!(found, [vec![70, 7, 35, 1], vec![10, 1, 5, 0], vec![20, 2, 10, 0]]);
        assert!(parts.iter().all(|part| part.is_sorted()));
        let mut together = parts.concat();
        together.sort_unstable();
        assert_eq!(together, (0..161).collect::<Vec<u32>>());
        assert_eq!(cut(Path::new("x"), &all, [Some(0.1), Some(0.2)], 7).unwrap(), parts);
        assert_ne!(cut(Path::new("x"), &all, [Some(0.1), Some(0.2)], 8).unwrap(), parts);
    }

    #[test]
    fn small_classes_give_in_turn_and_tiny_sets_give_one() {
        let parts = cut(Path::new("x"), &labels(&[3; 20]), [Some(0.1), None], 0).unwrap();
        assert_eq!((parts[0].len(), parts[1].len(), parts[2].len()), (54, 6, 0));
        let few = labels(&[1, 3]);
        let parts = cut(Path::new("x"), &few, [Some(0.1), Some(0.1)], 0).unwrap();
        assert_eq!(parts.map(|part| counts(&part, &few, 2)), [vec![1, 1], vec![0, 1], vec![0, 1]]);
        let error = cut(Path::new("x"), &labels(&[1, 2]), [Some(0.1), Some(0.1)], 0).unwrap_err();
        assert_eq!(error.to_string(), "x has only 3 pictures, too few to cut a `test` split from them");
    }
}
