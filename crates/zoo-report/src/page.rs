//! The page: one HTML file that needs nothing but itself.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::curves::{charts, value};
use crate::svg::{self, escape};
use crate::{Evaluation, Run, chart, compare, confusion, per_class};

const STYLE: &str = include_str!("../style/page.css");
/// Pictures up to this side are shown pixel by pixel.
const SMALL: u32 = 64;

/// A page of one run, or of several that are compared. Pictures of mistakes are read from the run folders; one that is not
/// there is left out.
pub fn page(runs: &[Run]) -> String {
    let mut out = String::new();
    let title = match runs {
        [run] => run.title(),
        _ => format!("{} runs compared", runs.len()),
    };
    let _ok = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{0}</title>\n<style>\n{STYLE}{1}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
        escape(&title),
        svg::style(),
    );
    match runs {
        [run] => one(&mut out, run),
        runs => compare::several(&mut out, runs),
    }
    out += "<footer>Burn Zoo. Accuracies, precision, recall and F1 are in per cent; epochs are counted from 0.</footer>\n</main>\n</body>\n</html>\n";
    out
}

fn one(out: &mut String, run: &Run) {
    let _ok = writeln!(out, "<p class=\"sub\">{}</p>", escape(&run.name));
    facts(out, run);
    out.push_str("<h2>Curves</h2>\n");
    curves(out, std::slice::from_ref(run));
    if let Some(evaluation) = &run.evaluation {
        answers(out, run, evaluation);
    }
    out.push_str("<h2>Recipe</h2>\n<div class=\"card scroll\"><table>\n");
    for (key, value) in &run.config {
        let _ok = writeln!(out, "<tr><td><code>{}</code></td><td class=\"wrap\">{}</td></tr>", escape(key), escape(value));
    }
    out.push_str("</table></div>\n");
}

/// The numbers that one looks for first.
fn facts(out: &mut String, run: &Run) {
    let mut facts: Vec<(String, String)> = vec![];
    if let Some(result) = &run.result {
        facts.push((percent(result.test_top1), "test top-1".to_owned()));
        facts.push((percent(result.test_top5), "test top-5".to_owned()));
        facts.push((value(result.test_loss), "test loss".to_owned()));
        if let Some(averaged) = result.ema_test_top1 {
            facts.push((percent(averaged), "test top-1, average of weights".to_owned()));
        }
    }
    if let Some(best) = run.best() {
        facts.push((percent(best.eval_top1), format!("validation, epoch {}", best.epoch)));
    }
    match &run.result {
        Some(result) => {
            let early = if result.stopped_early { "epochs, stopped early" } else { "epochs" };
            facts.push((result.epochs.to_string(), early.to_owned()));
            facts.push((grouped(result.parameters), "parameters".to_owned()));
            facts.push((duration(result.train_seconds), format!("of training, {}", result.backend)));
            let wait = result.data_wait * 100.0;
            facts.push((format!("{:.0}", result.images_per_second), format!("pictures/s, {wait:.1} % data wait")));
        }
        None => facts.push((run.epochs.len().to_string(), "epochs so far; not finished".to_owned())),
    }
    out.push_str("<div class=\"facts\">\n");
    for (number, what) in facts {
        let _ok = writeln!(out, "<div class=\"fact\"><b>{}</b><span>{}</span></div>", escape(&number), escape(&what));
    }
    out.push_str("</div>\n");
}

pub(crate) fn curves(out: &mut String, runs: &[Run]) {
    out.push_str("<div class=\"charts\">\n");
    for drawn in charts(runs) {
        let _ok = writeln!(out, "<div class=\"card\">{}</div>", svg::inline(chart::SIZE, &drawn.title, &drawn.draw()));
    }
    out.push_str("</div>\n");
}

