//! A line chart.

use std::fmt::Write;

use crate::svg::{COLOURS, escape, number, shorten, text, width};
use crate::ticks::{label, ticks, whole_ticks};

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) label: String,
    /// Number of its colour.
    pub(crate) colour: usize,
    pub(crate) dashed: bool,
    /// `[x, y]`, by x.
    pub(crate) points: Vec<[f64; 2]>,
    /// `[x, lowest, highest]`, by x: what several lines became one of.
    pub(crate) band: Vec<[f64; 3]>,
}

/// A chart of lines over epochs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x_label: String,
    pub(crate) series: Vec<Series>,
    /// The y axis shows at least this.
    pub(crate) y_includes: Option<f64>,
    /// The y axis ends here, whatever round numbers would say.
    pub(crate) y_most: Option<f64>,
    /// What x is the decimal logarithm of is written at the axis.
    pub(crate) x_is_log: bool,
    /// A vertical line, with what it says.
    pub(crate) mark: Option<(f64, String)>,
}

/// `[width, height]` of a chart in pixels.
pub(crate) const SIZE: [f64; 2] = [520.0, 320.0];
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 44.0;
/// Lines of at most so many points show them.
const DOTS: usize = 30;
/// Lines of more points are thinned out: a screen has no more columns.
const MOST_POINTS: usize = 600;

/// The room of the lines, and what lies at its edges.
struct Plot {
    x: [f64; 2],
    y: [f64; 2],
    top: f64,
}

impl Plot {
    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let share = |[low, high]: [f64; 2], value: f64| (value - low) / (high - low);
        let bottom = SIZE[1] - BOTTOM;
        [LEFT + share(self.x, x) * (SIZE[0] - RIGHT - LEFT), bottom - share(self.y, y) * (bottom - self.top)]
    }
}

