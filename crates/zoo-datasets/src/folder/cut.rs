//! Splits that have no folder of their own.

use std::path::Path;

use crate::error::DataError;
use crate::rng::SplitMix64;

use super::Entry;

const NAMES: [&str; 2] = ["validation", "test"];

/// Training, validation and test pictures from a list in class order. A ratio of `None` cuts nothing for that split.
///
/// Each class gives its share, rounded so that the shares of all classes together are right; a class keeps at least one
/// training picture, and a split that is to be cut gets at least one. All three keep the order of the list.
pub(super) fn cut(root: &Path, entries: Vec<Entry>, ratios: [Option<f64>; 2], seed: u64) -> Result<[Vec<Entry>; 3], DataError> {
    let classes = entries.iter().map(|entry| entry.label + 1).max().unwrap_or(0);
    // Per class, its pictures in random order: the first go to validation, the next to test.
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (position, entry) in entries.iter().enumerate() {
        members[entry.label].push(position);
    }
    for (label, own) in members.iter_mut().enumerate() {
        SplitMix64::keyed(&[seed, label as u64]).shuffle(own);
    }
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let mut spare: Vec<usize> = sizes.iter().map(|size| size.saturating_sub(1)).collect();
    let mut part = vec![0usize; entries.len()];
    for (split, ratio) in ratios.into_iter().enumerate() {
        let Some(ratio) = ratio else { continue };
        let quotas = quotas(&sizes, &spare, ratio);
        if quotas.iter().sum::<usize>() == 0 {
            return Err(DataError::TooFewImages { path: root.to_owned(), images: entries.len(), split: NAMES[split] });
        }
        for (label, quota) in quotas.into_iter().enumerate() {
            spare[label] -= quota;
            members[label].drain(..quota).for_each(|position| part[position] = split + 1);
        }
    }
    let mut parts: [Vec<Entry>; 3] = Default::default();
    for (entry, part) in entries.into_iter().zip(part) {
        parts[part].push(entry);
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
    use std::sync::Arc;

    fn entries(sizes: &[usize]) -> Vec<Entry> {
        let name = |label: usize, n| Entry { label, file: Arc::from(Path::new(&format!("{label}/{n}"))) };
        sizes.iter().enumerate().flat_map(|(label, &size)| (0..size).map(move |n| name(label, n))).collect()
    }

    fn counts(part: &[Entry], classes: usize) -> Vec<usize> {
        (0..classes).map(|label| part.iter().filter(|entry| entry.label == label).count()).collect()
    }

    #[test]
    fn gives_each_class_its_share_once() {
        let all = entries(&[100, 10, 50, 1]);
        let parts = cut(Path::new("x"), all.clone(), [Some(0.1), Some(0.2)], 7).unwrap();
        let found: Vec<_> = parts.iter().map(|part| counts(part, 4)).collect();
        assert_eq!(found, [vec![70, 7, 35, 1], vec![10, 1, 5, 0], vec![20, 2, 10, 0]]);
        let mut together = parts.concat();
        together.sort_by_key(|entry| all.iter().position(|other| other == entry));
        assert_eq!(together, all);
        assert_eq!(cut(Path::new("x"), all.clone(), [Some(0.1), Some(0.2)], 7).unwrap(), parts);
        assert_ne!(cut(Path::new("x"), all, [Some(0.1), Some(0.2)], 8).unwrap(), parts);
    }

    #[test]
    fn small_classes_give_in_turn_and_tiny_sets_give_one() {
        let parts = cut(Path::new("x"), entries(&[3; 20]), [Some(0.1), None], 0).unwrap();
        assert_eq!((parts[0].len(), parts[1].len(), parts[2].len()), (54, 6, 0));
        let parts = cut(Path::new("x"), entries(&[1, 3]), [Some(0.1), Some(0.1)], 0).unwrap();
        assert_eq!(parts.map(|part| counts(&part, 2)), [vec![1, 1], vec![0, 1], vec![0, 1]]);
        let error = cut(Path::new("x"), entries(&[1, 2]), [Some(0.1), Some(0.1)], 0).unwrap_err();
        assert_eq!(error.to_string(), "x has only 3 pictures, too few to cut a `test` split from them");
    }
}
