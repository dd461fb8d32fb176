//! Runs [`zoo_examples::feature_extraction`].

fn main() -> Result<(), Box<dyn std::error::Error>> {
    zoo_examples::feature_extraction::run(&zoo_examples::device()?, &mut std::io::stdout())
}
