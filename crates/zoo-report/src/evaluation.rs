//! What a model answered on a split: `evaluation.json`.

use serde::{Deserialize, Serialize};

/// What a model answered on a split.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// `test`, `valid` or `train`.
    pub split: String,
    /// Number of pictures.
    pub pictures: usize,
    /// Fraction in `[0, 1]`.
    pub top1: f64,
    /// Fraction in `[0, 1]`.
    pub top5: f64,
    /// Mean cross-entropy.
    pub loss: f64,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// `confusion[label][prediction]`: number of pictures.
    pub confusion: Vec<Vec<usize>>,
    /// The wrong answers with the largest loss, the worst first.
    pub mistakes: Vec<Mistake>,
}

/// A wrong answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// The picture, relative to the run folder.
    pub picture: String,
    /// Where the picture came from: a file, or its number in the data set.
    pub source: String,
    /// Its class.
    pub label: usize,
    /// The class that the model took it for.
    pub predicted: usize,
    /// The model's probability of `predicted`.
    pub probability: f64,
    /// The model's probability of `label`.
    pub label_probability: f64,
}

/// How well a class is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScore {
    /// Pictures of the class.
    pub support: usize,
    /// Pictures that the model took for it.
    pub predicted: usize,
    /// Share of the pictures taken for it that are of it; 0 where there are none, as in scikit-learn.
    pub precision: f64,
    /// Share of its pictures that were found; 0 where there are none.
    pub recall: f64,
    /// Harmonic mean of the two; 0 where both are.
    pub f1: f64,
}

/// Precision, recall and F1 of each class, from `confusion[label][prediction]`.
pub fn per_class(confusion: &[Vec<usize>]) -> Vec<ClassScore> {
    let ratio = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let score = |(class, row): (usize, &Vec<usize>)| {
        let at = |row: &Vec<usize>| row.get(class).copied().unwrap_or(0);
        let (hits, support, predicted) = (at(row), row.iter().sum(), confusion.iter().map(at).sum());
        ClassScore {
            support,
            predicted,
            precision: ratio(hits, predicted),
            recall: ratio(hits, support),
            f1: ratio(2 * hits, support + predicted),
        }
    };
    confusion.iter().enumerate().map(score).collect()
}

impl Evaluation {
    /// The name of a class.
    pub(crate) fn class(&self, index: usize) -> &str {
        self.classes.get(index).map_or("?", String::as_str)
    }

    /// Unweighted means of precision, recall and F1 over the classes that have pictures.
    pub(crate) fn macro_means(&self) -> [f64; 3] {
        let scores: Vec<ClassScore> = per_class(&self.confusion).into_iter().filter(|score| score.support > 0).collect();
        let mean = |of: fn(&ClassScore) -> f64| scores.iter().map(of).sum::<f64>() / scores.len().max(1) as f64;
        [mean(|s| s.precision), mean(|s| s.recall), mean(|s| s.f1)]
    }

    /// The most frequent confusions: label, prediction, number; the most frequent first, of equals in order.
    pub(crate) fn confusions(&self, most: usize) -> Vec<(usize, usize, usize)> {
        let cells = self.confusion.iter().enumerate().flat_map(|(label, row)| row.iter().enumerate().map(move |(to, n)| (label, to, *n)));
        let mut wrong: Vec<_> = cells.filter(|(label, to, number)| label != to && *number > 0).collect();
        wrong.sort_by_key(|(_, _, number)| std::cmp::Reverse(*number));
        wrong.truncate(most);
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_scikit_learns() {
        // sklearn.metrics.precision_recall_fscore_support(y_true, y_pred, zero_division=0), labels 0..3
        let confusion = vec![vec![3, 1, 0, 0], vec![0, 2, 2, 0], vec![1, 0, 4, 0], vec![0, 0, 0, 0]];
        let scores = per_class(&confusion);
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        for (score, [precision, recall, f1]) in scores.iter().zip([
            [0.75, 0.75, 0.75],
            [2.0 / 3.0, 0.5, 0.571_428_571_428_571_4],
            [2.0 / 3.0, 0.8, 0.727_272_727_272_727_3],
            [0.0, 0.0, 0.0],
        ]) {
            close(score.precision, precision);
            close(score.recall, recall);
            close(score.f1, f1);
        }
        let evaluation = Evaluation { confusion, ..Evaluation::default() };
        close(evaluation.macro_means()[1], (0.75 + 0.5 + 0.8) / 3.0);
        assert_eq!(evaluation.confusions(2), [(1, 2, 2), (0, 1, 1)]);
    }
}
