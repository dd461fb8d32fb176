//! Compares the engine with Flex: `check reference|fast MODEL|all SIDE BATCH`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]
use burn::tensor::{Device, Distribution, Tensor};
use std::time::Instant;
use zoo_core::{BuildOptions, Classifier};
use zoo_engine::{Engine, EngineOptions, Tuning};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let side: usize = args[3].parse().unwrap();
    let batch: usize = args[4].parse().unwrap();
    let mut options = EngineOptions { reference: args[1] == "reference", ..EngineOptions::default() };
    if args[1] == "measure" {
        options.tuning = Tuning::Measure;
    }
    for listed in burn_zoo::models() {
        let info = &listed.info;
        if args[2] != "all" && args[2] != info.name || args[2] == "all" && info.params > 70_000_000 {
            continue;
        }
        let device = Device::flex();
        let model = burn_zoo::build(info.name, &BuildOptions::default(), &device).unwrap();
        let [c, h, w] = info.input;
        let mut shape = [batch, c, side.min(h), side.min(w)];
        if model.check_input([c, shape[2], shape[3]]).is_err() {
            shape = [batch, c, h, w];
        }
        let x = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let start = Instant::now();
        let wanted = model.forward(x.clone());
        let flex = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let engine = match Engine::compile(&model, shape, &options) {
            Ok(e) => e,
            Err(e) => {
                println!("{}: {e}", info.name);
                continue;
            }
        };
        let compile = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let got: Tensor<2> = engine.run(x.clone()).unwrap();
        let first = start.elapsed().as_secs_f64();
        let runs = if args[1] == "reference" { 1 } else { 15 };
        let mut times: Vec<f64> = (0..runs)
            .map(|_| {
                let s = Instant::now();
                let _: Tensor<2> = engine.run(x.clone()).unwrap();
                s.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let largest = wanted.clone().abs().max().into_scalar::<f32>();
        let difference = (wanted - got).abs().max().into_scalar::<f32>();
        println!(
            "{:<26} {shape:?} diff {:.1e} flex {:.1} ms compile {:.0} ms first {:.1} ms median {:.2} ms",
            info.name,
            difference / largest,
            flex * 1e3,
            compile * 1e3,
            first * 1e3,
            times[times.len() / 2] * 1e3
        );
        if args.get(5).is_some() {
            let data = x.into_data().try_into_vec::<f32>().unwrap();
            let plan = engine.plan(&[shape.to_vec()]).unwrap();
            for l in plan.profile(&[&data]).unwrap() {
                println!(
                    "  {:<14} {:<12} {:<20} {:>8.3} ms {:>7.1} GMAC/s",
                    l.name,
                    l.kernel,
                    l.shape,
                    l.seconds * 1e3,
                    l.macs as f64 / l.seconds * 1e-9
                );
            }
        }
    }
}
