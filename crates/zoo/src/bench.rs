//! `zoo bench`: how fast models run, and how much memory they take.

use std::time::Instant;

use burn::tensor::{Device, Distribution, Int, Tensor, TensorData, activation::log_softmax};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier};
use serde::Serialize;
use zoo_backend::Backend;
use zoo_cli::{Failure, memory, output};
use zoo_engine::{Engine, EngineOptions, Tuning};
use zoo_kernels::{Isa, Threads};

use crate::cli::{BenchArgs, Switch};
use crate::forward::not_by_engine;
use crate::pattern::{matches, natural};
use crate::table::{Align, Table};

/// A line of the table.
#[derive(Debug, Serialize)]
struct Row {
    model: String,
    backend: String,
    /// Whether the project's own kernels ran it.
    engine: bool,
    /// Whether a step of training was timed.
    train: bool,
    batch: usize,
    image_size: [usize; 2],
    rounds: usize,
    median_ms: f64,
    min_ms: f64,
    max_ms: f64,
    images_per_second: f64,
    /// Multiply-accumulates a second, counted as for direct convolutions; of inference only.
    gmacs_per_second: Option<f64>,
    /// Of what the processor can multiply and add, for the engine.
    percent_of_peak: Option<f64>,
    /// Most memory of the process while it was timed, in millions of bytes; none where the system does not tell.
    peak_rss_mb: Option<f64>,
}

/// One thing that is timed.
struct Contender {
    backend: String,
    engine: bool,
    run: Box<dyn FnMut() -> Result<(), Failure>>,
    seconds: Vec<f64>,
    peak: Option<f64>,
    plan: Option<Engine>,
}

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let names = chosen(args)?;
    if args.engine == Some(Switch::On) && args.backends.iter().all(|name| name != "flex") {
        return Err(not_by_engine(&args.backends.join(",")));
    }
    let peak_gmacs = args.backends.iter().any(|name| name == "flex").then(|| {
        let threads = if args.threads == 0 { Threads::all() } else { Threads::new(args.threads) };
        zoo_kernels::peak_gflops(Isa::detect(), &threads, std::time::Duration::from_millis(200)) / 2.0
    });
    let mut rows = Vec::new();
    for name in &names {
        for &batch in &args.batch {
            for row in bench(args, name, batch, peak_gmacs)? {
                if args.json {
                    output::json_line(&row)?;
                }
                rows.push(row);
            }
        }
    }
    if args.csv {
        output::write(&csv(&rows))
    } else if args.json {
        Ok(())
    } else {
        output::write(&render(&rows, peak_gmacs))
    }
}

fn chosen(args: &BenchArgs) -> Result<Vec<String>, Failure> {
    let mut all: Vec<&str> = burn_zoo::models().iter().map(|listed| listed.info.name).collect();
    all.sort_by(|a, b| natural(a, b));
    let mut names = Vec::new();
    for pattern in &args.models {
        let found: Vec<String> = all.iter().filter(|name| matches(pattern, name)).map(|name| (*name).to_owned()).collect();
        if found.is_empty() {
            let near = burn_zoo::near_names(pattern).join(", ");
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {near}?") };
            return Err(Failure::Usage(format!("no model is called `{pattern}`{hint}")));
        }
        names.extend(found);
    }
    Ok(names)
}

