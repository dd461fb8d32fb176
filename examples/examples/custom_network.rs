//! Runs [`zoo_examples::custom_network`].

fn main() -> Result<(), Box<dyn std::error::Error>> {
    zoo_examples::custom_network::run(&zoo_examples::device()?, &mut std::io::stdout())
}
