//! A confusion matrix as a heat map.

use std::fmt::Write;

use crate::Evaluation;
use crate::svg::{self, escape, number, shorten, text, width};

/// Above so many classes a heat map shows nothing to a reader.
pub(crate) const MOST_CLASSES: usize = 120;
/// Above so many, cells have no room for numbers.
const MOST_NUMBERS: usize = 24;
/// Letters of a class name that are shown.
const LETTERS: usize = 16;

/// A drawing: its size, and its elements.
pub(crate) fn draw(evaluation: &Evaluation) -> Option<([f64; 2], String)> {
    let classes = evaluation.confusion.len();
    if classes == 0 || classes > MOST_CLASSES {
        return None;
    }
    let numbers = classes <= MOST_NUMBERS;
    let largest = evaluation.confusion.iter().flatten().max().copied().unwrap_or(0);
    let cell = if numbers { (width(&largest.to_string(), 11.0) + 12.0).max(36.0) } else { (720.0 / classes as f64).clamp(6.0, 26.0) };
    let names: Vec<String> = (0..classes).map(|class| shorten(evaluation.class(class), LETTERS)).collect();
    let longest = names.iter().map(|name| width(name, 11.0)).fold(0.0, f64::max);
    // Names that fit over their column stand upright, longer ones are turned.
    let turned = longest > cell - 2.0;
    let named = cell >= 11.0;
    let left = 30.0 + if named { longest } else { 0.0 };
    let top = 30.0
        + if !named {
            0.0
        } else if turned {
            longest * 0.75 + 8.0
        } else {
            14.0
        };
    let side = cell * classes as f64;
    let mut out = String::new();
    text(&mut out, [left + side / 2.0, 14.0], "axis", "middle", "prediction");
    let middle = top + side / 2.0;
    let _ok = writeln!(
        out,
        r#"<text class="axis" text-anchor="middle" transform="translate(12,{}) rotate(-90)">true class</text>"#,
        number(middle)
    );
    for (class, name) in names.iter().enumerate().filter(|_| named) {
        let at = (class as f64 + 0.5) * cell;
        text(&mut out, [left - 6.0, top + at + 4.0], "tick", "end", name);
        let (x, y) = (number(left + at + if turned { 3.0 } else { 0.0 }), number(top - 6.0));
        let (anchor, turn) = if turned { ("start", " rotate(-45)") } else { ("middle", "") };
        let name = escape(name);
        let _ok = writeln!(out, r#"<text class="tick" text-anchor="{anchor}" transform="translate({x},{y}){turn}">{name}</text>"#);
    }
    let (x, y, side) = (number(left), number(top), number(side));
    let _ok = writeln!(out, r#"<rect class="frame" x="{x}" y="{y}" width="{side}" height="{side}"/>"#);
    for (label, row) in evaluation.confusion.iter().enumerate() {
        let total: usize = row.iter().sum();
        for (to, count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
            let share = *count as f64 / total.max(1) as f64;
            // Few are still seen.
            let opacity = 0.12 + 0.88 * share;
            let (x, y) = (left + to as f64 * cell, top + label as f64 * cell);
            let class = if label == to { "hit" } else { "miss" };
            let said = format!("{} taken for {}: {count} of {total}", evaluation.class(label), evaluation.class(to));
            let _ok = writeln!(
                out,
                r#"<rect class="{class}" x="{}" y="{}" width="{size}" height="{size}" fill-opacity="{opacity:.2}"><title>{}</title></rect>"#,
                number(x + 0.5),
                number(y + 0.5),
                escape(&said),
                size = number(cell - 1.0),
            );
            if numbers {
                let class = if opacity > 0.55 { "count full" } else { "count" };
                text(&mut out, [x + cell / 2.0, y + cell / 2.0 + 4.0], class, "middle", &count.to_string());
            }
        }
    }
    // Turned names lean over the last column.
    let lean = if turned && named { longest * 0.75 } else { 0.0 };
    let whole = cell * classes as f64;
    Some(([left + whole + lean.max(6.0), top + whole + 6.0], out))
}

/// The confusion matrix as an SVG file, rows are true classes; none for more than 120 classes.
pub fn confusion_svg(evaluation: &Evaluation) -> Option<String> {
    draw(evaluation).map(|(size, body)| svg::file(size, "Confusion matrix", &body))
}
