//! Several runs in one folder, with one report.

mod spread;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::{Ended, Interrupter, Outcome, Progress, Recipe, RecipeError, RecipeFile, train};

pub use spread::Spread;
use spread::spreads;

const FILE: &str = "comparison.toml";

/// One run of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// Its folder within the comparison's.
    pub name: String,
    /// Runs of one group differ by their seeds alone.
    pub group: String,
    /// What it does.
    pub recipe: Recipe,
}

/// Several runs that are trained one after the other, with the same programme and on the same machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The runs, in the order in which they are trained: all groups with the first seed, then with the second.
    #[serde(rename = "run")]
    pub runs: Vec<ComparedRun>,
}

/// How a comparison ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Compared {
    /// All runs are done: what each group came to.
    Finished(Vec<Spread>),
    /// It was asked to stop, saved everything, and can go on with this run.
    Interrupted {
        /// The run's name.
        run: String,
    },
}

impl Comparison {
    /// Every run of a file, or the one that it is, each with so many seeds: its own and those after it.
    ///
    /// # Errors
    /// Those of [`RecipeFile::recipe`]; [`RecipeError::Value`] without a seed or with runs on different backends.
    pub fn of(file: &RecipeFile, flags: &toml::Table, seeds: usize) -> Result<Self, RecipeError> {
        let mut groups: Vec<(String, Recipe)> = vec![];
        for name in file.names() {
            groups.push((name.to_owned(), file.recipe(Some(name), flags.clone())?));
        }
        if groups.is_empty() {
            let recipe = file.recipe(None, flags.clone())?;
            groups.push((recipe.model.clone(), recipe));
        }
        Self::of_groups(groups, seeds)
    }

    /// One recipe with so many seeds.
    ///
    /// # Errors
    /// [`RecipeError::Value`] without a seed.
    pub fn of_one(name: &str, recipe: &Recipe, seeds: usize) -> Result<Self, RecipeError> {
        Self::of_groups(vec![(name.to_owned(), recipe.clone())], seeds)
    }

    fn of_groups(groups: Vec<(String, Recipe)>, seeds: usize) -> Result<Self, RecipeError> {
        if seeds == 0 {
            return Err(RecipeError::Value { key: "seeds", value: "0".to_owned(), must_be: "at least 1" });
        }
        if let Some((_, other)) = groups.iter().find(|(_, recipe)| recipe.backend != groups[0].1.backend) {
            return Err(RecipeError::Value { key: "backend", value: other.backend.clone(), must_be: "the same for all runs" });
        }
        let run = |seed: usize, (group, recipe): &(String, Recipe)| {
            let recipe = Recipe { seed: recipe.seed + seed as u64, ..recipe.clone() };
            let name = if seeds == 1 { group.clone() } else { format!("{group}-seed{}", recipe.seed) };
            ComparedRun { name, group: group.clone(), recipe }
        };
        Ok(Self { runs: (0..seeds).flat_map(|seed| groups.iter().map(move |group| run(seed, group))).collect() })
    }

    /// Whether a folder is that of a comparison.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// The comparison of a folder.
    ///
    /// # Errors
    /// [`RecipeError::Io`], [`RecipeError::Syntax`].
    pub fn read(folder: &Path) -> Result<Self, RecipeError> {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).map_err(|source| RecipeError::Io { action: "read", path, source })?;
        toml::from_str(&text).map_err(|e| RecipeError::Syntax { reason: e.to_string() })
    }

    fn write(&self, folder: &Folder) -> Result<(), RecipeError> {
        let text = toml::to_string(self).map_err(|e| RecipeError::Syntax { reason: e.to_string() })?;
        folder.write(FILE, text.as_bytes())
    }
}

/// Trains all runs of a comparison into one folder, one after the other; with `resume`, those that are not done yet.
///
/// The folder gets a folder for each run, and `comparison.html`, `comparison.png` and `comparison.csv`, which grow with each run that is done.
///
/// # Errors
/// Any [`RecipeError`]: the first run that fails stops all.
pub fn compare(
    comparison: &Comparison,
    output: &Path,
    resume: bool,
    device: &Device,
    interrupter: &Interrupter,
    progress: &mut dyn Progress,
) -> Result<Compared, RecipeError> {
    let folder = if resume { Folder::of_comparison(output)? } else { Folder::create(output)? };
    if !resume {
        comparison.write(&folder)?;
    }
    let mut done: Vec<(&ComparedRun, Outcome)> = vec![];
    for (number, run) in comparison.runs.iter().enumerate() {
        let place = folder.path(&run.name);
        progress.run(&run.name, number, comparison.runs.len());
        let outcome = match finished(&place)? {
            Some(outcome) => outcome,
            None => match train(&run.recipe, &place, place.join("config.toml").is_file(), device, interrupter, progress)? {
                Ended::Finished(outcome) => outcome,
                Ended::Interrupted { .. } => return Ok(Compared::Interrupted { run: run.name.clone() }),
            },
        };
        done.push((run, outcome));
        write_report(&folder, &done)?;
    }
    Ok(Compared::Finished(spreads(&done)))
}

/// What a run came to, where it is done.
fn finished(place: &Path) -> Result<Option<Outcome>, RecipeError> {
    let path = place.join("result.json");
    // The report is the last that a run writes.
    if !place.join("report.html").is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|source| RecipeError::Io { action: "read", path, source })?;
    Ok(serde_json::from_str(&text).ok())
}

fn write_report(folder: &Folder, done: &[(&ComparedRun, Outcome)]) -> Result<(), RecipeError> {
    let runs = done.iter().map(|(run, _)| -> Result<zoo_report::Run, RecipeError> {
        let read = zoo_report::Run::read(&folder.path(&run.name))?;
        Ok(zoo_report::Run { group: Some(run.group.clone()), ..read })
    });
    let runs = runs.collect::<Result<Vec<_>, RecipeError>>()?;
    folder.write("comparison.html", zoo_report::page(&runs).as_bytes())?;
    let curves = zoo_report::curves_svg(&runs);
    folder.write("comparison.png", &zoo_report::png_of_svg(&curves, 2.0)?)?;
    folder.write("comparison.svg", curves.as_bytes())?;
    folder.write(
        "comparison.csv",
        &spread::csv(&spreads(done)).map_err(|source| RecipeError::Io { action: "write", path: folder.path("comparison.csv"), source })?,
    )
}
