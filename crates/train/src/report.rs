//! What a run shows: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use zoo_cli::output::say;
use zoo_recipes::{EpochReport, Progress, StartReport, StepReport, duration};

pub(crate) struct Report {
    bar: Option<ProgressBar>,
    /// Steps between two lines.
    interval: usize,
}

impl Report {
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, interval: 1 }
    }
}

impl Progress for Report {
    fn run(&mut self, name: &str, number: usize, runs: usize) {
        say(&mut std::io::stdout(), &format!("=== {name} ({} of {runs})", number + 1));
    }

    fn start(&mut self, report: &StartReport<'_>) {
        self.interval = report.log_interval.max(1);
    }

    fn note(&mut self, text: &str) {
        say(&mut std::io::stderr(), &format!("note: {text}"));
    }

    fn step(&mut self, report: &StepReport) {
        let StepReport { epoch, step, steps, loss, top1, lr, images_per_second, seconds_left, .. } = *report;
        if let Some(bar) = &self.bar {
            let (top1, left) = (top1 * 100.0, duration(seconds_left));
            bar.set_length(steps as u64);
            bar.set_position(step as u64);
            bar.set_message(format!(
                "epoch {epoch}  loss {loss:.4}  acc {top1:.0}%  lr {lr:.2e}  {images_per_second:.0} img/s  {left} left"
            ));
        } else if step == 1 || step.is_multiple_of(self.interval) || step == steps {
            say(&mut std::io::stdout(), &report.to_string());
        }
    }

    fn epoch(&mut self, report: &EpochReport<'_>) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&mut std::io::stdout(), &report.to_string())),
            None => say(&mut std::io::stdout(), &report.to_string()),
        }
    }
}
