//! A recipe file: one run, or several that share its keys.

use crate::{Recipe, RecipeError};

use super::augment::into_section;
use super::resolve::parse;

/// The table of a file that has several runs: `[runs.NAME]`.
const RUNS: &str = "runs";

/// A recipe file, read.
#[derive(Debug, Clone, Default)]
pub struct RecipeFile {
    shared: toml::Table,
    runs: Vec<(String, toml::Table)>,
}

impl RecipeFile {
    /// Reads a file's text. Tables `[runs.NAME]` are runs of their own, which override what the file says for all.
    ///
    /// # Errors
    /// [`RecipeError::Syntax`], [`RecipeError::Value`] where a run's name is no folder's.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let mut shared = parse(text)?;
        let Some(runs) = shared.remove(RUNS) else { return Ok(Self { shared: into_section(shared), runs: vec![] }) };
        let wrong =
            |value: String| RecipeError::Value { key: RUNS, value, must_be: "tables, each under a name of letters, digits, - and _" };
        let named = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b)) && !name.starts_with('.')
        };
        let toml::Value::Table(runs) = runs else { return Err(wrong(runs.to_string())) };
        let run = |(name, value): (String, toml::Value)| match value {
            toml::Value::Table(table) if named(&name) => Ok((name, into_section(table))),
            _ => Err(wrong(format!("`{name}`"))),
        };
        let runs = runs.into_iter().map(run).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { shared: into_section(shared), runs })
    }

    /// Names of the runs; none where the file is one run.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.runs.iter().map(|(name, _)| name.as_str())
    }

    /// The recipe of a run, or of the file where it has none, overridden by flags.
    ///
    /// # Errors
    /// [`RecipeError::WhichRun`] where the name does not fit the file, and those of [`Recipe::resolve`].
    pub fn recipe(&self, run: Option<&str>, flags: toml::Table) -> Result<Recipe, RecipeError> {
        let which = || RecipeError::WhichRun { names: self.names().collect::<Vec<_>>().join(", ") };
        let mut table = self.shared.clone();
        match run {
            None if self.runs.is_empty() => {}
            None => return Err(which()),
            Some(name) => {
                let (_, own) = self.runs.iter().find(|(other, _)| other == name).ok_or_else(which)?;
                merge(&mut table, own.clone());
            }
        }
        Recipe::of(table, into_section(flags))
    }
}

/// Puts a table over another, key by key, tables within them too.
pub(super) fn merge(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}
