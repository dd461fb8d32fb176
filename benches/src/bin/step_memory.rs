//! Time and peak memory of training steps: `step_memory MODEL BATCH SIDE [STEPS]`. `step_memory.py` is PyTorch's.

use std::time::Instant;

use burn::tensor::{Distribution, Int, Tensor, activation::log_softmax};
use burn_zoo::{BuildOptions, Classifier};
use zoo_backend::Backend;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, batch, side, rest @ ..] = words.as_slice() else { return Err("give a model, a batch size and a side".into()) };
    let (batch, side): (usize, usize) = (batch.parse()?, side.parse()?);
    let steps: usize = rest.first().map_or(Ok(3), |steps| steps.parse())?;
    let device = Backend::compiled().first().ok_or("no backend is compiled in")?.open(None)?.autodiff();
    let options = BuildOptions { image_size: Some([side, side]), ..BuildOptions::default() };
    let model = burn_zoo::build(name, &options, &device)?;
    model.check_input([model.in_channels(), side, side])?;
    let labels = Tensor::<1, Int>::zeros([batch], &device);
    let mut seconds = vec![];
    for step in 0..=steps {
        let images = Tensor::<4>::random([batch, model.in_channels(), side, side], Distribution::Uniform(-1.0, 1.0), &device);
        let begun = Instant::now();
        let (logits, _) = model.forward_train(images);
        let loss = log_softmax(logits, 1).gather(1, labels.clone().unsqueeze_dim(1)).mean().neg();
        let gradients = loss.backward();
        // The first one draws the weights and warms up.
        if step > 0 {
            seconds.push(begun.elapsed().as_secs_f64());
        }
        drop(gradients);
    }
    let peak = zoo_benches::peak_memory().map_or_else(|| "unknown".to_owned(), |mb| format!("{mb:.0} MB"));
    println!(
        "{name} batch {batch} at {side}: median {:.3} s a forward and backward pass, peak memory {peak}",
        zoo_benches::median(seconds)
    );
    Ok(())
}
