//! Runs [`zoo_examples::single_model`].

fn main() -> Result<(), Box<dyn std::error::Error>> {
    zoo_examples::single_model::run(&zoo_examples::device()?, &mut std::io::stdout())
}
