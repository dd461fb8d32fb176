//! The curves of one run, or of several over each other.

use crate::chart::{Chart, SIZE, Series};
use crate::groups::{Group, groups};
use crate::run::EpochRow;
use crate::svg;
use crate::{LrFinder, LrPoint, Run, ticks};

/// Room between two charts.
const GAP: f64 = 24.0;

/// Loss, accuracy, learning rate and speed, over the epochs.
pub(crate) fn charts(runs: &[Run]) -> Vec<Chart> {
    match runs {
        [run] => of_one(run),
        runs => of_several(&groups(runs)),
    }
}

/// Training and validation have colours.
fn of_one(run: &Run) -> Vec<Chart> {
    let line = |label: &str, colour, dashed, what: fn(&EpochRow) -> Option<f64>| {
        let points = run.epochs.iter().filter_map(|row| Some([row.epoch as f64, what(row)?])).collect();
        Series { label: label.to_owned(), colour, dashed, points, band: vec![] }
    };
    let loss = vec![
        line("training", 0, false, |row| Some(row.train_loss)),
        line("validation", 1, false, |row| Some(row.eval_loss)),
        line("validation, average of weights", 3, false, |row| row.ema_loss),
    ];
    let accuracy = vec![
        line("training, top-1", 0, false, |row| row.train_top1.map(percent)),
        line("validation, top-1", 1, false, |row| Some(percent(row.eval_top1))),
        line("validation, top-5", 2, true, |row| Some(percent(row.eval_top5))),
        line("average of weights, top-1", 3, false, |row| row.ema_top1.map(percent)),
    ];
    let plain = |points| vec![Series { label: String::new(), colour: 0, dashed: false, points, band: vec![] }];
    let mark = run.best().map(|row| (row.epoch as f64, format!("best: epoch {}", row.epoch)));
    if let (Some(finder), true) = (&run.finder, run.epochs.is_empty()) {
        return vec![of_finder(finder)];
    }
    let mut charts = vec![
        chart("Loss (cross-entropy)", loss, None, mark.clone()),
        Chart { y_includes: Some(100.0), ..chart("Accuracy in %", accuracy, Some(100.0), mark) },
        chart("Learning rate", plain(rate(run)), None, None),
        chart("Training pictures per second", plain(speed(run)), None, None),
    ];
    charts.extend(run.finder.as_ref().map(of_finder));
    charts
}

/// The loss over the learning rate.
fn of_finder(finder: &LrFinder) -> Chart {
    // A loss that explodes would press the rest flat.
    let most = finder.points.iter().take(10).map(|point| point.smoothed).fold(0.0, f64::max) * 2.0;
    let line = |label: &str, colour, dashed, of: fn(&LrPoint) -> f64| {
        let points = finder.points.iter().map(|point| [point.lr.log10(), of(point).min(most)]).collect();
        Series { label: label.to_owned(), colour, dashed, points, band: vec![] }
    };
    let lines = vec![line("loss of the step", 1, true, |point| point.loss), line("smoothed", 0, false, |point| point.smoothed)];
    let mark = finder.suggestion.map(|lr| (lr.log10(), format!("steepest: {lr:.1e}")));
    Chart { x_label: "learning rate".to_owned(), x_is_log: true, y_includes: None, ..chart("Learning-rate finder", lines, None, mark) }
}

