//! `train`: trains the models of Burn Zoo. What is trained, and how, is a recipe: defaults, a file, flags.

mod cli;
mod report;
mod screen;
mod stamp;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zoo_backend::Backend;
use zoo_cli::{DownloadReport, Failure, one_line, output};
use zoo_recipes::{Ended, Interrupter, Recipe};

use cli::Cli;

fn main() -> ExitCode {
    zoo_cli::run(|cli: Cli| run(&cli))
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let mut recipe = recipe(cli)?;
    let backend = Backend::parse(&recipe.backend)?;
    if cli.dry_run {
        return output::write(&recipe.to_toml()?);
    }
    let device = backend.open(recipe.device)?;
    // A run that goes on has them in its weights.
    if cli.resume.is_none() && recipe.wants_published() {
        recipe.fetch(&cli.hub.open()?, &mut DownloadReport::default())?;
    }
    if cli.resume.is_none() && recipe.wants_data() {
        recipe.fetch_data(&cli.hub.open()?, &mut DownloadReport::default())?;
    }
    let folder = match (&cli.resume, &cli.output) {
        (Some(folder), _) | (None, Some(folder)) => folder.clone(),
        (None, None) => {
            let size = recipe.image_size.map_or_else(|| "default".to_owned(), |side| side.to_string());
            PathBuf::from("output/train").join(format!("{}-{}-{size}", stamp::now(), recipe.model))
        }
    };
    let interrupter = Interrupter::new();
    let stop = interrupter.clone();
    zoo_cli::on_interrupt(move || stop.stop(Some("Ctrl-C")))?;
    let resume = cli.resume.is_some();
    let ended = if screen::wanted(cli.plain) {
        // The screen is given back before anything else is said.
        let mut screen = screen::Screen::new(&interrupter);
        let ended = zoo_recipes::train(&recipe, &folder, resume, &device, &interrupter, &mut screen);
        screen.close()?;
        ended?
    } else {
        zoo_recipes::train(&recipe, &folder, resume, &device, &interrupter, &mut report::Report::new())?
    };
    let folder = folder.display();
    output::write(&match ended {
        Ended::Finished(outcome) => {
            let (top1, seconds) = (outcome.test_top1 * 100.0, outcome.train_seconds);
            let line = format!("*** Test accuracy: {top1:.2} % (best epoch {}, {seconds:.1} s of training)", outcome.best_epoch);
            format!("{line}\nResults are in {folder}; look at {folder}/report.html\n")
        }
        Ended::Interrupted { epoch } => format!("Stopped in epoch {epoch}; go on with --resume {folder}\n"),
    })
}

fn recipe(cli: &Cli) -> Result<Recipe, Failure> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|e| Failure::Usage(format!("cannot read the recipe `{}`: {e}", path.display())))
    };
    let mut flags = toml::Table::try_from(&cli.flags).map_err(|e| Failure::Usage(one_line(&e.to_string())))?;
    // A path as model is a definition of a custom one.
    if let Some(path) = cli.flags.model.as_deref().filter(|m| m.ends_with(".toml")) {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::Usage(format!("cannot read the model definition `{path}`: {e}")))?;
        flags.insert("model".to_owned(), "custom".into());
        flags.insert("definition".to_owned(), text.into());
    }
    Ok(match (&cli.resume, &cli.config) {
        (Some(folder), _) => Recipe::resume(&read(&folder.join("config.toml"))?, flags)?,
        (None, Some(path)) => Recipe::resolve(Some(&read(path)?), flags)?,
        (None, None) => Recipe::resolve(None, flags)?,
    })
}
