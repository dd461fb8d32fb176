//! burn-train's dashboard in a terminal, fed by a run.

use std::sync::Arc;

use burn_train::logger::TrainingProgressLogger;
use burn_train::metric::{MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry};
use burn_train::renderer::tui::TuiMetricsRendererWrapper;
use burn_train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};

use crate::{EpochReport, Interrupter, Progress, StartReport, StepReport};

/// Curves and progress, live, in the terminal that standard output is. It takes the whole screen until it is dropped.
///
/// `q` asks whether to stop: the run then ends as after [`Interrupter::stop`].
pub struct Dashboard {
    screen: TuiMetricsRendererWrapper,
    /// What should be read when the screen is given back.
    notes: Vec<String>,
}

/// A curve of the dashboard.
#[derive(Clone, Copy)]
struct Curve {
    name: &'static str,
    unit: Option<&'static str>,
    higher_is_better: bool,
}

const LOSS: Curve = Curve { name: "Loss", unit: None, higher_is_better: false };
const TOP1: Curve = Curve { name: "Acc@1", unit: Some("%"), higher_is_better: true };
const TOP5: Curve = Curve { name: "Acc@5", unit: Some("%"), higher_is_better: true };
const LR: Curve = Curve { name: "Learning rate", unit: None, higher_is_better: true };
const SPEED: Curve = Curve { name: "Images/s", unit: None, higher_is_better: true };
const WAIT: Curve = Curve { name: "Data wait", unit: Some("%"), higher_is_better: false };
const LEFT: Curve = Curve { name: "Minutes left", unit: None, higher_is_better: false };

impl Curve {
    fn id(self) -> MetricId {
        MetricId::new(Arc::new(self.name.to_owned()))
    }

    fn definition(self) -> MetricDefinition {
        let attributes = NumericAttributes { unit: self.unit.map(str::to_owned), higher_is_better: self.higher_is_better };
        MetricDefinition {
            metric_id: self.id(),
            name: Arc::new(self.name.to_owned()),
            description: None,
            attributes: MetricAttributes::Numeric(attributes),
        }
    }

    fn point(self, value: f64) -> MetricState {
        let unit = self.unit.map_or_else(String::new, |unit| format!(" {unit}"));
        // A learning rate of a warm-up is too small for fixed places.
        let shown = if value != 0.0 && value.abs() < 1e-2 { format!("{value:.3e}{unit}") } else { format!("{value:.4}{unit}") };
        let entry = MetricEntry::new(self.id(), SerializedEntry::new(shown, value.to_string()));
        MetricState::Numeric(entry, Some(NumericEntry::Value(value)))
    }
}

impl Dashboard {
    /// Takes the screen. Standard output must be a terminal.
    pub fn new(interrupter: &Interrupter) -> Self {
        let mut screen = TuiMetricsRendererWrapper::new(interrupter.clone(), None);
        for curve in [LOSS, TOP1, TOP5, LR, SPEED, WAIT, LEFT] {
            screen.register_metric(curve.definition());
        }
        Self { screen, notes: vec![] }
    }

    /// Gives the screen back, with what was noted meanwhile.
    pub fn close(self) -> Vec<String> {
        self.notes
    }
}

impl Progress for Dashboard {
    fn start(&mut self, report: &StartReport<'_>) {
        let label = format!("{} on {}", report.model, report.dataset);
        self.screen.start(report.epochs, report.epoch, None, Some(&label));
        self.screen.start_split("train", report.images);
    }

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    fn step(&mut self, report: &StepReport) {
        if report.step == 1 {
            self.screen.update_epoch(report.epoch);
            self.screen.start_split("train", report.images_of_epoch);
        }
        self.screen.update_train(LOSS.point(report.loss));
        self.screen.update_train(TOP1.point(report.top1 * 100.0));
        self.screen.update_train(TOP5.point(report.top5 * 100.0));
        self.screen.update_train(LR.point(report.lr));
        self.screen.update_train(SPEED.point(report.images_per_second));
        self.screen.update_train(WAIT.point(report.data_wait * 100.0));
        self.screen.update_train(LEFT.point(report.seconds_left / 60.0));
        self.screen.update_split(report.images);
    }

    fn epoch(&mut self, report: &EpochReport<'_>) {
        self.screen.end_split();
        self.screen.update_valid(LOSS.point(report.valid.loss));
        self.screen.update_valid(TOP1.point(report.valid.top1 * 100.0));
        self.screen.update_valid(TOP5.point(report.valid.top5 * 100.0));
        // The screen leaves nothing behind: the epochs stand in the scroll-back once it is closed.
        self.notes.push(report.to_string());
    }
}
