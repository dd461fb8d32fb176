//! A run that is killed again and again, at any moment, ends as one that never was.
//!
//! Twenty kills in the suite; a hundred are one command: `cargo test -p train --test kills -- --ignored`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{checkpoints, path, train};

/// Checkpoints within epochs and at their ends, dropout, accumulation, clipping, mixing, repeated augmentation, the average of the
/// weights and a schedule that watches: all that has a state, in steps of milliseconds.
const RECIPE: &[&str] = &[
    "--limit",
    "192",
    "--batch-size",
    "8",
    "--grad-accum-steps",
    "2",
    "--clip-grad",
    "0.5",
    "--dropout",
    "0.2",
    "--smoothing",
    "0.1",
    "--checkpoint-hist",
    "2",
    "--recovery-interval",
    "3",
    "--log-interval",
    "1",
    "--mixup",
    "0.2",
    "--cutmix",
    "1.0",
    "--aug-repeats",
    "3",
    "--pad-pixels",
    "1",
    "--model-ema",
    "--model-ema-decay",
    "0.9",
    "--sched",
    "plateau",
    "--patience-epochs",
    "0",
    "--decay-rate",
    "0.8",
    "--warmup-epochs",
    "2",
    "--tensorboard",
];

/// SplitMix64: a test that failed fails again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// The log without what a clock says.
fn log(run: &Path) -> Vec<BTreeMap<String, serde_json::Value>> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let line = |line: &str| {
        let mut values: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        for timed in ["images_per_second", "data_wait", "seconds"] {
            values.remove(timed).unwrap();
        }
        values
    };
    text.lines().map(line).collect()
}

/// Lines of a run's log; a killed one may end with half a line.
fn progress(run: &str) -> usize {
    std::fs::read(Path::new(run).join("metrics.jsonl")).map_or(0, |log| log.iter().filter(|byte| **byte == b'\n').count())
}

fn killed(kills: usize, epochs: &str, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (path(folder.path(), "whole"), path(folder.path(), "broken"));
    let mut random = Random(seed);
    let start = |random: &mut Random, run: &str| {
        let workers = random.below(4).to_string();
        let mut command = if Path::new(run).join("config.toml").exists() {
            train(&["--resume", run, "--workers", &workers])
        } else {
            train(&[RECIPE, &["--epochs", epochs, "--workers", &workers, "--output", run]].concat())
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let begun = Instant::now();
    assert!(start(&mut random, &whole).status().unwrap().success());
    let unbroken = begun.elapsed();
    // Where to kill is said in lines of the log, so that a machine that is now busy and then idle makes no difference; the last
    // third of the run is left alone.
    let share = progress(&whole) * 2 / 3 / kills;
    assert!(share >= 5, "too short a run for {kills} kills");
    let mut places = std::collections::BTreeSet::new();
    for kill in 0..kills {
        let mut child = start(&mut random, &broken).spawn().unwrap();
        // Each fourth kill comes while the program starts, reads its checkpoint and takes its first steps.
        let target = if kill % 4 == 3 { 0 } else { kill * share + random.below(share as u64) as usize };
        let waiting = Instant::now();
        while progress(&broken) < target {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself before line {target}");
            assert!(waiting.elapsed() < Duration::from_secs(300), "it hangs before line {target}");
            std::thread::sleep(Duration::from_micros(500));
        }
        // Anywhere within the next steps and their checkpoint.
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!Path::new(&broken).join("result.json").exists(), "kill {kill} of {kills} came too late to test anything");
        places.extend(checkpoints(&broken).first().cloned());
    }
    assert!(places.len() >= kills / 2, "the run got nowhere between the kills: {places:?}");
    let last = start(&mut random, &broken).stderr(Stdio::piped()).output().unwrap();
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    let read = |run: &str, name: &str| std::fs::read(Path::new(run).join(name)).unwrap();
    let names = |run: &str| {
        let names = std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with("state-") && !name.starts_with("events.")).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&broken), names(&whole), "the same files, and nothing half written");
    let weights: Vec<String> = names(&whole).into_iter().filter(|name| name.ends_with(".safetensors")).collect();
    assert_eq!(weights.len(), 6, "{weights:?}");
    for name in weights.iter().map(String::as_str).chain(["summary.csv", "evaluation.json", "per_class.csv"]) {
        assert!(read(&whole, name) == read(&broken, name), "{name} differs");
    }
    assert_eq!(log(Path::new(&broken)), log(Path::new(&whole)), "no line is missing or there twice");
    println!("{kills} kills; {} checkpoints were gone on from; {unbroken:.1?} unbroken, {:.1?} in all", places.len(), begun.elapsed());
}

#[test]
fn twenty_kills_change_nothing() {
    killed(20, "30", 1);
}

#[test]
#[ignore = "minutes"]
fn a_hundred_kills_change_nothing() {
    killed(100, "120", 2);
}
