//! Every recipe in `configs/`: read, previewed, and one step of it on generated pictures.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use zoo_recipes::{Recipe, RecipeFile, rehearse};

/// All recipes: those of files with several runs each by its name.
fn recipes() -> BTreeMap<String, (String, Recipe)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let file = RecipeFile::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let recipe = |run| file.recipe(run, toml::Table::new()).unwrap_or_else(|error| panic!("{name}: {error}"));
        if file.names().next().is_none() {
            all.insert(name.clone(), (text.clone(), recipe(None)));
        }
        for run in file.names() {
            all.insert(format!("{name}, {run}"), (text.clone(), recipe(Some(run))));
        }
    }
    all
}

#[test]
fn each_says_where_it_is_from_and_is_its_own_text_again() {
    let recipes = recipes();
    assert!(recipes.len() >= 50, "{}", recipes.len());
    for (name, (text, recipe)) in recipes {
        assert!(text.starts_with("# "), "{name} begins with what it is");
        // The project's own have nobody else's result.
        if !["accuracy", "digits", "shapes", "project"].iter().any(|own| name.starts_with(own)) {
            assert!(text.contains("# Source: ") && text.to_lowercase().contains("published"), "{name} has a source and a published result");
        }
        assert!(text.lines().all(|line| line.len() <= 150), "{name} has long lines");
        let again = Recipe::resolve(Some(&recipe.to_toml().unwrap()), toml::Table::new()).unwrap();
        assert_eq!(again, recipe, "{name}");
    }
}

#[test]
fn each_can_be_previewed() {
    let device = Device::flex();
    for (name, (_, recipe)) in recipes() {
        let preview = recipe.preview(&device).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(preview.contains(&recipe.model) && preview.contains("multiply-accumulates"), "{name}: {preview}");
    }
}

/// A minute or two. Transformers take as long each, and are tried with `RECIPES=all` only.
#[test]
fn each_takes_a_step() {
    zoo_flex::register();
    let device = Device::flex();
    let all = std::env::var("RECIPES").is_ok_and(|which| which == "all");
    let slow = |model: &str| ["vit", "swin", "maxvit", "convnext"].iter().any(|family| model.starts_with(family));
    for (name, (_, recipe)) in recipes().into_iter().filter(|(_, (_, recipe))| all || !slow(&recipe.model)) {
        let done = rehearse(&recipe, &device).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {done}");
        assert!(done.loss.is_finite() && done.eval_loss.is_finite(), "{name}: {done}");
        let side = recipe.train_image_size.or(recipe.image_size).unwrap_or(done.input[2]);
        assert_eq!(done.input[2..], [side, side], "{name}");
        assert!(done.lr <= recipe.lr, "{name}");
    }
}
