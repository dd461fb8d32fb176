//! How much memory a loader takes that is far ahead of whoever reads it: `data_memory BATCH BATCHES WORKERS PREFETCH FILE...`. The
//! files are JPEGs, read over and over; PREFETCH is the most batches that are made or waiting at any time.

use std::thread::sleep;
use std::time::Duration;

use zoo_datasets::LoaderOptions;

/// Bytes of a picture, 3 x 224 x 224 numbers.
const PICTURE: usize = 4 * 3 * 224 * 224;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [batch_size, batches, workers, prefetch, files @ ..] = words.as_slice() else {
        return Err("give a batch size, a number of batches, of workers and of batches ahead, and JPEG files".into());
    };
    if files.is_empty() {
        return Err("give at least one JPEG file".into());
    }
    let [batch_size, batches, workers, prefetch]: [usize; 4] = [batch_size.parse()?, batches.parse()?, workers.parse()?, prefetch.parse()?];
    let options = LoaderOptions { batch_size, workers, prefetch: Some(prefetch), shuffle: Some(1), ..LoaderOptions::default() };
    let loader = zoo_benches::repeated(files, batch_size * batches, options)?;
    zoo_benches::forget_peak();
    let before = zoo_benches::peak_memory().unwrap_or(f64::NAN);
    for batch in loader.epoch(0) {
        drop(batch?);
        // A step that takes longer than the batches ahead of it.
        sleep(Duration::from_millis(100));
    }
    let peak = zoo_benches::peak_memory().unwrap_or(f64::NAN);
    println!(
        "{batches} batches of {batch_size} ({:.1} MB each), {workers} workers, {prefetch} ahead: peak memory {peak:.0} MB, before {before:.0} MB",
        (batch_size * PICTURE) as f64 / 1e6
    );
    Ok(())
}