impl Chart {
    /// The chart as SVG elements, of [`SIZE`].
    pub(crate) fn draw(&self) -> String {
        let mut out = String::new();
        text(&mut out, [LEFT - 44.0, 20.0], "title", "start", &self.title);
        let top = self.legend(&mut out) + 14.0;
        let bands = || self.series.iter().flat_map(|series| &series.band).flat_map(|[x, low, high]| [[*x, *low], [*x, *high]]);
        let points =
            || self.series.iter().flat_map(|series| series.points.iter().copied()).chain(bands()).filter(|point| point[1].is_finite());
        if points().next().is_none() {
            text(&mut out, [SIZE[0] / 2.0, SIZE[1] / 2.0], "axis", "middle", "nothing to show yet");
            return out;
        }
        let range = |axis: usize| points().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], p| [a.min(p[axis]), b.max(p[axis])]);
        let ([x_low, x_high], [y_low, y_high]) = (range(0), range(1));
        let include = self.y_includes.unwrap_or(y_low);
        let mut y_ticks = ticks(y_low.min(include), y_high.max(include), 5);
        y_ticks.retain(|tick| self.y_most.is_none_or(|most| *tick <= most.max(y_high)));
        let y = [y_ticks[0], y_ticks[y_ticks.len() - 1].max(y_high)];
        // From the beginning of an epoch: steps are logged within.
        let plot = Plot { x: if x_low == x_high { [x_low - 0.5, x_high + 0.5] } else { [x_low.floor(), x_high] }, y, top };
        self.axes(&mut out, &plot, &y_ticks);
        if let Some((at, said)) = self.mark.as_ref().filter(|(at, _)| (x_low..=x_high).contains(at)) {
            let [x, _] = plot.place([*at, y[0]]);
            let _ok =
                writeln!(out, r#"<line class="mark" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>"#, number(x), number(top), SIZE[1] - BOTTOM);
            // On whichever side there is room.
            let (anchor, shift) = if x > SIZE[0] / 2.0 { ("end", -5.0) } else { ("start", 5.0) };
            let height = if self.is_low(*at, y) { top + 12.0 } else { SIZE[1] - BOTTOM - 7.0 };
            text(&mut out, [x + shift, height], "tick", anchor, said);
        }
        self.series.iter().for_each(|series| band(&mut out, &plot, series));
        self.series.iter().for_each(|series| line(&mut out, &plot, series));
        out
    }

    /// Whether the lines are in the lower half at an x.
    fn is_low(&self, x: f64, [low, high]: [f64; 2]) -> bool {
        let there = self.series.iter().flat_map(|series| &series.points).filter(|point| point[0] == x);
        there.fold(0, |more, point| if point[1] < (low + high) / 2.0 { more + 1 } else { more - 1 }) > 0
    }

    /// The legend in as many rows as it needs; where it ends.
    fn legend(&self, out: &mut String) -> f64 {
        let named = || self.series.iter().filter(|series| !series.label.is_empty());
        let (mut x, mut y) = (LEFT - 44.0, if named().next().is_some() { 42.0 } else { 24.0 });
        for series in named() {
            let said = shorten(&series.label, 60);
            let needs = 26.0 + width(&said, 12.0) + 14.0;
            if x > LEFT && x + needs > SIZE[0] - RIGHT {
                (x, y) = (LEFT - 44.0, y + 17.0);
            }
            let (class, x1, x2) = (style(series), number(x), number(x + 20.0));
            let _ok = writeln!(out, r#"<line class="{class}" x1="{x1}" x2="{x2}" y1="{0}" y2="{0}"/>"#, number(y - 4.0));
            text(out, [x + 26.0, y], "", "start", &said);
            x += needs;
        }
        y
    }

    fn axes(&self, out: &mut String, plot: &Plot, y_ticks: &[f64]) {
        let (left, right, bottom) = (LEFT, SIZE[0] - RIGHT, SIZE[1] - BOTTOM);
        let step = if y_ticks.len() > 1 { y_ticks[1] - y_ticks[0] } else { 1.0 };
        for tick in y_ticks {
            let [_, y] = plot.place([plot.x[0], *tick]);
            let _ok = writeln!(out, r#"<line class="grid" x1="{left}" x2="{right}" y1="{0}" y2="{0}"/>"#, number(y));
            text(out, [left - 7.0, y + 4.0], "tick", "end", &label(*tick, step));
        }
        for tick in whole_ticks(plot.x[0].ceil(), plot.x[1].floor(), 8) {
            let [x, _] = plot.place([tick, plot.y[0]]);
            if (left - 0.5..=right + 0.5).contains(&x) {
                let _ok = writeln!(out, r#"<line class="frame" x1="{0}" x2="{0}" y1="{bottom}" y2="{1}"/>"#, number(x), bottom + 4.0);
                let said = if self.x_is_log { format!("1e{tick:.0}") } else { label(tick, 1.0) };
                text(out, [x, bottom + 17.0], "tick", "middle", &said);
            }
        }
        let _ok = writeln!(out, r#"<line class="frame" x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>"#);
        text(out, [(left + right) / 2.0, SIZE[1] - 9.0], "axis", "middle", &self.x_label);
    }
}

fn style(series: &Series) -> String {
    format!("line c{}{}", series.colour % COLOURS, if series.dashed { " dashed" } else { "" })
}

/// The area between the lowest and the highest.
fn band(out: &mut String, plot: &Plot, series: &Series) {
    let finite = || series.band.iter().filter(|point| point.iter().all(|v| v.is_finite()));
    if finite().next().is_none() {
        return;
    }
    let there = finite().map(|[x, low, _]| [*x, *low]);
    let back = finite().rev().map(|[x, _, high]| [*x, *high]);
    let path: Vec<String> = there.chain(back).map(|point| plot.place(point).map(number).join(",")).collect();
    let _ok = writeln!(out, r#"<polygon class="d{} band" points="{}"/>"#, series.colour % COLOURS, path.join(" "));
}

fn line(out: &mut String, plot: &Plot, series: &Series) {
    let finite: Vec<[f64; 2]> = series.points.iter().copied().filter(|[x, y]| x.is_finite() && y.is_finite()).collect();
    let every = finite.len().div_ceil(MOST_POINTS).max(1);
    let last = finite.len().saturating_sub(1);
    let shown = finite.iter().enumerate().filter(|(index, _)| index % every == 0 || *index == last).map(|(_, point)| *point);
    let path: Vec<String> = shown.map(|point| plot.place(point).map(number).join(",")).collect();
    let _ok = writeln!(out, r#"<polyline class="{}" points="{}"/>"#, style(series), path.join(" "));
    if finite.len() <= DOTS {
        for point in finite {
            let ([x, y], said) = (plot.place(point).map(number), escape(&series.label));
            let _ok = writeln!(
                out,
                r#"<circle class="d{}" cx="{x}" cy="{y}" r="2.5"><title>{said}, {}: {}</title></circle>"#,
                series.colour % COLOURS,
                label(point[0], 1.0),
                label(point[1], 1e-3),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chart(series: Vec<Series>) -> Chart {
        Chart {
            title: "t".into(),
            x_label: "epoch".into(),
            series,
            y_includes: None,
            y_most: None,
            x_is_log: false,
            mark: Some((1.0, "best".into())),
        }
    }

    #[test]
    fn an_empty_chart_says_so() {
        assert!(chart(vec![]).draw().contains("nothing to show yet"));
        let hopeless = Series { label: String::new(), colour: 0, dashed: false, points: vec![[0.0, f64::NAN]], band: vec![] };
        assert!(chart(vec![hopeless]).draw().contains("nothing to show yet"));
    }

    proptest! {
        /// Whatever the numbers, all lines stay within the drawing.
        #[test]
        fn nothing_is_drawn_outside(points in prop::collection::vec((0.0f64..50.0, -1e7f64..1e7), 1..80), scale in 1e-9f64..1.0) {
            let mut points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y * scale]).collect();
            points.sort_by(|a, b| a[0].total_cmp(&b[0]));
            let band = points.iter().map(|[x, y]| [*x, y - 1.0, y + 1.0]).collect();
            let drawn = chart(vec![Series { label: "a".into(), colour: 9, dashed: true, points, band }]).draw();
            prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
            let path = drawn.lines().find_map(|l| l.strip_prefix(r#"<polyline class="line c1 dashed" points=""#)).unwrap_or("");
            let path = path.trim_end_matches(r#""/>"#);
            prop_assert!(!path.is_empty());
            for pair in path.split(' ') {
                let numbers: Vec<f64> = pair.split(',').filter_map(|n| n.parse().ok()).collect();
                prop_assert!((LEFT - 0.1..=SIZE[0] - RIGHT + 0.1).contains(&numbers[0]), "{pair}");
                prop_assert!((20.0..=SIZE[1] - BOTTOM + 0.1).contains(&numbers[1]), "{pair}");
            }
        }
    }
}
