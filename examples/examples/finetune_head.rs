//! Runs [`zoo_examples::finetune_head`].

fn main() -> Result<(), Box<dyn std::error::Error>> {
    zoo_examples::finetune_head::run(&zoo_examples::device()?, &mut std::io::stdout())
}
