//! The curves of one run, or of several over each other.

use crate::chart::{Chart, SIZE, Series};
use crate::run::EpochRow;
use crate::svg;
use crate::{Run, ticks};

/// Room between two charts.
const GAP: f64 = 24.0;

/// Loss, accuracy, learning rate and speed, over the epochs.
pub(crate) fn charts(runs: &[Run]) -> Vec<Chart> {
    let alone = runs.len() == 1;
    // Of one run, training and validation have colours; of several, each run has one, and training is dashed.
    let pair = |what: fn(&EpochRow) -> Option<f64>, training: bool| {
        runs.iter().enumerate().map(move |(index, run)| {
            let side = if training { "training" } else { "validation" };
            let label = if alone { side.to_owned() } else { format!("{} ({side})", run.name) };
            let colour = if alone { usize::from(!training) } else { index };
            series(run, label, colour, training && !alone, what)
        })
    };
    let loss = pair(|row| Some(row.train_loss), true).chain(pair(|row| Some(row.eval_loss), false));
    let mut accuracy: Vec<Series> = if alone { pair(|row| row.train_top1.map(percent), true).collect() } else { vec![] };
    accuracy.extend(pair(|row| Some(percent(row.eval_top1)), false));
    for (series, run) in accuracy.iter_mut().zip(runs.iter().cycle()) {
        series.label = if alone { format!("{}, top-1", series.label) } else { run.name.clone() };
    }
    if let [run] = runs {
        accuracy.push(series(run, "validation, top-5".to_owned(), 2, true, |row| Some(percent(row.eval_top5))));
    }
    let plain = |points: fn(&Run) -> Vec<[f64; 2]>| {
        let line = |(index, run): (usize, &Run)| {
            let (label, colour) = if alone { (String::new(), 0) } else { (run.name.clone(), index) };
            Series { label, colour, dashed: false, points: points(run) }
        };
        runs.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let best = runs.first().filter(|_| alone).and_then(Run::best);
    let mark = best.map(|row| (row.epoch as f64, format!("best: epoch {}", row.epoch)));
    let chart = |title: &str, series: Vec<Series>, y_includes, y_most, mark| {
        // A legend would name lines that are not there.
        let series = series.into_iter().filter(|series| !series.points.is_empty()).collect();
        Chart { title: title.to_owned(), x_label: "epoch".to_owned(), series, y_includes, y_most, mark }
    };
    vec![
        chart("Loss (cross-entropy)", loss.collect(), Some(0.0), None, mark.clone()),
        chart(if alone { "Accuracy in %" } else { "Validation accuracy in %, top-1" }, accuracy, Some(100.0), Some(100.0), mark),
        chart("Learning rate", plain(rate), Some(0.0), None, None),
        chart("Training pictures per second", plain(speed), Some(0.0), None, None),
    ]
}

fn percent(fraction: f64) -> f64 {
    fraction * 100.0
}

fn series(run: &Run, label: String, colour: usize, dashed: bool, what: impl Fn(&EpochRow) -> Option<f64>) -> Series {
    let points = run.epochs.iter().filter_map(|row| Some([row.epoch as f64, what(row)?])).collect();
    Series { label, colour, dashed, points }
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
    svg::file([2.0 * SIZE[0] + 3.0 * GAP, rows * (SIZE[1] + GAP) + GAP], &title, &body)
}

/// A number of a table: with four places, or as many as it takes.
pub(crate) fn value(number: f64) -> String {
    if number.abs() >= 1e-3 || number == 0.0 { format!("{number:.4}") } else { ticks::label(number, 1e-6) }
}
