//! How long training steps wait for pictures where both share the machine: `data_wait MODEL BATCH STEPS WORKERS FILE...`.
//! The files are JPEGs; a data set of as many pictures as needed is made of them, decoded and augmented anew each time.

use std::time::Instant;

use burn::tensor::activation::log_softmax;
use burn_zoo::{BuildOptions, Classifier};
use zoo_backend::Backend;
use zoo_datasets::LoaderOptions;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, batch_size, steps, workers, files @ ..] = words.as_slice() else {
        return Err("give a model, a batch size, a number of steps, a number of workers and JPEG files".into());
    };
    let (batch_size, steps, workers): (usize, usize, usize) = (batch_size.parse()?, steps.parse()?, workers.parse()?);
    if files.is_empty() {
        return Err("give at least one JPEG file".into());
    }
    let options = LoaderOptions { batch_size, workers, shuffle: Some(1), ..LoaderOptions::default() };
    // One step more than is counted: the first batch is always waited for.
    let loader = zoo_benches::repeated(files, batch_size * (steps + 1), options)?;

    let device = Backend::compiled().first().ok_or("no backend is compiled in")?.open(None)?.autodiff();
    let model = burn_zoo::build(name, &BuildOptions::default(), &device)?;
    let mut epoch = loader.epoch(0);
    let (mut begun, mut waited_before) = (Instant::now(), epoch.waited());
    let mut step = 0;
    while let Some(batch) = epoch.next() {
        if step == 1 {
            (begun, waited_before) = (Instant::now(), epoch.waited());
        }
        let (images, labels) = batch?.into_tensors(&device);
        let (logits, _) = model.forward_train(images);
        let loss = log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg();
        drop(loss.backward());
        step += 1;
    }
    let (total, waited) = (begun.elapsed().as_secs_f64(), (epoch.waited() - waited_before).as_secs_f64());
    println!(
        "{name} batch {batch_size}, {workers} workers: {steps} steps of {:.3} s, of which {:.1} ms ({:.2} %) waited for data",
        total / steps as f64,
        waited / steps as f64 * 1e3,
        waited / total * 100.0
    );
    Ok(())
}
