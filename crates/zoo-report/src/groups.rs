//! Runs that differ by their seeds alone, taken together.

use crate::Run;
use crate::run::EpochRow;

/// Runs of one recipe.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group<'a> {
    pub(crate) name: &'a str,
    pub(crate) runs: Vec<&'a Run>,
}

/// Values of several seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    /// The sample standard deviation; none of one value.
    pub(crate) std: Option<f64>,
}

/// The groups in the order of their first runs: those that are named, else those whose recipes agree but for the seed.
pub(crate) fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = vec![];
    for run in runs {
        match groups.iter_mut().find(|group| same(group.runs[0], run)) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group { name: run.group.as_deref().unwrap_or(&run.name), runs: vec![run] }),
        }
    }
    for group in &mut groups {
        // A name of a run that stands for several loses its seed.
        if group.runs.len() > 1 && group.runs[0].group.is_none() {
            group.name = group.name.rsplit_once("-seed").map_or(group.name, |(name, _)| name);
        }
    }
    groups
}

fn same(a: &Run, b: &Run) -> bool {
    if a.group.is_some() || b.group.is_some() {
        return a.group == b.group;
    }
    // Twice the same run is a comparison of two.
    let settings = |run: &Run| run.config.iter().filter(|(key, _)| key != "seed").cloned().collect::<Vec<_>>();
    a.setting("seed") != b.setting("seed") && settings(a) == settings(b)
}

impl Group<'_> {
    /// What the runs that have it have on the average.
    pub(crate) fn spread(&self, of: impl Fn(&Run) -> Option<f64>) -> Option<Spread> {
        let values: Vec<f64> = self.runs.iter().filter_map(|run| of(run)).collect();
        let number = values.len() as f64;
        let mean = values.iter().sum::<f64>() / number;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let std = (values.len() > 1).then(|| (squares / (number - 1.0)).sqrt());
        (!values.is_empty()).then_some(Spread { mean, std })
    }

    /// `[x, lowest, mean, highest]` of the epochs that all runs have.
    pub(crate) fn curve(&self, of: impl Fn(&EpochRow) -> Option<f64>) -> Vec<[f64; 4]> {
        let epochs = self.runs.iter().map(|run| run.epochs.len()).min().unwrap_or(0);
        let point = |epoch: usize| {
            let values: Option<Vec<f64>> = self.runs.iter().map(|run| of(&run.epochs[epoch])).collect();
            let values = values.filter(|values| !values.is_empty())?;
            let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            Some([self.runs[0].epochs[epoch].epoch as f64, low, mean, high])
        };
        (0..epochs).filter_map(point).collect()
    }
}

impl std::fmt::Display for Spread {
    /// As a percentage of a fraction.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} %", self.mean * 100.0)?;
        self.std.map_or(Ok(()), |std| write!(f, " ± {:.2}", std * 100.0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Outcome;

    fn run(name: &str, model: &str, seed: &str, top1: f64) -> Run {
        let row = |epoch| EpochRow { epoch, eval_top1: top1 / (epoch as f64 + 1.0), ..EpochRow::default() };
        Run {
            name: name.to_owned(),
            config: vec![("model".to_owned(), model.to_owned()), ("seed".to_owned(), seed.to_owned())],
            epochs: vec![row(0), row(1)],
            result: Some(Outcome { test_top1: top1, ..Outcome::default() }),
            ..Run::default()
        }
    }

    #[test]
    fn seeds_are_taken_together() {
        let runs = [run("a-seed1", "a", "1", 0.8), run("b", "b", "1", 0.5), run("a-seed2", "a", "2", 0.9), run("b again", "b", "1", 0.5)];
        let found = groups(&runs);
        let named: Vec<_> = found.iter().map(|group| (group.name, group.runs.len())).collect();
        assert_eq!(named, [("a", 2), ("b", 1), ("b again", 1)]);
        let spread = |group: &Group<'_>| group.spread(|run| run.result.as_ref().map(|r| r.test_top1)).unwrap().to_string();
        assert_eq!(spread(&found[0]), "85.00 % ± 7.07");
        assert_eq!(spread(&found[1]), "50.00 %");
        let curve = found[0].curve(|row| Some(row.eval_top1));
        assert!(curve.len() == 2 && curve[1][0] == 1.0 && (curve[1][2] - 0.425).abs() < 1e-12, "{curve:?}");
        assert!(found[0].curve(|row| row.train_top1).is_empty());
    }

    #[test]
    fn what_is_named_belongs_together() {
        let named = |group: &str, run: Run| Run { group: Some(group.to_owned()), ..run };
        let runs = [named("x", run("1", "a", "1", 0.1)), named("y", run("2", "a", "2", 0.1)), named("x", run("3", "b", "1", 0.1))];
        assert_eq!(groups(&runs).iter().map(|group| (group.name, group.runs.len())).collect::<Vec<_>>(), [("x", 2), ("y", 1)]);
    }
}
