//! `zoo summary`: a model layer by layer, without a forward pass and without a single weight.

use burn_zoo::{BuildOptions, Classifier, Describe};
use serde::Serialize;
use zoo_layers::describe::{LayerRow, Trace};

use crate::cli::{Format, SummaryArgs};
use crate::resolve::{any_device, named};
use crate::table::{Align, Table, crossed, grouped};
use zoo_cli::Failure;
use zoo_cli::output;

/// What `--json` writes.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    /// `[channels, height, width]`.
    input: [usize; 3],
    #[serde(flatten)]
    trace: Trace,
    /// At four bytes a parameter; a megabyte is a million bytes.
    parameter_megabytes: f64,
}

pub(crate) fn run(args: &SummaryArgs) -> Result<(), Failure> {
    let named = named(&args.model)?;
    let options = BuildOptions {
        num_classes: args.num_classes,
        in_channels: args.input.and_then(|input| input.channels),
        image_size: args.input.map(|input| input.size),
        ..BuildOptions::default()
    };
    let model = named.build(options, &any_device()?)?;
    let node = model.describe();
    if args.format == Format::Torch {
        return output::write(&(node.to_torch() + "\n"));
    }
    let info = burn_zoo::info(&named.name).ok_or_else(|| Failure::Failed(format!("model `{}` is not in the list", named.name)))?;
    let [height, width] = args.input.map_or([info.input[1], info.input[2]], |input| input.size);
    let input = [model.in_channels(), height, width];
    let trace = node.trace(input).map_err(|e| Failure::Usage(e.to_string()))?;
    let parameter_megabytes = trace.params as f64 * 4.0 / 1e6;
    let summary = Summary { model: args.model.clone(), input, trace, parameter_megabytes };
    if args.json { output::json(&summary) } else { output::write(&summary.render()) }
}

impl Summary {
    fn render(&self) -> String {
        let mut table = Table::new([
            ("name", Align::Left),
            ("type", Align::Left),
            ("kernel", Align::Left),
            ("stride", Align::Left),
            ("output shape", Align::Left),
            ("parameters", Align::Right),
            ("MACs", Align::Right),
            ("receptive field", Align::Left),
        ]);
        for layer in &self.trace.layers {
            table.row(cells(layer));
        }
        let Trace { params, macs, activations, .. } = &self.trace;
        let mut totals = Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]);
        totals.row(["parameters".into(), grouped(*params as u64), format!("{:.1} MB as f32", self.parameter_megabytes)]);
        totals.row(["MACs".into(), grouped(*macs), scaled(*macs)]);
        totals.row(["activations".into(), grouped(*activations), "outputs of convolutions and matrix products".into()]);
        format!("{}, input {}\n\n{}{}", self.model, crossed(&self.input), table.render(), totals.render())
    }
}

/// In the largest unit that leaves a whole number: `7.609 G`.
fn scaled(number: u64) -> String {
    let (unit, name) = [(1e9, "G"), (1e6, "M"), (1e3, "k")].into_iter().find(|(unit, _)| number as f64 >= *unit).unwrap_or((1.0, ""));
    format!("{:.3} {name}", number as f64 / unit)
}

fn cells(layer: &LayerRow) -> [String; 8] {
    let pair = |sizes: Option<[usize; 2]>| sizes.map_or_else(String::new, |sizes| crossed(&sizes));
    [
        layer.name.clone(),
        layer.kind.to_owned(),
        pair(layer.kernel),
        pair(layer.stride),
        crossed(&layer.output),
        grouped(layer.params as u64),
        grouped(layer.macs),
        crossed(&layer.receptive_field),
    ]
}
