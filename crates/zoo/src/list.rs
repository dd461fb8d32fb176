//! `zoo list`.

use burn_zoo::{BuildOptions, Classifier, Describe, Listed, Weights};
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
    /// Other names.
    aliases: Vec<&'static str>,
    /// Tags of published weights, the default first.
    weights: Vec<&'static str>,
    /// Published top-1 accuracy of the default weights on ImageNet-1k, in per cent.
    top1: Option<f64>,
}

pub(crate) fn run(args: &ListArgs) -> Result<(), Failure> {
    let mut models = burn_zoo::models();
    models.sort_by(|a, b| natural(a.info.name, b.info.name));
    let aliases = burn_zoo::aliases();
    if let Some(pattern) = &args.pattern {
        let known = |name: &str| aliases.iter().any(|(alias, of)| *of == name && matches(pattern, alias));
        models.retain(|model| matches(pattern, model.info.name) || known(model.info.name));
        if models.is_empty() {
            return Err(nothing_matches(pattern));
        }
    }
    if let Some(family) = &args.family {
        models.retain(|model| model.family == family);
        if models.is_empty() {
            return Err(nothing_of(family));
        }
    }
    let weights = burn_zoo::weights();
    if args.pretrained {
        models.retain(|model| weights.iter().any(|row| row.model == model.info.name));
    }
    let row = |model: &Listed| row(model, &aliases, &weights);
    let rows: Vec<Row> = models.iter().map(row).collect::<Result<_, _>>()?;
    if args.json {
        return output::json(&rows);
    }
    let mut columns =
        vec![("name", Align::Left), ("family", Align::Left), ("params", Align::Right), ("macs", Align::Right), ("input", Align::Left)];
    if args.pretrained {
        columns.extend([("top1", Align::Right), ("weights", Align::Left)]);
    }
    let mut table = Table::new(columns);
    for row in rows {
        let mut cells = vec![row.name.into(), row.family.into(), grouped(row.params as u64), grouped(row.macs), crossed(&row.input)];
        if args.pretrained {
            cells.push(row.top1.map_or_else(String::new, |top1| format!("{top1:.2}")));
            cells.push(row.weights.join(" "));
        }
        table.row(cells);
    }
    output::write(&table.render())
}

fn row(model: &Listed, aliases: &[(&'static str, &'static str)], weights: &[&'static Weights]) -> Result<Row, Failure> {
    let Listed { family, info } = model;
    let built = burn_zoo::build(info.name, &BuildOptions::default(), &any_device()?)?;
    built.check_input(info.input)?;
    let trace = built.describe().trace(info.input).map_err(|e| Failure::failed(&e))?;
    let weights: Vec<_> = weights.iter().filter(|row| row.model == info.name).collect();
    Ok(Row {
        name: info.name,
        family,
        params: trace.params,
        macs: trace.macs,
        input: info.input,
        aliases: aliases.iter().filter(|(_, name)| *name == info.name).map(|(alias, _)| *alias).collect(),
        weights: weights.iter().map(|row| row.tag).collect(),
        top1: weights.first().and_then(|row| row.accuracy).map(|[top1, _]| top1),
    })
}

fn nothing_matches(pattern: &str) -> Failure {
    let near = burn_zoo::near_names(&pattern.replace(['*', '?'], ""));
    let hint = if near.is_empty() { "`zoo list` shows all".to_owned() } else { format!("did you mean {}?", near.join(", ")) };
    Failure::Usage(format!("no model matches `{pattern}`; {hint}"))
}

/// Of this family there are no models, or none that match.
fn nothing_of(family: &str) -> Failure {
    let mut families: Vec<_> = burn_zoo::models().iter().map(|model| model.family).collect();
    families.dedup();
    Failure::Usage(if families.contains(&family) {
        format!("no model of the family `{family}` matches")
    } else {
        format!("there is no family `{family}`; there are {}", families.join(", "))
    })
}
