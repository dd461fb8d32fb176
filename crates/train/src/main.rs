//! `train`: trains the models of Burn Zoo. What is trained, and how, is a recipe: defaults, a file, flags.

mod cli;
mod comparison;
mod preview;
mod report;
mod request;
mod screen;
mod stamp;

use std::path::PathBuf;
use std::process::ExitCode;

use zoo_cli::{DownloadReport, Failure, output};
use zoo_recipes::{Ended, FinderOptions, Interrupter, Recipe};

use cli::Cli;
use request::Request;

fn main() -> ExitCode {
    zoo_cli::run(|cli: Cli| run(&cli))
}

fn run(cli: &Cli) -> Result<(), Failure> {
    match request::read(cli)? {
        Request::Several(comparison) if cli.dry_run || cli.rehearse => comparison.runs.iter().try_for_each(|run| {
            output::write(&format!("# {}\n", run.name))?;
            preview::show(cli, &run.recipe)
        }),
        Request::Several(comparison) => comparison::train(cli, comparison),
        Request::One(recipe) if cli.dry_run || cli.rehearse => preview::show(cli, &recipe),
        Request::One(recipe) => one(cli, *recipe),
    }
}

fn one(cli: &Cli, mut recipe: Recipe) -> Result<(), Failure> {
    let device = zoo_backend::Backend::parse(&recipe.backend)?.open(recipe.device)?;
    if cli.resume.is_none() {
        fetch(cli, &mut recipe)?;
    }
    let folder = match (&cli.resume, &cli.output) {
        (Some(folder), _) | (None, Some(folder)) => folder.clone(),
        (None, None) => {
            let size = recipe.image_size.map_or_else(|| "default".to_owned(), |side| side.to_string());
            PathBuf::from("output/train").join(format!("{}-{}-{size}", stamp::now(), recipe.model))
        }
    };
    let interrupter = interrupter()?;
    if cli.find_lr {
        let found = zoo_recipes::find_lr(&recipe, FinderOptions::default(), &device, &interrupter, &mut report::Report::new())?;
        zoo_recipes::write_finder(&folder, &recipe, &found)?;
        let said = found.suggestion.map_or_else(
            || "the loss hardly falls: nothing can be said".to_owned(),
            |lr| format!("the loss falls fastest at --lr {lr:.2e}"),
        );
        return output::write(&format!("*** {said}\nLook at {0}/report.html\n", folder.display()));
    }
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
            let averaged =
                outcome.ema_test_top1.map_or_else(String::new, |top1| format!(", {:.2} % with the average of weights", top1 * 100.0));
            let line = format!("*** Test accuracy: {top1:.2} %{averaged} (best epoch {}, {seconds:.1} s of training)", outcome.best_epoch);
            format!("{line}\nResults are in {folder}; look at {folder}/report.html\n")
        }
        Ended::Interrupted { epoch } => format!("Stopped in epoch {epoch}; go on with --resume {folder}\n"),
    })
}

/// Brings what a recipe names. A run that goes on has it in its weights and its recipe.
fn fetch(cli: &Cli, recipe: &mut Recipe) -> Result<(), Failure> {
    if recipe.wants_published() {
        recipe.fetch(&cli.hub.open()?, &mut DownloadReport::default())?;
    }
    if recipe.wants_data() {
        recipe.fetch_data(&cli.hub.open()?, &mut DownloadReport::default())?;
    }
    Ok(())
}

/// Hears Ctrl-C.
fn interrupter() -> Result<Interrupter, Failure> {
    let interrupter = Interrupter::new();
    let stop = interrupter.clone();
    zoo_cli::on_interrupt(move || stop.stop(Some("Ctrl-C")))?;
    Ok(interrupter)
}