/// Each recipe has a colour, and training is dashed.
fn of_several(groups: &[Group<'_>]) -> Vec<Chart> {
    let lines = |side: &str, dashed, what: fn(&EpochRow) -> Option<f64>| {
        let line = |(colour, group): (usize, &Group<'_>)| {
            let curve = group.curve(what);
            let label = if side.is_empty() { group.name.to_owned() } else { format!("{} ({side})", group.name) };
            let band = if group.runs.len() > 1 { curve.iter().map(|[x, low, _, high]| [*x, *low, *high]).collect() } else { vec![] };
            Series { label, colour, dashed, points: curve.iter().map(|[x, _, mean, _]| [*x, *mean]).collect(), band }
        };
        groups.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    // Of seeds one stands for all.
    let plain = |points: fn(&Run) -> Vec<[f64; 2]>| {
        let line = |(colour, group): (usize, &Group<'_>)| {
            let points = points(group.runs[0]);
            Series { label: group.name.to_owned(), colour, dashed: false, points, band: vec![] }
        };
        groups.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let loss = [lines("training", true, |row| Some(row.train_loss)), lines("validation", false, |row| Some(row.eval_loss))].concat();
    let accuracy = lines("", false, |row| Some(percent(row.eval_top1)));
    let averaged = lines("average of weights", true, |row| row.ema_top1.map(percent));
    // As the papers on residual networks draw it.
    let error = [
        lines("training", true, |row| row.train_top1.map(|top1| 100.0 - percent(top1))),
        lines("validation", false, |row| row.train_top1.map(|_| 100.0 - percent(row.eval_top1))),
    ];
    let mut charts = vec![
        chart("Loss (cross-entropy)", loss, None, None),
        Chart { y_includes: Some(100.0), ..chart("Validation accuracy in %, top-1", [accuracy, averaged].concat(), Some(100.0), None) },
        chart("Error in %, top-1", error.concat(), None, None),
        chart("Learning rate", plain(rate), None, None),
        chart("Training pictures per second", plain(speed), None, None),
    ];
    charts.retain(|chart| !chart.series.is_empty());
    charts
}

fn chart(title: &str, series: Vec<Series>, y_most: Option<f64>, mark: Option<(f64, String)>) -> Chart {
    // A legend would name lines that are not there.
    let series = series.into_iter().filter(|series| !series.points.is_empty()).collect();
    Chart { title: title.to_owned(), x_label: "epoch".to_owned(), series, y_includes: Some(0.0), y_most, x_is_log: false, mark }
}

fn percent(fraction: f64) -> f64 {
    fraction * 100.0
}

/// The learning rate of each logged step, at its place in its epoch; of each epoch where steps were not logged.
fn rate(run: &Run) -> Vec<[f64; 2]> {
    let per_epoch = run.epochs.iter().find_map(|row| Some(row.step? as f64 / (row.epoch + 1) as f64)).filter(|steps| *steps > 0.0);
    match per_epoch {
        Some(steps) if run.steps.len() >= run.epochs.len() => {
            run.steps.iter().map(|step| [(step.step as f64 - 1.0) / steps, step.lr]).collect()
        }
        _ => run.epochs.iter().map(|row| [row.epoch as f64, row.lr]).collect(),
    }
}

/// Pictures per second of each epoch, from what the log says of the run up to its end.
fn speed(run: &Run) -> Vec<[f64; 2]> {
    let mut before = [0.0, 0.0];
    let mut points = vec![];
    for row in &run.epochs {
        let (Some(seconds), Some(rate)) = (row.seconds, row.images_per_second) else { continue };
        let now = [seconds, seconds * rate];
        let [seconds, images] = [now[0] - before[0], now[1] - before[1]];
        if seconds > 0.0 {
            points.push([row.epoch as f64, images / seconds]);
        }
        before = now;
    }
    points
}

/// The curves of runs as an SVG file: two charts a row.
pub fn curves_svg(runs: &[Run]) -> String {
    let charts = charts(runs);
    let mut body = String::new();
    for (index, chart) in charts.iter().enumerate() {
        let (column, row) = (index % 2, index / 2);
        let at = [GAP + column as f64 * (SIZE[0] + GAP), GAP + row as f64 * (SIZE[1] + GAP)].map(svg::number);
        body += &format!("<g transform=\"translate({})\">\n{}</g>\n", at.join(","), chart.draw());
    }
    let rows = charts.len().div_ceil(2) as f64;
    let title = runs.iter().map(Run::title).collect::<Vec<_>>().join(", ");
    let columns = charts.len().min(2) as f64;
    svg::file([columns * (SIZE[0] + GAP) + GAP, rows * (SIZE[1] + GAP) + GAP], &title, &body)
}

/// A number of a table: with four places, or as many as it takes.
pub(crate) fn value(number: f64) -> String {
    if number.abs() >= 1e-3 || number == 0.0 { format!("{number:.4}") } else { ticks::label(number, 1e-6) }
}
