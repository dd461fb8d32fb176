//! The part of a page that several runs share.

use std::fmt::Write;

use crate::curves::value;
use crate::groups::{Group, groups};
use crate::page::{answers, curves, duration, grouped, percent};
use crate::svg::{COLOURS, escape};
use crate::{Outcome, Run};

pub(crate) fn several(out: &mut String, runs: &[Run]) {
    let groups = groups(runs);
    if groups.len() < runs.len() {
        group_table(out, &groups);
        out.push_str("<h2>Each run</h2>\n");
    }
    run_table(out, runs, &groups);
    out.push_str("<h2>Curves</h2>\n");
    if groups.len() < runs.len() {
        out.push_str("<p class=\"sub\">A line is the mean of the seeds, the band about it reaches from the lowest to the highest.</p>\n");
    }
    curves(out, runs);
    differences(out, runs);
    for run in runs {
        if let Some(evaluation) = &run.evaluation {
            let _ok = writeln!(out, "<details><summary>{}</summary>", escape(&run.name));
            answers(out, run, evaluation);
            out.push_str("</details>\n");
        }
    }
}

fn swatch(index: usize) -> String {
    format!("<i class=\"swatch\" style=\"background:var(--s{})\"></i>", index % COLOURS)
}

/// A row a group: means and deviations over its seeds.
fn group_table(out: &mut String, groups: &[Group<'_>]) {
    let averaged = groups.iter().flat_map(|group| &group.runs).any(|run| run.result.as_ref().is_some_and(|r| r.ema_test_top1.is_some()));
    let ema = if averaged { "<th>average of weights</th>" } else { "" };
    let _ok = writeln!(
        out,
        "<p class=\"sub\">Mean over the seeds ± the sample standard deviation.</p>\n<div class=\"card scroll\"><table>\n\
         <tr><th>recipe</th><th class=\"text\">model</th><th>seeds</th><th>test top-1</th>{ema}<th>best validation</th><th>test loss</th>\
         <th>parameters</th><th>training</th></tr>"
    );
    let none = || "–".to_owned();
    for (index, group) in groups.iter().enumerate() {
        let of = |what: fn(&Outcome) -> f64| group.spread(|run| run.result.as_ref().map(what));
        let mut cells = vec![group.runs.len().to_string(), of(|r| r.test_top1).map_or_else(none, |spread| spread.to_string())];
        if averaged {
            let ema = group.spread(|run| run.result.as_ref().and_then(|r| r.ema_test_top1));
            cells.push(ema.map_or_else(none, |spread| spread.to_string()));
        }
        cells.push(group.spread(|run| run.best().map(|row| row.eval_top1)).map_or_else(none, |spread| spread.to_string()));
        cells.push(of(|r| r.test_loss).map_or_else(none, |spread| value(spread.mean)));
        cells.push(group.runs[0].result.as_ref().map_or_else(none, |r| grouped(r.parameters)));
        cells.push(of(|r| r.train_seconds).map_or_else(none, |spread| duration(spread.mean)));
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let (name, model) = (escape(group.name), escape(group.runs[0].setting("model").unwrap_or("–")));
        let _ok = writeln!(out, "<tr><td>{}{name}</td><td class=\"text\">{model}</td>{cells}</tr>", swatch(index));
    }
    out.push_str("</table></div>\n");
}

fn run_table(out: &mut String, runs: &[Run], groups: &[Group<'_>]) {
    out.push_str("<div class=\"card scroll\"><table>\n<tr><th>run</th><th class=\"text\">model</th><th class=\"text\">data</th><th>epochs</th><th>best validation</th><th>test top-1</th><th>test top-5</th><th>test loss</th><th>parameters</th><th>training</th><th>pictures/s</th></tr>\n");
    let none = || "–".to_owned();
    for run in runs {
        let index = groups.iter().position(|group| group.runs.iter().any(|other| std::ptr::eq(*other, run))).unwrap_or(0);
        let of = |what: fn(&Outcome) -> String| run.result.as_ref().map_or_else(none, what);
        let cells = [
            run.epochs.len().to_string(),
            run.best().map_or_else(none, |row| percent(row.eval_top1)),
            of(|r| percent(r.test_top1)),
            of(|r| percent(r.test_top5)),
            of(|r| value(r.test_loss)),
            of(|r| grouped(r.parameters)),
            of(|r| duration(r.train_seconds)),
            of(|r| format!("{:.0}", r.images_per_second)),
        ];
        let setting = |key| escape(run.setting(key).unwrap_or("–"));
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let (model, data) = (setting("model"), setting("dataset"));
        let _ok = writeln!(
            out,
            "<tr><td>{}{}</td><td class=\"text\">{model}</td><td class=\"text\">{data}</td>{cells}</tr>",
            swatch(index),
            escape(&run.name),
        );
    }
    out.push_str("</table></div>\n");
}

/// What the recipes say differently.
fn differences(out: &mut String, runs: &[Run]) {
    // Of seeds one stands for all.
    let shown: Vec<&Run> = groups(runs).iter().map(|group| group.runs[0]).collect();
    let mut keys: Vec<&str> = vec![];
    for (key, _) in shown.iter().flat_map(|run| &run.config) {
        let differs = shown.iter().any(|run| run.setting(key) != shown.first().and_then(|first| first.setting(key)));
        if differs && !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    out.push_str("<h2>What their recipes say differently</h2>\n");
    if keys.is_empty() {
        out.push_str("<p>Nothing.</p>\n");
        return;
    }
    out.push_str("<div class=\"card scroll\"><table>\n<tr><th>key</th>");
    shown.iter().for_each(|run| *out += &format!("<th class=\"text\">{}</th>", escape(run.group.as_ref().unwrap_or(&run.name))));
    out.push_str("</tr>\n");
    for key in keys {
        let cells: String =
            shown.iter().map(|run| format!("<td class=\"wrap\">{}</td>", escape(run.setting(key).unwrap_or("–")))).collect();
        let _ok = writeln!(out, "<tr><td><code>{}</code></td>{cells}</tr>", escape(key));
    }
    out.push_str("</table></div>\n");
}
