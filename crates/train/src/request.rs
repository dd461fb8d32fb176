//! What the command line asks for: one run or several.

use std::path::Path;

use zoo_backend::Backend;
use zoo_cli::{Failure, one_line, output};
use zoo_recipes::{Comparison, Recipe, RecipeFile, largest_batch_size};

use crate::cli::{BatchSize, Cli};

pub(crate) enum Request {
    One(Box<Recipe>),
    Several(Comparison),
}

pub(crate) fn read(cli: &Cli) -> Result<Request, Failure> {
    let flags = flags(cli)?;
    if let Some(folder) = &cli.resume {
        if Comparison::is_in(folder) {
            if let Some(flag) = flags.keys().next() {
                return Err(Failure::Usage(format!(
                    "--resume goes on with all runs as they were; --{} cannot change them",
                    flag.replace('_', "-")
                )));
            }
            return Ok(Request::Several(Comparison::read(folder)?));
        }
        return Ok(Request::One(Box::new(Recipe::resume(&text(&folder.join("config.toml"))?, flags)?)));
    }
    let file = match &cli.config {
        Some(path) => RecipeFile::parse(&text(path)?)?,
        None => RecipeFile::default(),
    };
    if cli.compare && file.names().next().is_none() {
        return Err(Failure::Usage("--compare needs a --config with runs, [runs.NAME]".to_owned()));
    }
    let several = cli.compare || cli.seeds.is_some();
    if several && matches!(cli.flags.batch_size, Some(BatchSize::Auto(_))) {
        return Err(Failure::Usage("--batch-size auto is for one run: several would not be alike".to_owned()));
    }
    if cli.compare || cli.seeds.is_some() && cli.run.is_none() {
        return Ok(Request::Several(Comparison::of(&file, &flags, cli.seeds.unwrap_or(1))?));
    }
    let mut recipe = file.recipe(cli.run.as_deref(), flags.clone())?;
    if matches!(cli.flags.batch_size, Some(BatchSize::Auto(_))) {
        let found = largest_batch_size(&recipe, &Backend::parse(&recipe.backend)?.open(recipe.device)?)?;
        let (size, each, all) = (found.batch_size, found.bytes_per_picture as f64 / 1e6, found.available as f64 / 1e9);
        output::say(&mut std::io::stderr(), &format!("note: batches of {size} pictures: each takes {each:.1} MB of {all:.1} GB"));
        // What follows from the size, the learning rate say, does.
        let mut flags = flags;
        flags.insert("batch_size".to_owned(), toml::Value::Integer(size as i64));
        recipe = file.recipe(cli.run.as_deref(), flags)?;
    }
    match (cli.seeds, &cli.run) {
        (Some(seeds), Some(name)) => Ok(Request::Several(Comparison::of_one(name, &recipe, seeds)?)),
        _ => Ok(Request::One(Box::new(recipe))),
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| Failure::Usage(format!("cannot read the recipe `{}`: {e}", path.display())))
}

/// The recipe's keys among the flags.
fn flags(cli: &Cli) -> Result<toml::Table, Failure> {
    let mut flags = toml::Table::try_from(&cli.flags).map_err(|e| Failure::Usage(one_line(&e.to_string())))?;
    if matches!(cli.flags.batch_size, Some(BatchSize::Auto(_))) {
        flags.remove("batch_size");
    }
    // A path as model is a definition of a custom one.
    if let Some(path) = cli.flags.model.as_deref().filter(|m| m.ends_with(".toml")) {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::Usage(format!("cannot read the model definition `{path}`: {e}")))?;
        flags.insert("model".to_owned(), "custom".into());
        flags.insert("definition".to_owned(), text.into());
    }
    Ok(flags)
}
