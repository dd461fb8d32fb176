//! `--dry-run` and `--rehearse`: what a recipe would do.

use zoo_backend::Backend;
use zoo_cli::{Failure, output};
use zoo_recipes::Recipe;

use crate::cli::Cli;

pub(crate) fn show(cli: &Cli, recipe: &Recipe) -> Result<(), Failure> {
    let backend = Backend::parse(&recipe.backend)?;
    if cli.dry_run {
        output::write(&recipe.to_toml()?)?;
        // What follows are comments, so that all of it is a recipe still.
        let facts = recipe.preview(&backend.open(recipe.device)?)?;
        output::write(&facts.lines().map(|line| format!("# {line}\n")).collect::<String>())?;
    }
    if cli.rehearse {
        let rehearsal = zoo_recipes::rehearse(recipe, &backend.open(recipe.device)?)?;
        output::write(&format!("{rehearsal}\n"))?;
    }
    Ok(())
}
