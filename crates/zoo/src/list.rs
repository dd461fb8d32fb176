//! `zoo list`.

use burn_zoo::{BuildOptions, Classifier, Describe, Listed, nearest};
use serde::Serialize;

use crate::cli::ListArgs;
use crate::pattern::{matches, natural};
use crate::resolve::any_device;
use crate::table::{Align, Table, crossed, grouped};
use zoo_cli::Failure;
use zoo_cli::output;

/// A model of the list.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    family: &'static str,
    /// Trainable parameters.
    params: usize,
    /// Multiply-accumulates for one picture of the size it was designed for.
    macs: u64,
    /// `[channels, height, width]`.
    input: [usize; 3],
}

pub(crate) fn run(args: &ListArgs) -> Result<(), Failure> {
    let mut models = burn_zoo::models();
    models.sort_by(|a, b| natural(a.info.name, b.info.name));
    if let Some(pattern) = &args.pattern {
        models.retain(|model| matches(pattern, model.info.name));
        if models.is_empty() {
            return Err(nothing_matches(pattern));
        }
    }
    let rows: Vec<Row> = models.iter().map(row).collect::<Result<_, _>>()?;
    if args.json {
        return output::json(&rows);
    }
    let mut table = Table::new([
        ("name", Align::Left),
        ("family", Align::Left),
        ("params", Align::Right),
        ("macs", Align::Right),
        ("input", Align::Left),
    ]);
    for row in rows {
        table.row([row.name.into(), row.family.into(), grouped(row.params as u64), grouped(row.macs), crossed(&row.input)]);
    }
    output::write(&table.render())
}

fn row(model: &Listed) -> Result<Row, Failure> {
    let Listed { family, info } = model;
    let built = burn_zoo::build(info.name, &BuildOptions::default(), &any_device()?)?;
    built.check_input(info.input)?;
    let trace = built.describe().trace(info.input).map_err(|e| Failure::failed(&e))?;
    Ok(Row { name: info.name, family, params: trace.params, macs: trace.macs, input: info.input })
}

fn nothing_matches(pattern: &str) -> Failure {
    let models = burn_zoo::models();
    let near = nearest(&pattern.replace(['*', '?'], ""), models.iter().map(|m| m.info.name));
    let hint = if near.is_empty() { "`zoo list` shows all".to_owned() } else { format!("did you mean {}?", near.join(", ")) };
    Failure::Usage(format!("no model matches `{pattern}`; {hint}"))
}
