//! Every rewriting of the graph keeps what it computes, in plain loops and through the kernels.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::params::fill_params;
use burn_zoo::{BuildOptions, Classifier};
use zoo_core::FillRule;
use zoo_engine::{CompiledPlan, EngineOptions, Winograd};
use zoo_graph::passes::{Stage, optimise_to};

/// Models that between them have all that the passes look for, and a picture's side.
const MODELS: &[(&str, usize)] = &[
    ("lenet5", 28),
    ("alexnet2012", 227),
    ("densenet_bc_cifar", 32),
    ("resnet20_cifar", 32),
    ("seresnet18", 32),
    ("squeezenet1_1", 64),
    ("shufflenet_v2_x0_5", 32),
    ("mobilenet_v3_small", 32),
    ("efficientnet_b0", 32),
    ("convnext_tiny", 32),
    ("swin_v2_t", 64),
    ("googlenet2014", 64),
    ("mixer_s32_224", 224),
];

fn check(winograd: Winograd, stages: &[(&str, Stage)]) {
    for &(name, side) in MODELS {
        let device = Device::flex();
        let options = BuildOptions { num_classes: Some(10), ..BuildOptions::default() };
        let rule = FillRule { salt: "stages", gain: 1.0, shift: 0.0 };
        let model = fill_params(burn_zoo::build(name, &options, &device).unwrap(), rule);
        let shape = [2, model.in_channels(), side, side];
        let numbers = zoo_core::fill_input("stages", shape);
        let wanted = model.forward(Tensor::from_data(TensorData::new(numbers.clone(), shape), &device));
        let wanted = wanted.into_data().try_into_vec::<f32>().unwrap();
        let largest = wanted.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
        assert!(largest > 0.0, "{name}: a test of zeros shows nothing");
        let captured = zoo_graph::capture(&model, &[&shape], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]).unwrap();
        for &(stage, last) in stages {
            let mut graph = captured.clone();
            optimise_to(&mut graph, last);
            let plan = CompiledPlan::from_graph(graph, &EngineOptions { winograd, ..EngineOptions::default() }).unwrap();
            let (_, got) = plan.run(&[&numbers]).unwrap().remove(0);
            let difference = got.iter().zip(&wanted).map(|(got, wanted)| (got - wanted).abs() / largest);
            let difference = difference.fold(0.0f32, |most, d| if d.is_nan() || d > most { d } else { most });
            assert!(difference < 2e-5, "{name}, {stage}: {difference:e} of the largest logit");
        }
    }
}

#[test]
fn each_stage_computes_the_same() {
    check(Winograd::Off, &Stage::ALL);
}

#[test]
fn winograd_computes_the_same() {
    check(Winograd::F4, &Stage::ALL[4..]);
}

#[test]
fn plain_loops_compute_the_same() {
    let device = Device::flex();
    let rule = FillRule { salt: "stages", gain: 1.0, shift: 0.0 };
    for (name, side) in [("mobilenet_v3_small", 32), ("resnet20_cifar", 16), ("lenet5", 28)] {
        let model = fill_params(burn_zoo::build(name, &BuildOptions::default(), &device).unwrap(), rule);
        let shape = [1, model.in_channels(), side, side];
        let numbers = zoo_core::fill_input("stages", shape);
        let graph = zoo_graph::capture(&model, &[&shape], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]).unwrap();
        let run = |reference: bool| {
            let options = EngineOptions { reference, ..EngineOptions::default() };
            CompiledPlan::from_graph(graph.clone(), &options).unwrap().run(&[&numbers]).unwrap().remove(0).1
        };
        let (plain, kernels) = (run(true), run(false));
        let largest = plain.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
        assert!(plain.iter().zip(&kernels).all(|(a, b)| (a - b).abs() <= 1e-5 * largest), "{name}");
    }
}