fn bench(args: &BenchArgs, name: &str, batch: usize, peak_gmacs: Option<f64>) -> Result<Vec<Row>, Failure> {
    let Some(info) = burn_zoo::info(name) else { return Err(Failure::Failed(format!("model `{name}` is not in the list"))) };
    let size = args.image_size.map_or([info.input[1], info.input[2]], |size| size.size);
    let shape = [batch, info.input[0], size[0], size[1]];
    let mut contenders = Vec::new();
    for backend in &args.backends {
        let device = Backend::parse(backend)?.open(None)?;
        let options = BuildOptions { image_size: Some(size), ..BuildOptions::default() };
        let device = if args.train { device.autodiff() } else { device };
        let model = burn_zoo::build(name, &options, &device)?;
        model.check_input([shape[1], shape[2], shape[3]])?;
        contenders.extend(contend(args, backend, model, shape, &device)?);
    }
    let macs = contenders.iter().find_map(|contender| contender.plan.as_ref()?.plan(&[shape.to_vec()]).ok()).map(|plan| plan.macs());
    for contender in &mut contenders {
        memory::forget_peak();
        (contender.run)()?;
        contender.peak = memory::peak_mb();
    }
    // Round by round, so that a noisy moment hits all.
    for _ in 0..args.rounds {
        for contender in &mut contenders {
            let start = Instant::now();
            (contender.run)()?;
            contender.seconds.push(start.elapsed().as_secs_f64());
        }
    }
    if args.profile {
        profile(&contenders, name, shape)?;
    }
    let row = |mut contender: Contender| {
        contender.seconds.sort_by(f64::total_cmp);
        let at = |index: usize| contender.seconds[index] * 1e3;
        let median_ms = at(contender.seconds.len() / 2);
        let rate = macs.filter(|_| !args.train).map(|macs| macs as f64 / median_ms * 1e-6);
        Row {
            model: name.to_owned(),
            backend: contender.backend,
            engine: contender.engine,
            train: args.train,
            batch,
            image_size: size,
            rounds: args.rounds,
            median_ms,
            min_ms: at(0),
            max_ms: at(contender.seconds.len() - 1),
            images_per_second: batch as f64 / median_ms * 1e3,
            gmacs_per_second: rate,
            percent_of_peak: rate.zip(peak_gmacs).filter(|_| contender.engine).map(|(rate, peak)| 100.0 * rate / peak),
            peak_rss_mb: contender.peak,
        }
    };
    Ok(contenders.into_iter().map(row).collect())
}

fn contend(args: &BenchArgs, backend: &str, model: AnyClassifier, shape: [usize; 4], device: &Device) -> Result<Vec<Contender>, Failure> {
    let contender = |engine, run, plan| Contender { backend: backend.to_owned(), engine, run, seconds: Vec::new(), peak: None, plan };
    if args.train {
        return Ok(vec![contender(false, training_step(model, shape, device.clone()), None)]);
    }
    let tuning = if args.tune { Tuning::Measure } else { Tuning::Model };
    let options = EngineOptions { threads: args.threads, tuning, replan: false, ..EngineOptions::default() };
    let by_engine = backend == "flex" && args.engine != Some(Switch::Off);
    let by_burn = backend != "flex" || args.engine != Some(Switch::On);
    let (engine, model) = match (by_engine, by_burn) {
        (false, _) => (None, Some(model)),
        (true, true) => (Some(Engine::compile(&model, shape, &options)), Some(model)),
        // Alone, the engine is measured without the model.
        (true, false) => (Some(Engine::compile_owned(model, shape, &options)), None),
    };
    let mut found = Vec::new();
    if let Some(engine) = engine {
        let engine = engine.map_err(|error| Failure::failed(&error))?;
        let plan = engine.plan(&[shape.to_vec()]).map_err(|error| Failure::failed(&error))?;
        let pixels = noise(shape);
        let run = move || plan.run(&[&pixels]).map(|_| ()).map_err(|error| Failure::failed(&error));
        found.push(contender(true, Box::new(run), Some(engine)));
    }
    if let Some(model) = model {
        let images = Tensor::<4>::from_data(TensorData::new(noise(shape), shape), device);
        let run = move || {
            let logits = burn_zoo::params::read_values(model.forward(images.clone()));
            logits.map(|_| ()).map_err(|error| Failure::Failed(format!("the device failed: {error}")))
        };
        found.push(contender(false, Box::new(run), None));
    }
    Ok(found)
}

