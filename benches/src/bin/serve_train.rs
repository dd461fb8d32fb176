//! Trains a model when told to, so that `train_peers.py` can time it in turn with others: `serve_train MODEL BATCH SIDE [CLASSES]`.
//! Each line of the input is a command: `zoo N` (with the kernels), `flex N` (Burn's operations alone) or `recompute N` (with the
//! kernels and gradient checkpointing) make N training steps and answer with the milliseconds of each, `memory` with the process's
//! peak in MB. A step is forward, cross-entropy (auxiliary heads weighted), backward and SGD with momentum.

use std::io::{BufRead, Write};
use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier};
use zoo_backend::Backend;
use zoo_layers::maps::without_accelerator;
use zoo_recipes::{Optimizer, OptimizerConfig, OptimizerKind};

/// A model in training.
struct Training {
    model: Option<AnyClassifier>,
    optimizer: Optimizer,
    pixels: Vec<f32>,
    shape: [usize; 4],
    classes: usize,
    device: Device,
}

impl Training {
    fn new(name: &str, shape: [usize; 4], classes: usize, device: Device) -> Result<Self, Box<dyn std::error::Error>> {
        let options = BuildOptions { num_classes: Some(classes), ..BuildOptions::default() };
        let model = burn_zoo::build(name, &options, &device)?;
        model.check_input([shape[1], shape[2], shape[3]])?;
        let config = OptimizerConfig { kind: OptimizerKind::Sgd, momentum: 0.9, weight_decay: 1e-4, ..OptimizerConfig::default() };
        let pixels = zoo_core::fill_input("bench", shape);
        Ok(Self { model: Some(model), optimizer: Optimizer::new(config), pixels, shape, classes, device })
    }

    /// One step; the loss is read, as every training loop does.
    fn step(&mut self) -> Result<f32, Box<dyn std::error::Error>> {
        let model = self.model.take().ok_or("the model is lost")?;
        let images = Tensor::<4>::from_data(TensorData::new(self.pixels.clone(), self.shape), &self.device);
        let labels = (0..self.shape[0]).map(|i| (i * 7 % self.classes) as i32).collect::<Vec<_>>();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [self.shape[0]]), &self.device).reshape([self.shape[0], 1]);
        let (logits, auxiliary) = model.forward_train(images);
        let cross_entropy = |logits| log_softmax(logits, 1).gather(1, labels.clone()).mean().neg();
        let loss = auxiliary.into_iter().fold(cross_entropy(logits), |loss, (weight, logits)| loss + cross_entropy(logits) * weight);
        let value = loss.clone().into_scalar::<f32>();
        let gradients = loss.backward();
        self.model = Some(self.optimizer.step(model, &gradients, 1e-3));
        Ok(value)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, batch, side, rest @ ..] = words.as_slice() else { return Err("give a model, a batch size and a side".into()) };
    let (batch, side): (usize, usize) = (batch.parse()?, side.parse()?);
    let classes = rest.first().map_or(Ok(1000), |classes| classes.parse())?;
    let device = Backend::Flex.open(None)?.autodiff();
    let shape = [batch, 3, side, side];
    let start = |device: Device| Training::new(name, shape, classes, device);
    // One at a time, so that memory is that of one.
    let mut running: Option<(bool, Training)> = None;
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, count) = line.split_once(' ').unwrap_or((&line, "1"));
        if command == "memory" {
            writeln!(out, "{}", zoo_benches::peak_memory().unwrap_or(f64::NAN))?;
            out.flush()?;
            continue;
        }
        let recompute = command == "recompute";
        let mut training = match running.take() {
            Some((same, training)) if same == recompute => training,
            _ => start(if recompute { device.clone().gradient_checkpointing() } else { device.clone() })?,
        };
        let mut times = Vec::new();
        for _ in 0..count.parse::<usize>()? {
            let begun = Instant::now();
            let loss = match command {
                "zoo" | "recompute" => training.step()?,
                "flex" => without_accelerator(|| training.step())?,
                _ => return Err(format!("what is `{line}`?").into()),
            };
            times.push((begun.elapsed().as_secs_f64() * 1e3).to_string());
            if !loss.is_finite() {
                return Err(format!("the loss is {loss}").into());
            }
        }
        running = Some((recompute, training));
        writeln!(out, "{}", times.join(" "))?;
        out.flush()?;
    }
    Ok(())
}
