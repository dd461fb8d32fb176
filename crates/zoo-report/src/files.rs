//! The files of a run's report.

use crate::{Evaluation, ReportError, Run, confusion_svg, curves_svg, page, per_class, png_of_svg};

/// Pixels for one unit of SVG: sharp on today's screens.
const SCALE: f32 = 2.0;

/// A run's report as names and contents: `curves.svg`, `curves.png`, `report.html`, and where the run was evaluated
/// `confusion.svg`, `confusion.png` and `per_class.csv`. The page is the last.
///
/// # Errors
/// [`ReportError::Picture`].
pub fn files(run: &Run) -> Result<Vec<(&'static str, Vec<u8>)>, ReportError> {
    let runs = std::slice::from_ref(run);
    let curves = curves_svg(runs);
    let mut files = vec![("curves.png", png_of_svg(&curves, SCALE)?), ("curves.svg", curves.into_bytes())];
    if let Some(evaluation) = &run.evaluation {
        files.push(("per_class.csv", table(evaluation)));
        if let Some(matrix) = confusion_svg(evaluation) {
            files.push(("confusion.png", png_of_svg(&matrix, SCALE)?));
            files.push(("confusion.svg", matrix.into_bytes()));
        }
    }
    files.push(("report.html", page(runs).into_bytes()));
    Ok(files)
}

/// A row a class.
fn table(evaluation: &Evaluation) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    // Writing into memory cannot fail.
    let _ok = writer.write_record(["class", "pictures", "precision", "recall", "f1"]);
    for (class, score) in per_class(&evaluation.confusion).into_iter().enumerate() {
        let [precision, recall, f1] = [score.precision, score.recall, score.f1].map(|share| format!("{share:.6}"));
        let _ok = writer.write_record([evaluation.class(class), &score.support.to_string(), &precision, &recall, &f1]);
    }
    writer.into_inner().unwrap_or_default()
}
