//! What the loop's settings do to a run.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use zoo_core::params::NamedTensor;
use zoo_recipes::{
    Ended, EpochReport, Interrupter, OptimizerKind, Outcome, Progress, Recipe, ScheduleKind, StartReport, StepReport, train,
};
use zoo_weights::WeightsFile;

/// Burn's stream of random numbers is the process's: two runs at a time would draw from each other's.
static TURN: Mutex<()> = Mutex::new(());

#[derive(Default)]
struct Heard {
    notes: Vec<String>,
    steps: Vec<StepReport>,
}

impl Progress for Heard {
    fn start(&mut self, _: &StartReport<'_>) {}
    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
    fn step(&mut self, report: &StepReport) {
        self.steps.push(*report);
    }
    fn epoch(&mut self, _: &EpochReport<'_>) {}
}

/// Plain SGD on a few digits: what a step does can be told from the weights.
fn recipe() -> Recipe {
    Recipe {
        limit: Some(48),
        batch_size: 16,
        epochs: 1,
        workers: 0,
        opt: OptimizerKind::Sgd,
        momentum: 0.0,
        weight_decay: 0.0,
        lr: 0.05,
        sched: ScheduleKind::Constant,
        ..Recipe::default()
    }
}

fn run(recipe: &Recipe, folder: &Path) -> (Outcome, Heard) {
    let mut heard = Heard::default();
    match train(recipe, folder, false, &Device::flex(), &Interrupter::new(), &mut heard).unwrap() {
        Ended::Finished(outcome) => (outcome, heard),
        Ended::Interrupted { .. } => panic!("nobody interrupted it"),
    }
}

fn weights(folder: &Path, name: &str) -> Vec<NamedTensor> {
    WeightsFile::read(&folder.join(name)).unwrap().into_tensors().unwrap()
}

fn distance(a: &[NamedTensor], b: &[NamedTensor]) -> f64 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.values.iter().zip(&b.values));
    pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

fn lines(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn small_batches_that_are_averaged_are_one_large_batch() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    // 48 pictures of which the last step has 8: 5 + 3 and 8.
    let large = Recipe { batch_size: 20, ..recipe() };
    run(&large, &path("large"));
    let small = Recipe { batch_size: 5, grad_accum_steps: 4, ..recipe() };
    let (_, heard) = run(&small, &path("small"));
    assert_eq!(heard.steps.iter().map(|s| s.images).collect::<Vec<_>>(), [20, 40, 48]);
    let still = Recipe { lr: 1e-30, ..large };
    run(&still, &path("still"));
    let [large, small, still] = ["large", "small", "still"].map(|name| weights(&path(name), "last.safetensors"));
    let (apart, moved) = (distance(&large, &small), distance(&large, &still));
    assert!(moved > 1e-3 && apart < moved * 1e-4, "{apart} {moved}");
}

#[test]
fn a_clipped_step_is_as_long_as_its_limit() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let one = Recipe { limit: Some(16), ..recipe() };
    run(&Recipe { lr: 1e-30, ..one.clone() }, &path("still"));
    run(&Recipe { clip_grad: Some(0.01), lr: 0.5, ..one.clone() }, &path("clipped"));
    run(&Recipe { clip_grad: Some(1e6), ..one.clone() }, &path("loose"));
    run(&one, &path("free"));
    let [still, clipped, loose, free] = ["still", "clipped", "loose", "free"].map(|name| weights(&path(name), "last.safetensors"));
    let step = distance(&still, &clipped);
    assert!((step - 0.5 * 0.01).abs() < 1e-5, "{step}");
    assert!(loose == free, "a limit that is not reached changes nothing");
}

#[test]
fn patience_ends_a_run_and_the_best_are_kept() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("run");
    let recipe = Recipe { lr: 1e-12, epochs: 9, patience: Some(2), checkpoint_hist: 2, save_batches: 2, log_interval: 2, ..recipe() };
    let (outcome, heard) = run(&recipe, &folder);
    assert!(outcome.stopped_early && outcome.epochs == 3 && outcome.best_epoch == 0, "{outcome:?}");
    assert!(heard.notes.iter().any(|note| note.contains("nothing better than epoch 0 came in 2 epochs")), "{:?}", heard.notes);
    // Of equals the first are kept.
    assert!(weights(&folder, "checkpoint-0.safetensors") == weights(&folder, "best.safetensors"));
    assert!(folder.join("checkpoint-1.safetensors").exists() && !folder.join("checkpoint-2.safetensors").exists());
    // Going on with more patience is possible; with the same it stays at its end.
    let on = |recipe: &Recipe| train(recipe, &folder, true, &Device::flex(), &Interrupter::new(), &mut Heard::default()).unwrap();
    let Ended::Finished(same) = on(&recipe) else { panic!() };
    assert_eq!((same.epochs, same.test_loss), (outcome.epochs, outcome.test_loss));
    // What a kill left between a checkpoint and its clearing up goes; what has another name stays.
    for name in ["checkpoint-2.safetensors", "checkpoint-mine.safetensors"] {
        std::fs::write(folder.join(name), "left").unwrap();
    }
    let Ended::Finished(more) = on(&Recipe { patience: Some(4), ..recipe }) else { panic!() };
    assert_eq!((more.epochs, more.stopped_early), (5, true));
    assert!(folder.join("checkpoint-1.safetensors").exists() && !folder.join("checkpoint-2.safetensors").exists());
    assert!(folder.join("checkpoint-mine.safetensors").exists());

    let found = lines(&folder);
    let of = |event: &str| found.iter().filter(|line| line["event"] == event).cloned().collect::<Vec<_>>();
    assert_eq!(of("train").iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 4, 6, 8, 10, 12, 14]);
    assert_eq!(of("epoch").iter().map(|line| line["epoch"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let last = of("epoch").pop().unwrap();
    let fraction = |key: &str| (0.0..=1.0).contains(&last[key].as_f64().unwrap());
    assert!(["train_top1", "train_top5", "eval_top1", "eval_top5", "data_wait"].into_iter().all(fraction), "{last}");
    assert!(last["train_top5"].as_f64() >= last["train_top1"].as_f64() && last["images_per_second"].as_f64().unwrap() > 0.0);

    // 16 digits in two rows.
    let sheet = std::fs::read(folder.join("train-batch-1.png")).unwrap();
    let size = |at: usize| u32::from_be_bytes(sheet[at..at + 4].try_into().unwrap());
    assert!(size(16) > 1000 && size(20) > 200, "{} {}", size(16), size(20));
    assert!(!folder.join("train-batch-2.png").exists());
}

#[test]
fn steps_say_what_a_user_wants_to_know() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = tempfile::tempdir().unwrap();
    let (outcome, heard) = run(&Recipe { epochs: 2, smoothing: 0.1, ..recipe() }, &place.path().join("run"));
    assert_eq!(heard.steps.len(), 6);
    for step in &heard.steps {
        assert!(step.top1 <= step.top5 && step.top5 <= 1.0 && (0.0..=1.0).contains(&step.data_wait), "{step:?}");
        assert!(step.images_per_second > 0.0 && step.seconds_left >= 0.0);
    }
    let shown = heard.steps[2].to_string();
    for part in ["Train: 0 [   3/3 (100%)]", "Loss: ", "Acc@1: ", "Acc@5: ", "LR: 5.000e-2", " img/s", "Data: ", "Left: "] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(heard.steps[5].seconds_left < heard.steps[1].seconds_left + 1.0);
    assert!(outcome.data_wait < 1.0 && outcome.train_seconds > 0.0);
}
