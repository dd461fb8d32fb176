//! `zoo graph`: a model's operations, as Burn records them and as the engine runs them.

use burn_zoo::{BuildOptions, Classifier};
use zoo_cli::{Failure, output};
use zoo_engine::EngineOptions;
use zoo_graph::passes::{Stage, optimise_to};
use zoo_graph::{Graph, Operand, Plan};

use crate::cli::{GraphArgs, GraphFormat, GraphStage};
use crate::resolve::{any_device, named};
use crate::table::{Align, Table, crossed, grouped};

pub(crate) fn run(args: &GraphArgs) -> Result<(), Failure> {
    let named = named(&args.model)?;
    let info = burn_zoo::info(&named.name);
    let options = BuildOptions {
        in_channels: args.input.and_then(|input| input.channels),
        image_size: args.input.map(|input| input.size),
        ..BuildOptions::default()
    };
    let model = named.build(options, &any_device()?)?;
    let [height, width] = args.input.map(|input| input.size).or(info.map(|info| [info.input[1], info.input[2]])).unwrap_or([224, 224]);
    let shape = [args.batch, model.in_channels(), height, width];
    model.check_input([shape[1], height, width])?;
    let graph = zoo_graph::capture(&model, &[&shape], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]);
    let mut graph = graph.map_err(|error| Failure::failed(&error))?;
    let (stage, planned) = match args.stage {
        GraphStage::Captured => (Stage::Captured, false),
        GraphStage::Simplified => (Stage::Simplified, false),
        GraphStage::Folded => (Stage::Folded, false),
        GraphStage::Fused => (Stage::Fused, false),
        GraphStage::Chained => (Stage::Chained, false),
        GraphStage::Planned => (Stage::Chained, true),
    };
    optimise_to(&mut graph, stage);
    match (planned, args.format) {
        (true, GraphFormat::Dot) => Err(Failure::Usage("a plan is no graph; write it with `--format text`".to_owned())),
        (true, GraphFormat::Text) => output::write(&render(&Plan::for_caches(&graph, EngineOptions::default().caches.unwrap_or_default()))),
        (false, GraphFormat::Dot) => output::write(&graph.to_dot()),
        (false, GraphFormat::Text) => output::write(&(graph.to_string() + &totals(&graph))),
    }
}

fn totals(graph: &Graph) -> String {
    format!("{} operations, {} multiply-accumulates\n", graph.nodes.len(), grouped(graph.macs()))
}

fn render(plan: &Plan) -> String {
    let mut table = Table::new([
        ("step", Align::Right),
        ("operation", Align::Left),
        ("shape", Align::Left),
        ("from", Align::Right),
        ("to", Align::Right),
    ]);
    let place = |operand: Option<&Operand>| match operand {
        Some(Operand::Memory { view, .. }) => grouped(4 * view.offset as u64),
        Some(Operand::Constant { .. }) => "constant".to_owned(),
        Some(Operand::Held(_)) => "held by Burn".to_owned(),
        None => String::new(),
    };
    for (index, step) in plan.steps.iter().enumerate() {
        let shape = step.outputs.first().and_then(Operand::view).map(|view| crossed(&view.shape)).unwrap_or_default();
        table.row([index.to_string(), step.name().to_owned(), shape, place(step.inputs.first()), place(step.outputs.first())]);
    }
    let (own, shared) = (plan.buffers.iter().map(|buffer| buffer.len).sum::<usize>(), plan.memory);
    format!(
        "{}\nplaces are bytes from the start of memory; {} bytes for {} buffers that would take {} apart\n",
        table.render(),
        grouped(4 * shared as u64),
        plan.buffers.len(),
        grouped(4 * own as u64)
    )
}
