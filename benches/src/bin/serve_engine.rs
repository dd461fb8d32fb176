//! Runs a model when told to, so that `engine_peers.py` can time it in turn with others:
//! `serve_engine MODEL BATCH SIDE WEIGHTS`. Each line of the input is a command:
//! `engine N`, `kernels N` (without the engine) or `flex N` (Burn's Flex alone) runs N times and answers with the milliseconds of each,
//! `logits` with the first logits, `memory` with the process's peak in MB.

use std::io::{BufRead, Write};
use std::time::Instant;

use burn::tensor::{Tensor, TensorData};
use burn_zoo::{BuildOptions, Classifier};
use zoo_backend::Backend;
use zoo_engine::{Engine, EngineOptions, Tuning};
use zoo_layers::maps::without_accelerator;
use zoo_weights::WeightsFile;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, batch, side, weights, rest @ ..] = words.as_slice() else {
        return Err("give a model, a batch size, a side and a file of weights".into());
    };
    let (batch, side): (usize, usize) = (batch.parse()?, side.parse()?);
    let device = Backend::compiled().first().ok_or("no backend is compiled in")?.open(None)?;
    let mut model = burn_zoo::build(name, &BuildOptions::default(), &device)?;
    zoo_weights::load(&mut model, &WeightsFile::read(std::path::Path::new(weights))?)?;
    let shape = [batch, 3, side, side];
    model.check_input([3, side, side])?;
    let pixels = zoo_core::fill_input("bench", shape);
    let options = EngineOptions { threads: 2, tuning: Tuning::Measure, replan: false, ..EngineOptions::default() };
    // Memory is measured as a user of the engine has it: the model itself is gone.
    let (engine, model) = match rest.iter().any(|word| word == "engine-only") {
        true => (Engine::compile_owned(model, shape, &options)?, None),
        false => (Engine::compile(&model, shape, &options)?, Some(model)),
    };
    let plan = engine.plan(&[shape.to_vec()])?;
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, count) = line.split_once(' ').unwrap_or((&line, "1"));
        match command {
            "logits" => {
                let (_, logits) = plan.run(&[&pixels])?.swap_remove(0);
                writeln!(out, "{}", logits.iter().take(16).map(f32::to_string).collect::<Vec<_>>().join(" "))?;
            }
            "memory" => writeln!(out, "{}", zoo_benches::peak_memory().unwrap_or(f64::NAN))?,
            _ => {
                let mut times = Vec::new();
                for _ in 0..count.parse::<usize>()? {
                    let begun = Instant::now();
                    match (command, &model) {
                        ("engine", _) => drop(plan.run(&[&pixels])?),
                        ("kernels" | "flex", Some(model)) => {
                            let images = Tensor::<4>::from_data(TensorData::new(pixels.clone(), shape), &device);
                            let run = || burn_zoo::params::read_values(model.forward(images));
                            drop(if command == "flex" { without_accelerator(run)? } else { run()? });
                        }
                        _ => return Err(format!("what is `{line}`?").into()),
                    }
                    times.push((begun.elapsed().as_secs_f64() * 1e3).to_string());
                }
                writeln!(out, "{}", times.join(" "))?;
            }
        }
        out.flush()?;
    }
    Ok(())
}