/// What the model answered: matrix, scores, mistakes.
pub(crate) fn answers(out: &mut String, run: &Run, evaluation: &Evaluation) {
    let (pictures, split) = (evaluation.pictures, escape(&evaluation.split));
    if let Some((size, body)) = confusion::draw(evaluation) {
        let _ok = write!(
            out,
            "<h2>Confusion matrix</h2>\n<p class=\"sub\">{pictures} pictures of the {split} split; a row is a true class.</p>\n"
        );
        // Never larger than it was drawn, and on a phone not so small that it cannot be read.
        let style = format!("max-width:{0:.0}px;min-width:{1:.0}px", size[0] * 1.15, size[0].min(560.0));
        let drawn =
            svg::inline(size, "Confusion matrix", &body).replacen("class=\"chart\"", &format!("class=\"chart\" style=\"{style}\""), 1);
        let _ok = writeln!(out, "<div class=\"card matrix\">{drawn}</div>");
    }
    let wrong = evaluation.confusions(10);
    if evaluation.confusion.len() > 10 && !wrong.is_empty() {
        out.push_str("<h2>Most frequent confusions</h2>\n<div class=\"card scroll\"><table>\n<tr><th>true class</th><th class=\"text\">taken for</th><th>pictures</th></tr>\n");
        for (label, to, number) in wrong {
            let (label, to) = (escape(evaluation.class(label)), escape(evaluation.class(to)));
            let _ok = writeln!(out, "<tr><td>{label}</td><td class=\"text\">{to}</td><td>{number}</td></tr>");
        }
        out.push_str("</table></div>\n");
    }
    classes(out, evaluation);
    mistakes(out, run, evaluation);
}

fn classes(out: &mut String, evaluation: &Evaluation) {
    out.push_str("<h2>Classes</h2>\n<div class=\"card scroll\"><table>\n<tr><th>class</th><th>pictures</th><th>precision</th><th>recall</th><th>F1</th></tr>\n");
    let cell = |share: f64| format!("{:.1}<span class=\"bar\"><i style=\"width:{:.0}%\"></i></span>", share * 100.0, share * 100.0);
    for (class, score) in per_class(&evaluation.confusion).into_iter().enumerate() {
        let [precision, recall, f1] = [score.precision, score.recall, score.f1].map(cell);
        let (name, support) = (escape(evaluation.class(class)), score.support);
        let _ok = writeln!(out, "<tr><td>{name}</td><td>{support}</td><td>{precision}</td><td>{recall}</td><td>{f1}</td></tr>");
    }
    let [precision, recall, f1] = evaluation.macro_means().map(cell);
    let pictures = evaluation.pictures;
    let _ok =
        writeln!(out, "<tr><td><b>mean</b></td><td>{pictures}</td><td>{precision}</td><td>{recall}</td><td>{f1}</td></tr>\n</table></div>");
}

fn mistakes(out: &mut String, run: &Run, evaluation: &Evaluation) {
    if evaluation.mistakes.is_empty() {
        out.push_str("<h2>Mistakes</h2>\n<p>None.</p>\n");
        return;
    }
    out.push_str("<h2>Worst mistakes</h2>\n<p class=\"sub\">The pictures with the largest loss: what the model said, and how sure it was.</p>\n<div class=\"mistakes\">\n");
    for mistake in &evaluation.mistakes {
        let (label, predicted) = (escape(evaluation.class(mistake.label)), escape(evaluation.class(mistake.predicted)));
        let (sure, right) = (mistake.probability * 100.0, mistake.label_probability * 100.0);
        let _ok = writeln!(
            out,
            "<figure class=\"mistake\">{}<figcaption><span class=\"wrong\">{predicted}</span> {sure:.0}%<br>is {label} {right:.1}%\
             <small>{}</small></figcaption></figure>",
            picture(&run.folder, &mistake.picture, &format!("{label} taken for {predicted}")),
            escape(&mistake.source),
        );
    }
    out.push_str("</div>\n");
}

/// A picture within the page.
fn picture(folder: &Path, name: &str, alt: &str) -> String {
    // A run folder that came from elsewhere must not draw other files into its page.
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let Some(bytes) = std::fs::read(folder.join(name)).ok().filter(|_| inside) else { return String::new() };
    let size =
        image::ImageReader::new(std::io::Cursor::new(&bytes)).with_guessed_format().ok().and_then(|reader| reader.into_dimensions().ok());
    let Some((width, height)) = size else { return String::new() };
    let class = if width.max(height) <= SMALL { " class=\"small\"" } else { "" };
    format!("<img{class} alt=\"{alt}\" src=\"data:image/png;base64,{}\">", STANDARD.encode(bytes))
}

pub(crate) fn percent(fraction: f64) -> String {
    format!("{:.2} %", fraction * 100.0)
}

/// `61,706`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let places = digits.len();
    let comma = |place: usize| place > 0 && (places - place).is_multiple_of(3);
    digits.char_indices().flat_map(|(place, digit)| comma(place).then_some(',').into_iter().chain([digit])).collect()
}

pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
