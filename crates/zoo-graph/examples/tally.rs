//! Prints a model's graph: `tally NAME STAGE`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]
use zoo_core::{BuildOptions, Classifier};
use zoo_graph::passes::{Stage, optimise_to};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let all = burn_zoo::models();
    for listed in &all {
        let info = &listed.info;
        if args[1] != "all" && args[1] != info.name || args[1] == "all" && info.params > 70_000_000 { continue; }
        let stage = Stage::ALL.iter().find(|s| s.0 == args[2]).unwrap().1;
        let model = burn_zoo::build(info.name, &BuildOptions::default(), &burn::tensor::Device::flex()).unwrap();
        let [c, h, w] = info.input;
        let mut graph = zoo_graph::capture(&model, &[&[1, c, h, w]], |m, x| vec![m.forward(x[0].tensor()).into()]).unwrap();
        let before = graph.nodes.len();
        optimise_to(&mut graph, stage);
        let plan = zoo_graph::Plan::new(&graph);
        if args[1] != "all" { print!("{graph}"); for s in &plan.steps { if s.op.is_none() { println!("copy {:?} -> {:?}", s.inputs[0], s.outputs[0]); } } }
        let mut kinds = std::collections::BTreeMap::new();
        for s in &plan.steps { *kinds.entry(s.name()).or_insert(0) += 1; }
        println!("{}: {before} -> {} nodes, {} steps, memory {:.1} MB, {:.2} GMAC {kinds:?}", info.name, graph.nodes.len(), plan.steps.len(), plan.memory as f64 * 4e-6, graph.macs() as f64 * 1e-9);
    }
}
