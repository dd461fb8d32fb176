//! What a run shows: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use zoo_cli::output::say;
use zoo_recipes::{EpochReport, Progress, StartReport, StepReport};

pub(crate) struct Report {
    bar: Option<ProgressBar>,
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
        Self { bar }
    }
}

impl Progress for Report {
    fn start(&mut self, _report: &StartReport<'_>) {}

    fn note(&mut self, text: &str) {
        say(&mut std::io::stderr(), &format!("note: {text}"));
    }

    fn step(&mut self, report: &StepReport) {
        let StepReport { epoch, step, steps, loss, lr, images_per_second, .. } = *report;
        if let Some(bar) = &self.bar {
            bar.set_length(steps as u64);
            bar.set_position(step as u64);
            bar.set_message(format!("epoch {epoch}  loss {loss:.4}  lr {lr:.2e}  {images_per_second:.0} img/s"));
        } else if step == 1 || step % 20 == 0 || step == steps {
            let percent = 100 * step / steps.max(1);
            let line =
                format!("Train: {epoch} [{step:>4}/{steps} ({percent:>3}%)]  Loss: {loss:.4}  LR: {lr:.3e}  {images_per_second:.0} img/s");
            say(&mut std::io::stdout(), &line);
        }
    }

    fn epoch(&mut self, report: &EpochReport<'_>) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&mut std::io::stdout(), &report.to_string())),
            None => say(&mut std::io::stdout(), &report.to_string()),
        }
    }
}
