//! Runs [`zoo_examples::gallery`]: `cargo run -p zoo-examples --example gallery -- RUN_FOLDER PICTURE.svg`.

use std::path::Path;

use zoo_backend::Backend;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [run_folder, picture] = words.as_slice() else { return Err("give a run folder and the picture's path".into()) };
    let backend = Backend::compiled().first().copied().unwrap_or(Backend::Flex);
    let svg = zoo_examples::gallery::draw(Path::new(run_folder), &backend.open(None)?)?;
    Ok(std::fs::write(picture, svg)?)
}
