//! How well logits agree with labels: accuracy, loss, confusions.

/// Counts over a data set.
#[derive(Debug)]
pub(crate) struct Score {
    classes: usize,
    total: usize,
    first: usize,
    among_five: usize,
    loss: f64,
    /// `confusion[label][prediction]`.
    pub(crate) confusion: Vec<Vec<usize>>,
}

impl Score {
    pub(crate) fn new(classes: usize) -> Self {
        Self { classes, total: 0, first: 0, among_five: 0, loss: 0.0, confusion: vec![vec![0; classes]; classes] }
    }

    /// Counts one picture. Among equal logits the class with the lower index is the prediction.
    pub(crate) fn add(&mut self, logits: &[f32], label: usize) {
        let Some(&own) = logits.get(label).filter(|_| logits.len() == self.classes) else { return };
        let better = |(index, logit): (usize, &f32)| *logit > own || *logit == own && index < label;
        let rank = logits.iter().enumerate().filter(|pair| better(*pair)).count();
        let best = |a: usize, b: usize| if logits[b] > logits[a] { b } else { a };
        let predicted = (0..logits.len()).reduce(best).unwrap_or(0);
        let largest = f64::from(logits[predicted]);
        let log_sum = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum::<f64>().ln() + largest;
        self.total += 1;
        self.first += usize::from(rank == 0);
        self.among_five += usize::from(rank < 5);
        self.loss += log_sum - f64::from(own);
        self.confusion[label][predicted] += 1;
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Fraction of pictures whose most probable class is right.
    pub(crate) fn top1(&self) -> f64 {
        self.first as f64 / self.total as f64
    }

    /// Fraction of pictures whose class is among the five most probable.
    pub(crate) fn top5(&self) -> f64 {
        self.among_five as f64 / self.total as f64
    }

    /// Mean cross-entropy, natural logarithm.
    pub(crate) fn loss(&self) -> f64 {
        self.loss / self.total as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let mut score = Score::new(6);
        score.add(&[0.0, 3.0, 0.0, 0.0, 0.0, 0.0], 1); // right
        score.add(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 4); // fifth
        score.add(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 5); // last
        score.add(&[0.0; 6], 0); // equal: the first class
        assert_eq!((score.top1(), score.top5(), score.total()), (0.5, 0.75, 4));
        assert_eq!(score.confusion[1], [0, 1, 0, 0, 0, 0]);
        assert_eq!((score.confusion[4][0], score.confusion[5][0], score.confusion[0][0]), (1, 1, 1));
        // Python: ln(5 + e^3) - 3, then ln(sum(e^0..e^5)) - 1 and - 0, then ln 6.
        let expected = (0.222_291_5 + 4.456_193_3 + 5.456_193_3 + 1.791_759_5) / 4.0;
        assert!((score.loss() - expected).abs() < 1e-6, "{} {expected}", score.loss());
    }
}
