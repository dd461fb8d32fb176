//! Mixed precision: what is computed in bfloat16 is nearly what f32 gives, and what is kept is in f32.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use burn::tensor::Device;
use burn_zoo::ModelInfo;
use zoo_recipes::{Ended, Interrupter, Recipe, Silent, rehearse, train};
use zoo_weights::WeightsFile;

/// Parameters of what is always tried; all other families with `RECIPES=all` only.
const SMALL: usize = 6_000_000;

/// A device's seed is the process's: one test at a time, or weights and dropout would be drawn from the other's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The smallest model of each family.
fn smallest() -> impl Iterator<Item = ModelInfo> {
    let mut found = BTreeMap::new();
    for listed in burn_zoo::models() {
        let least = found.entry(listed.family).or_insert(listed.info);
        if listed.info.params < least.params {
            *least = listed.info;
        }
    }
    found.into_values()
}

#[test]
fn every_family_takes_nearly_the_same_step() {
    let _alone = ONE_AT_A_TIME.lock();
    let device = Device::flex();
    let all = std::env::var("RECIPES").is_ok_and(|v| v == "all");
    for info in smallest().filter(|info| all || info.params < SMALL) {
        let plain = Recipe { model: info.name.to_owned(), dataset: "shapes".to_owned(), batch_size: 2, ..Recipe::default() };
        // Without chance, where a family has any; and large enough that no batch norm sees few values: of two it leaves the sign.
        let rates = [(Some(0.0), Some(0.0)), (Some(0.0), None), (None, Some(0.0)), (None, None)];
        let sizes = [info.input[1].min(64), info.input[1]]
            .into_iter()
            .flat_map(|size| rates.map(|(dropout, drop_path)| (size, dropout, drop_path)));
        let mut candidates = sizes.map(|(size, dropout, drop_path)| Recipe { image_size: Some(size), dropout, drop_path, ..plain.clone() });
        let plain = candidates.find(|recipe| recipe.preview(&device).is_ok()).unwrap();
        let [wide, narrow] = [false, true].map(|amp| rehearse(&Recipe { amp, ..plain.clone() }, &device).unwrap());
        eprintln!("{}: {wide} | {narrow}", info.name);
        // Batch norm of so few values makes much of little; a step of a deep network still more.
        let off = |a: f64, b: f64| ((a - b) / a).abs();
        assert!(off(wide.loss, narrow.loss) < 0.25, "{wide}; {narrow}");
        assert!(info.params >= SMALL || off(wide.eval_loss, narrow.eval_loss) < 0.1, "{wide}; {narrow}");
        assert_ne!(wide.eval_loss, narrow.eval_loss, "{}", info.name);
    }
}

/// The test accuracy and the weights after a run.
fn run(recipe: &Recipe, folder: &Path) -> (f64, Vec<f32>) {
    let Ended::Finished(found) = train(recipe, folder, false, &Device::flex(), &Interrupter::new(), &mut Silent).unwrap() else {
        panic!("interrupted");
    };
    let tensors = WeightsFile::read(&folder.join("last.safetensors")).unwrap().into_tensors().unwrap();
    (found.test_top1, tensors.into_iter().flat_map(|tensor| tensor.values).collect())
}

#[test]
fn a_run_learns_as_well_and_keeps_weights_in_f32() {
    let _alone = ONE_AT_A_TIME.lock();
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe { model: "custom".to_owned(), epochs: 2, workers: 0, limit: Some(256), ..Recipe::default() };
    let (wide, _) = run(&recipe, &folder.path().join("wide"));
    let (narrow, weights) = run(&Recipe { amp: true, ..recipe.clone() }, &folder.path().join("narrow"));
    // Ten classes.
    assert!(wide > 0.3 && narrow > wide - 0.1, "{wide} {narrow}");
    // Of bfloat16 the lower half of the bits would be zero.
    let fine = weights.iter().filter(|weight| weight.to_bits() & 0xffff != 0).count();
    assert!(fine > weights.len() / 2, "{fine} of {}", weights.len());
    // What is far below the last bit of a bfloat16 weight still adds up.
    let slow = Recipe { amp: true, lr: 1e-7, limit: Some(64), ..recipe };
    let (_, first) = run(&Recipe { epochs: 1, ..slow.clone() }, &folder.path().join("first"));
    let (_, second) = run(&Recipe { epochs: 2, ..slow }, &folder.path().join("second"));
    assert_ne!(first, second);
}
