//! Runs [`zoo_examples::augmentations`]: `cargo run -p zoo-examples --example augmentations -- docs/augmentations.png`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "augmentations.png".to_owned());
    std::fs::write(&path, zoo_examples::augmentations::draw()?)?;
    println!("{path}");
    Ok(())
}