/// Forward and backward pass.
fn training_step(model: AnyClassifier, shape: [usize; 4], device: Device) -> Box<dyn FnMut() -> Result<(), Failure>> {
    Box::new(move || {
        let images = Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), &device);
        let labels = Tensor::<1, Int>::zeros([shape[0]], &device);
        let (logits, _) = model.forward_train(images);
        let loss = log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg();
        let gradients = loss.backward();
        let value = burn_zoo::params::read_values(loss);
        drop(gradients);
        value.map(|_| ()).map_err(|error| Failure::Failed(format!("the device failed: {error}")))
    })
}

/// Numbers from -1 to 1.
fn noise(shape: [usize; 4]) -> Vec<f32> {
    zoo_core::fill_input("bench", shape)
}

fn profile(contenders: &[Contender], name: &str, shape: [usize; 4]) -> Result<(), Failure> {
    let Some(engine) = contenders.iter().find_map(|contender| contender.plan.as_ref()) else {
        return Err(Failure::Usage("`--profile` needs the engine: `--backend flex` without `--engine off`".to_owned()));
    };
    let fail = |error| Failure::failed(&error);
    let plan = engine.plan(&[shape.to_vec()]).map_err(fail)?;
    let pixels = noise(shape);
    let runs = (0..5).map(|_| plan.profile(&[&pixels])).collect::<Result<Vec<_>, _>>().map_err(fail)?;
    let mut table = Table::new([
        ("operation", Align::Left),
        ("kernel", Align::Left),
        ("result", Align::Left),
        ("ms", Align::Right),
        ("GMAC/s", Align::Right),
    ]);
    for (index, layer) in runs[0].iter().enumerate() {
        let seconds = runs.iter().map(|run| run[index].seconds).fold(f64::INFINITY, f64::min);
        let rate = if layer.macs == 0 { String::new() } else { format!("{:.1}", layer.macs as f64 / seconds * 1e-9) };
        let shape = if layer.parts == 1 { layer.shape.clone() } else { format!("{} x {}", layer.parts, layer.shape) };
        table.row([layer.name.clone(), layer.kernel.clone(), shape, format!("{:.3}", seconds * 1e3), rate]);
    }
    output::write(&format!("{name}, batch {}: best of 5 runs, step by step\n{}\n", shape[0], table.render()))
}

fn who(row: &Row) -> String {
    if row.engine { format!("{} + engine", row.backend) } else { row.backend.clone() }
}

fn render(rows: &[Row], peak_gmacs: Option<f64>) -> String {
    let mut table = Table::new([
        ("model", Align::Left),
        ("backend", Align::Left),
        ("batch", Align::Right),
        ("median ms", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
        ("images/s", Align::Right),
        ("GMAC/s", Align::Right),
        ("% of peak", Align::Right),
        ("peak MB", Align::Right),
    ]);
    let or_none = |number: Option<f64>| number.map(|number| format!("{number:.0}")).unwrap_or_default();
    for row in rows {
        let ms = [row.median_ms, row.min_ms, row.max_ms].map(|ms| format!("{ms:.2}"));
        let [median, min, max] = ms;
        table.row([
            row.model.clone(),
            who(row),
            row.batch.to_string(),
            median,
            min,
            max,
            format!("{:.1}", row.images_per_second),
            or_none(row.gmacs_per_second),
            or_none(row.percent_of_peak),
            or_none(row.peak_rss_mb),
        ]);
    }
    let peak =
        peak_gmacs.map(|peak| format!("the processor's peak is {peak:.0} GMAC/s (multiply-adds in registers)\n")).unwrap_or_default();
    table.render() + &peak
}

/// timm's columns of `benchmark.py`.
fn csv(rows: &[Row]) -> String {
    let mut text = String::from("model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,infer_gmacs,backend\n");
    for row in rows {
        let gmacs = row.gmacs_per_second.map(|rate| rate * row.median_ms * 1e-3 / row.batch as f64);
        text += &format!(
            "{},{:.2},{:.3},{},{},{},{}\n",
            row.model,
            row.images_per_second,
            row.median_ms,
            row.batch,
            row.image_size[0],
            gmacs.map(|gmacs| format!("{gmacs:.2}")).unwrap_or_default(),
            who(row)
        );
    }
    text
}
