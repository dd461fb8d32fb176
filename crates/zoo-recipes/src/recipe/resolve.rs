//! Defaults, a file and flags become a recipe.

use zoo_core::nearest;

use super::augment::{self, into_section};
use super::file::merge;
use super::table::KEYS;
use crate::{Recipe, RecipeError};

/// What may change when a run goes on: how long it goes on, where and with how many threads it is computed, and how often it
/// is saved.
const MAY_CHANGE: [&str; 8] =
    ["epochs", "patience", "workers", "backend", "device", "checkpoint_hist", "recovery_interval", "recovery_minutes"];

impl Recipe {
    /// The defaults, overridden by a recipe file's text, overridden by flags.
    ///
    /// # Errors
    /// [`RecipeError::Syntax`], [`RecipeError::UnknownKey`], [`RecipeError::Value`].
    pub fn resolve(file: Option<&str>, flags: toml::Table) -> Result<Self, RecipeError> {
        Self::of(into_section(parse(file.unwrap_or(""))?), into_section(flags))
    }

    /// The defaults, overridden by one table, overridden by another, both with their sections in place.
    pub(crate) fn of(mut table: toml::Table, flags: toml::Table) -> Result<Self, RecipeError> {
        merge(&mut table, flags);
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let near = nearest(&key.replace('-', "_"), KEYS.iter().chain(augment::KEYS).copied()).into_iter().next();
            return Err(RecipeError::UnknownKey { key: key.clone(), nearest: near });
        }
        let says_lr = table.contains_key("lr");
        let mut recipe: Self = table.try_into().map_err(|e: toml::de::Error| syntax(&e))?;
        if !says_lr {
            recipe.lr = recipe.default_lr();
        }
        recipe.check()?;
        Ok(recipe)
    }

    /// The recipe of a run that goes on, overridden by the flags that may change: how long it goes on, where and with how
    /// many threads it is computed, and how often it is saved.
    ///
    /// # Errors
    /// [`RecipeError::FixedByRun`] for any other flag that differs, and those of [`Recipe::resolve`].
    pub fn resume(file: &str, flags: toml::Table) -> Result<Self, RecipeError> {
        let before = Self::resolve(Some(file), toml::Table::new())?;
        let after = Self::resolve(Some(file), flags.clone())?;
        let table = |recipe: &Self| toml::Table::try_from(recipe).map_err(|e| syntax(&e));
        let (old, new) = (table(&before)?, table(&after)?);
        let value =
            |table: &toml::Table, key: &str| table.get(key).or_else(|| table.get("augment").and_then(|section| section.get(key))).cloned();
        match flags.keys().find(|key| !MAY_CHANGE.contains(&key.as_str()) && value(&old, key) != value(&new, key)) {
            Some(key) => {
                let may = MAY_CHANGE.map(|key| format!("--{}", key.replace('_', "-"))).join(", ");
                Err(RecipeError::FixedByRun { flag: key.replace('_', "-"), may })
            }
            None => Ok(after),
        }
    }

    /// The recipe as TOML.
    ///
    /// # Errors
    /// [`RecipeError::Syntax`] where a path is not Unicode.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|e| syntax(&e))
    }
}

pub(crate) fn parse(text: &str) -> Result<toml::Table, RecipeError> {
    text.parse().map_err(|e: toml::de::Error| syntax(&e))
}

fn syntax(error: &dyn std::fmt::Display) -> RecipeError {
    RecipeError::Syntax { reason: one_line(&error.to_string()) }
}

fn one_line(text: &str) -> String {
    let quoted = |line: &&str| !line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    text.lines().filter(quoted).map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}