/// Blocks of both strides, with and without a residual or an expansion, and two whose gate stands between.
#[test]
fn large_maps_are_chained() {
    let device = Device::flex();
    let rule = FillRule { salt: "stages", gain: 1.0, shift: 0.0 };
    for (name, batch, chains) in [("mobilenet_v2", 1, 4), ("mnasnet1_0", 2, 2), ("efficientnet_b0", 2, 3)] {
        let model = fill_params(burn_zoo::build(name, &BuildOptions::default(), &device).unwrap(), rule);
        let shape = [batch, 3, 112, 112];
        let numbers = zoo_core::fill_input("stages", shape);
        let mut fused = zoo_graph::capture(&model, &[&shape], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]).unwrap();
        optimise_to(&mut fused, Stage::Fused);
        let mut chained = fused.clone();
        optimise_to(&mut chained, Stage::Chained);
        let count = chained.nodes.iter().filter(|node| node.op.name() == "chain").count();
        assert_eq!((count, chained.macs()), (chains, fused.macs()), "{name}: {chained}");
        let run = |graph: &zoo_graph::Graph, reference: bool| {
            let options = EngineOptions { reference, ..EngineOptions::default() };
            CompiledPlan::from_graph(graph.clone(), &options).unwrap().run(&[&numbers]).unwrap().remove(0).1
        };
        let wanted = run(&fused, false);
        let largest = wanted.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
        for reference in [false, true] {
            let got = run(&chained, reference);
            assert!(got.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-5 * largest), "{name}, in plain loops: {reference}");
        }
    }
}

/// A model's graph for one picture of 64x64.
fn recorded(name: &str) -> zoo_graph::Graph {
    let model = burn_zoo::build(name, &BuildOptions::default(), &Device::flex()).unwrap();
    zoo_graph::capture(&model, &[&[1, 3, 64, 64]], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]).unwrap()
}

#[test]
fn a_residual_net_is_convolutions_and_little_else() {
    let mut graph = recorded("resnet18");
    optimise_to(&mut graph, Stage::Chained);
    let names: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    let count = |name: &str| names.iter().filter(|other| **other == name).count();
    assert_eq!((count("conv"), count("dense"), count("max_pool"), count("mean")), (20, 1, 1, 1), "{graph}");
    assert_eq!(names.len(), 24, "{graph}");
    assert!(graph.to_string().contains("residual, relu"), "{graph}");
}

#[test]
fn activations_move_into_what_a_concatenation_joins() {
    let mut graph = recorded("squeezenet1_1");
    optimise_to(&mut graph, Stage::Simplified);
    let count = |graph: &zoo_graph::Graph, name: &str| graph.nodes.iter().filter(|node| node.op.name() == name).count();
    assert_eq!((count(&graph, "relu"), count(&graph, "cat")), (18, 8), "{graph}");
    optimise_to(&mut graph, Stage::Fused);
    assert_eq!((count(&graph, "relu"), count(&graph, "cat")), (0, 8), "{graph}");
}

/// Of each of GoogLeNet's nine modules the two narrow branches begin with one convolution, and read their channels of its result in place.
#[test]
fn pointwise_convolutions_of_one_map_are_one() {
    let mut graph = recorded("googlenet2014");
    let count = |graph: &zoo_graph::Graph, name: &str| graph.nodes.iter().filter(|node| node.op.name() == name).count();
    optimise_to(&mut graph, Stage::Fused);
    let (convs, macs) = (count(&graph, "conv"), graph.macs());
    assert_eq!((convs, count(&graph, "slice")), (57, 0), "{graph}");
    optimise_to(&mut graph, Stage::Chained);
    assert_eq!((count(&graph, "conv"), count(&graph, "slice"), graph.macs()), (48, 18, macs), "{graph}");
    let plan = zoo_graph::Plan::new(&graph);
    assert_eq!(plan.steps.iter().filter(|step| step.op.is_none()).count(), 1, "only the picture is copied");
}

#[test]
fn a_dense_block_needs_no_copy() {
    let mut graph = recorded("densenet121");
    optimise_to(&mut graph, Stage::Chained);
    let plan = zoo_graph::Plan::new(&graph);
    // The one copy puts the picture's channels last.
    assert_eq!(plan.steps.iter().filter(|step| step.op.is_none()).count(), 1);
}
