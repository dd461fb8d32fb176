//! Counting what is right.

use crate::evaluate::{Evaluation, Mistake};

/// How many of the worst mistakes are remembered.
const MISTAKES: usize = 24;

/// How many classes are before the label: 0 where it is the prediction. Among equal logits the lower index is before.
pub(crate) fn rank(logits: &[f32], label: usize) -> usize {
    let own = logits[label];
    let better = |(index, logit): (usize, &f32)| *logit > own || *logit == own && index < label;
    logits.iter().enumerate().filter(|pair| better(*pair)).count()
}

/// Counts over a data set.
pub(crate) struct Score {
    pictures: usize,
    correct: usize,
    among_five: usize,
    loss: f64,
    confusion: Vec<Vec<usize>>,
    /// The largest loss first.
    mistakes: Vec<Mistake>,
}

impl Score {
    pub(crate) fn new(classes: usize) -> Self {
        let confusion = vec![vec![0; classes]; classes];
        Self { pictures: 0, correct: 0, among_five: 0, loss: 0.0, confusion, mistakes: vec![] }
    }

    /// Counts one picture, which has the number `index` in its data set.
    pub(crate) fn add(&mut self, logits: &[f32], label: usize, index: usize) {
        let rank = rank(logits, label);
        let predicted = (0..logits.len()).reduce(|a, b| if logits[b] > logits[a] { b } else { a }).unwrap_or(0);
        let largest = f64::from(logits[predicted]);
        let log_sum = logits.iter().map(|v| (f64::from(*v) - largest).exp()).sum::<f64>().ln() + largest;
        let loss = log_sum - f64::from(logits[label]);
        self.loss += loss;
        self.pictures += 1;
        self.correct += usize::from(rank == 0);
        self.among_five += usize::from(rank < 5);
        self.confusion[label][predicted] += 1;
        if rank > 0 {
            let probability = (largest - log_sum).exp();
            self.remember(Mistake { index, label, predicted, probability, label_probability: (-loss).exp(), loss });
        }
    }

    fn remember(&mut self, mistake: Mistake) {
        let place = self.mistakes.partition_point(|other| other.loss >= mistake.loss);
        if place < MISTAKES {
            self.mistakes.insert(place, mistake);
            self.mistakes.truncate(MISTAKES);
        }
    }

    pub(crate) fn pictures(&self) -> usize {
        self.pictures
    }

    pub(crate) fn finish(self) -> Evaluation {
        let total = self.pictures as f64;
        Evaluation {
            top1: self.correct as f64 / total,
            top5: self.among_five as f64 / total,
            loss: self.loss / total,
            pictures: self.pictures,
            correct: self.correct,
            confusion: self.confusion,
            mistakes: self.mistakes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let mut score = Score::new(6);
        score.add(&[0.0, 3.0, 0.0, 0.0, 0.0, 0.0], 1, 10); // right
        score.add(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 4, 11); // fifth
        score.add(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 5, 12); // last
        score.add(&[0.0; 6], 0, 13); // equal: the first class
        let found = score.finish();
        assert_eq!((found.top1, found.top5, found.pictures, found.correct), (0.5, 0.75, 4, 2));
        assert_eq!(found.confusion[1], [0, 1, 0, 0, 0, 0]);
        assert_eq!((found.confusion[4][0], found.confusion[5][0], found.confusion[0][0]), (1, 1, 1));
        // Python: ln(5 + e^3) - 3, then ln(sum(e^0..e^5)) - 1 and - 0, then ln 6.
        let expected = (0.222_291_5 + 4.456_193_3 + 5.456_193_3 + 1.791_759_5) / 4.0;
        assert!((found.loss - expected).abs() < 1e-6, "{} {expected}", found.loss);
        let worst: Vec<_> = found.mistakes.iter().map(|m| (m.index, m.label, m.predicted)).collect();
        assert_eq!(worst, [(12, 5, 0), (11, 4, 0)]);
        // e^5 and e^0 over their sum.
        let Mistake { probability, label_probability, .. } = found.mistakes[0];
        assert!((probability - 0.633_691_3).abs() < 1e-6 && (label_probability - 0.004_269_8).abs() < 1e-6);
    }

    #[test]
    fn only_the_worst_are_remembered() {
        let mut score = Score::new(2);
        for index in 0..100 {
            let sure = ((index * 37) % 100) as f32 / 10.0;
            score.add(&[sure, 0.0], 1, index);
        }
        let found = score.finish();
        assert_eq!(found.mistakes.len(), MISTAKES);
        assert!(found.mistakes.windows(2).all(|pair| pair[0].loss >= pair[1].loss));
        assert!((found.mistakes[0].loss - (9.9f64 + (-9.9f64).exp().ln_1p())).abs() < 1e-5);
    }
}
