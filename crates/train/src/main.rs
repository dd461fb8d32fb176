//! `train`: trains the models of Burn Zoo. What is trained, and how, is a recipe: defaults, a file, flags.

mod cli;
mod report;
mod stamp;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use zoo_backend::{Backend, BackendError};
use zoo_recipes::{Ended, Recipe, RecipeError};

use cli::Cli;

/// A message and an exit code: 2 for what was asked wrongly, 1 for what failed.
struct Failure(u8, String);

fn main() -> ExitCode {
    // A panic is our own mistake; its user still gets one sentence.
    std::panic::set_hook(Box::new(|panic| eprintln!("error: internal error, please report it: {}", one_line(&panic.to_string()))));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            let _closed_pipe = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let text = error.to_string();
            let said = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
            eprintln!("{}", one_line(&said.collect::<Vec<_>>().join(" ")).replace(" tip: ", "; "));
            return ExitCode::from(2);
        }
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, message)) => {
            eprintln!("error: {message}");
            ExitCode::from(code)
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let recipe = recipe(cli)?;
    let backend = Backend::parse(&recipe.backend).map_err(|e| Failure(2, sentence(&e)))?;
    if cli.dry_run {
        print!("{}", recipe.to_toml()?);
        return Ok(());
    }
    let device =
        backend.open(recipe.device).map_err(|e| Failure(if matches!(e, BackendError::NoDevice { .. }) { 1 } else { 2 }, sentence(&e)))?;
    let output = match (&cli.resume, &cli.output) {
        (Some(folder), _) | (None, Some(folder)) => folder.clone(),
        (None, None) => {
            let size = recipe.image_size.map_or_else(|| "default".to_owned(), |side| side.to_string());
            PathBuf::from("output/train").join(format!("{}-{}-{size}", stamp::now(), recipe.model))
        }
    };
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst)).map_err(|e| Failure(1, format!("cannot listen for Ctrl-C: {e}")))?;
    let mut report = report::Report::new();
    match zoo_recipes::train(&recipe, &output, cli.resume.is_some(), &device, &stop, &mut report)? {
        Ended::Finished(outcome) => {
            let (top1, seconds) = (outcome.test_top1 * 100.0, outcome.train_seconds);
            println!("*** Test accuracy: {top1:.2} % (best epoch {}, {seconds:.1} s of training)", outcome.best_epoch);
            println!("Results are in {}", output.display());
        }
        Ended::Interrupted { epoch } => {
            println!("Stopped in epoch {epoch}; go on with --resume {}", output.display());
        }
    }
    Ok(())
}

fn recipe(cli: &Cli) -> Result<Recipe, Failure> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|e| Failure(2, format!("cannot read the recipe `{}`: {e}", path.display())));
    let file = match (&cli.resume, &cli.config) {
        (Some(folder), _) => Some(read(&folder.join("config.toml"))?),
        (None, Some(path)) => Some(read(path)?),
        (None, None) => None,
    };
    let mut flags = toml::Table::try_from(&cli.flags).map_err(|e| Failure(2, one_line(&e.to_string())))?;
    // A path as model is a definition of a custom one.
    if let Some(path) = cli.flags.model.as_deref().filter(|m| m.ends_with(".toml")) {
        let text = std::fs::read_to_string(path).map_err(|e| Failure(2, format!("cannot read the model definition `{path}`: {e}")))?;
        flags.insert("model".to_owned(), "custom".into());
        flags.insert("definition".to_owned(), text.into());
    }
    Ok(Recipe::resolve(file.as_deref(), flags)?)
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        Self(if error.is_usage() { 2 } else { 1 }, sentence(&error))
    }
}

/// An error and its causes, joined by colons; a cause that the message already holds is not repeated.
fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        source = cause.source();
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
