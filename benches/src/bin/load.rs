//! How long a file of weights takes to become a model, and how much memory: `load MODEL FILE`. Without FILE, one is written first.

use std::path::PathBuf;
use std::time::Instant;

use burn_zoo::{BuildOptions, Classifier};
use zoo_backend::Backend;
use zoo_weights::{WeightsFile, WeightsMeta};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let device = Backend::compiled().first().ok_or("no backend is compiled in")?.open(None)?;
    let name = words.first().map_or("resnet152", String::as_str);
    if let [_, file] = words.as_slice() {
        let path = PathBuf::from(file);
        let size = std::fs::metadata(&path)?.len() as f64 / 1e6;
        zoo_benches::forget_peak();
        let before = zoo_benches::peak_memory();
        let begun = Instant::now();
        let mut model = burn_zoo::build(name, &BuildOptions::default(), &device)?;
        let report = zoo_weights::load(&mut model, &WeightsFile::read(&path)?)?;
        let seconds = begun.elapsed().as_secs_f64();
        println!("{name}: {} tensors, file {size:.1} MB, {seconds:.3} s, {} classes", report.loaded, model.num_classes());
        if let (Some(before), Some(after)) = (before, zoo_benches::peak_memory()) {
            println!("peak memory {after:.1} MB, before {before:.1} MB: {:.2} times the file", (after - before) / size);
        }
        return Ok(());
    }
    let path = std::env::temp_dir().join(format!("{name}-{}.safetensors", std::process::id()));
    zoo_weights::save(&burn_zoo::build(name, &BuildOptions::default(), &device)?, &path, &WeightsMeta::default())?;
    println!("{}", path.display());
    Ok(())
}
