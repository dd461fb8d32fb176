//! A batch that is done a few pictures at a time gives what it gives at once, in less memory.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use burn::tensor::Device;
use burn_zoo::params::fill_params;
use burn_zoo::{BuildOptions, Classifier};
use zoo_core::FillRule;
use zoo_engine::{Caches, CompiledPlan, Engine, EngineOptions};
use zoo_graph::{Graph, Plan, capture, passes::optimise};

/// So small that nearly every layer is worth cutting, of small maps and of larger ones.
const SMALL: [Caches; 2] = [Caches { near: 4 << 10, far: 64 << 10 }, Caches { near: 128 << 10, far: 1 << 20 }];

/// Concatenations, gates, groups, shuffles, tokens, windows: a picture's side with each.
const MODELS: &[(&str, usize)] = &[
    ("densenet_bc_cifar", 32),
    ("mobilenet_v3_small", 32),
    ("shufflenet_v2_x0_5", 32),
    ("squeezenet1_1", 33),
    ("resnet20_cifar", 32),
    ("googlenet2014", 64),
    ("convnext_tiny", 32),
    ("swin_v2_t", 64),
];

fn graph(name: &str, shape: [usize; 4]) -> Graph {
    let rule = FillRule { salt: "pictures", gain: 1.0, shift: 0.0 };
    let options = BuildOptions { num_classes: Some(10), ..BuildOptions::default() };
    let model = fill_params(burn_zoo::build(name, &options, &Device::flex()).unwrap(), rule);
    let mut graph = capture(&model, &[&shape], |model, inputs| vec![model.forward(inputs[0].tensor::<4>()).into()]).unwrap();
    optimise(&mut graph);
    graph
}

#[test]
fn a_batch_in_parts_is_the_batch() {
    // Where nearly all is cut, one model may need a little more, for what lies between the runs.
    let mut saved = 0.0;
    for &(name, side) in MODELS {
        let shape = [6, 3, side, side];
        let graph = graph(name, shape);
        let steps = SMALL.map(|caches| Plan::for_caches(&graph, caches).steps.len());
        assert!(steps.iter().any(|steps| *steps > Plan::new(&graph).steps.len()), "{name} is not cut");
        let numbers = zoo_core::fill_input("pictures", shape);
        let run = |caches: Option<Caches>, reference: bool| {
            let options = EngineOptions { caches, reference, ..EngineOptions::default() };
            let plan = CompiledPlan::from_graph(graph.clone(), &options).unwrap();
            // Twice: nothing may be left over from the first time.
            plan.run(&[&numbers]).unwrap();
            (plan.run(&[&numbers]).unwrap().remove(0).1, plan.memory_bytes(), plan.profile(&[&numbers]).unwrap())
        };
        let (once, memory, profile) = run(None, false);
        let largest = once.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
        assert!(largest > 0.0, "{name}: a test of zeros shows nothing");
        for caches in SMALL {
            let (parts, less, of_parts) = run(Some(caches), false);
            let differences = once.iter().zip(&parts).map(|(a, b)| (a - b).abs() / largest);
            let far = differences.fold(0.0, |most: f32, d| if d > most || d.is_nan() { d } else { most });
            assert!(far < 2e-6, "{name}: {far:e} of the largest logit");
            saved += memory as f64 - less as f64;
            assert_eq!(of_parts.len(), profile.len(), "{name}: a step's parts are one line");
            let macs = |profile: &[zoo_engine::LayerTime]| profile.iter().map(|time| time.macs).sum::<u64>();
            assert_eq!(macs(&of_parts), macs(&profile), "{name}");
        }
    }
    assert!(saved > 0.0, "{saved} bytes saved");
}

/// Chains are cut into parts of four pictures or more, in which no two threads share a picture.
#[test]
fn chains_in_parts_are_the_batch() {
    let shape = [8, 3, 112, 112];
    let graph = graph("mobilenet_v2", shape);
    let chains = |plan: &Plan| plan.steps.iter().filter(|step| step.name() == "chain").count();
    let caches = Caches { near: 512 << 10, far: 2 << 20 };
    assert!(chains(&Plan::for_caches(&graph, caches)) > chains(&Plan::new(&graph)), "none is cut");
    let numbers = zoo_core::fill_input("pictures", shape);
    let run = |caches: Option<Caches>| {
        let plan = CompiledPlan::from_graph(graph.clone(), &EngineOptions { caches, ..EngineOptions::default() }).unwrap();
        plan.run(&[&numbers]).unwrap().remove(0).1
    };
    let (once, parts) = (run(None), run(Some(caches)));
    let largest = once.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
    assert!(once.iter().zip(&parts).all(|(a, b)| (a - b).abs() <= 2e-6 * largest));
}

#[test]
fn with_large_caches_nothing_is_cut() {
    let graph = graph("resnet20_cifar", [8, 3, 32, 32]);
    let large = Caches { near: 1 << 30, far: 1 << 30 };
    assert_eq!(Plan::for_caches(&graph, large).steps.len(), Plan::new(&graph).steps.len());
}

#[test]
fn one_picture_is_not_cut() {
    let graph = graph("resnet20_cifar", [1, 3, 32, 32]);
    assert_eq!(Plan::for_caches(&graph, SMALL[0]).steps.len(), Plan::new(&graph).steps.len());
}

#[test]
fn a_model_may_be_given_away() {
    let model = burn_zoo::build("lenet5", &BuildOptions::default(), &Device::flex()).unwrap();
    let model = fill_params(model, FillRule::new("pictures"));
    let numbers = zoo_core::fill_input("pictures", [1, 1, 28, 28]);
    let inputs: [(&[usize], &[f32]); 1] = [(&[1, 1, 28, 28], &numbers)];
    let kept = Engine::compile(&model, [1, 1, 28, 28], &EngineOptions::default()).unwrap();
    let wanted = kept.run_slices(&inputs).unwrap();
    for replan in [true, false] {
        let options = EngineOptions { replan, ..EngineOptions::default() };
        let engine = Engine::compile_owned(model.clone(), [1, 1, 28, 28], &options).unwrap();
        assert_eq!(engine.run_slices(&inputs).unwrap(), wanted);
        let two = [numbers.clone(), numbers.clone()].concat();
        assert_eq!(engine.run_slices(&[(&[2, 1, 28, 28], &two)]).is_ok(), replan);
    }
    // The model is as it was.
    assert_eq!(Engine::compile(&model, [1, 1, 28, 28], &EngineOptions::default()).unwrap().run_slices(&inputs).unwrap(), wanted);
}
