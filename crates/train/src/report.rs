//! What a run shows: a bar on a terminal, lines elsewhere.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use zoo_recipes::{EpochReport, Progress, StepReport};

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

/// A line. Whether anyone reads it is no reason to stop training.
fn say(to: &mut dyn Write, line: &str) {
    let _unread = writeln!(to, "{line}");
}

impl Progress for Report {
    fn note(&mut self, text: &str) {
        say(&mut std::io::stderr(), &format!("note: {text}"));
    }

    fn step(&mut self, report: &StepReport) {
        let StepReport { epoch, step, steps, loss, lr, images_per_second } = *report;
        if let Some(bar) = &self.bar {
            bar.set_length(steps as u64);
            bar.set_position(step as u64);
            bar.set_message(format!("epoch {epoch}  loss {loss:.4}  lr {lr:.2e}  {images_per_second:.0} img/s"));
        } else if step % 20 == 0 || step == steps {
            let percent = 100 * step / steps.max(1);
            let line =
                format!("Train: {epoch} [{step:>4}/{steps} ({percent:>3}%)]  Loss: {loss:.4}  LR: {lr:.3e}  {images_per_second:.0} img/s");
            say(&mut std::io::stdout(), &line);
        }
    }

    fn epoch(&mut self, report: &EpochReport<'_>) {
        let EpochReport { epoch, train_loss, valid, best } = report;
        let (top1, top5) = (valid.top1 * 100.0, valid.top5 * 100.0);
        let mark = if *best { "  *" } else { "" };
        let line =
            format!("Valid: {epoch}  Train loss: {train_loss:.4}  Loss: {:.4}  Acc@1: {top1:.2}  Acc@5: {top5:.2}{mark}", valid.loss);
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&mut std::io::stdout(), &line)),
            None => say(&mut std::io::stdout(), &line),
        }
    }
}
