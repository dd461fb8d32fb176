//! Pictures a second on one core, from JPEG files to normalised values: training with random resized crop to 224 and flip,
//! evaluation, and training with RandAugment and random erasing besides, from files and from decoded pictures.
//! `data_decode ROUNDS FILE...`.
//!
//! With `PYTHON=/path/of/python` (torch, torchvision, Pillow), `data_decode.py` does the same with torchvision and Pillow in
//! turn with it, round by round, so that what else the machine does meets both.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use zoo_benches::median;
use zoo_datasets::{AugmentConfig, EraseMode, Image, Preprocess, RandomResizedCrop, Resize, Transform, decode};

/// Pictures in a round, of each contender and kind.
const PICTURES: usize = 200;

/// What is measured, in the order in which `data_decode.py` prints its times.
const KINDS: [&str; 4] = [
    "training (random resized crop 224, flip)",
    "evaluation (resize 256, crop 224)",
    "training with RandAugment and random erasing",
    "the same, from decoded pictures",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, files @ ..] = words.as_slice() else { return Err("give a number of rounds and JPEG files".into()) };
    let rounds: usize = rounds.parse()?;
    let pictures = files.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    if pictures.is_empty() {
        return Err("give at least one JPEG file".into());
    }
    let transform = Transform { crop: Some([224, 224]), resize: Resize::None, ..Transform::imagenet() };
    let crop = RandomResizedCrop::new(transform.clone());
    let evaluation = AugmentConfig::default().preprocess(Transform::imagenet())?;
    let config = AugmentConfig {
        scale: Some([0.08, 1.0]),
        hflip: 0.5,
        auto_augment: Some("ra".parse()?),
        reprob: 0.25,
        remode: EraseMode::Const,
        ..AugmentConfig::default()
    };
    let augmented = config.preprocess(transform)?;
    let decoded: Vec<Image> = pictures.iter().map(|bytes| decode(bytes)).collect::<Result<_, _>>()?;
    let mut python = std::env::var("PYTHON").ok().map(|python| Python::start(&python, files)).transpose()?;
    let mut values = Vec::new();
    let mut run = |kind: usize, seed: u64| -> Result<f64, Box<dyn std::error::Error>> {
        let preprocess: &dyn Preprocess = [&crop as &dyn Preprocess, &*evaluation, &*augmented, &*augmented][kind];
        let begun = Instant::now();
        for number in 0..PICTURES {
            values.clear();
            let (picture, seed) = (number % pictures.len(), seed + number as u64);
            if kind == 3 {
                preprocess.apply(&decoded[picture], seed, &mut values)?;
            } else {
                preprocess.apply_encoded(&pictures[picture], seed, &mut values)?;
            }
        }
        Ok(begun.elapsed().as_secs_f64() / PICTURES as f64 * 1e3)
    };
    let (mut ours, mut theirs) = (vec![vec![]; KINDS.len()], vec![vec![]; KINDS.len()]);
    for round in 0..rounds as u64 + 1 {
        let seed = round * PICTURES as u64;
        let own = (0..KINDS.len()).map(|kind| run(kind, seed)).collect::<Result<Vec<_>, _>>()?;
        let other = python.as_mut().map(|python| python.round()).transpose()?;
        // The first round warms up.
        if round > 0 {
            ours.iter_mut().zip(own).for_each(|(times, time)| times.push(time));
            theirs.iter_mut().zip(other.into_iter().flatten()).for_each(|(times, time)| times.push(time));
        }
    }
    for ((kind, ours), theirs) in KINDS.iter().zip(&ours).zip(&theirs) {
        println!("{kind}: {}", sentence(ours, theirs));
    }
    Ok(())
}

fn sentence(ours: &[f64], theirs: &[f64]) -> String {
    let own = median(ours.to_vec());
    let mut text = format!("{own:.3} ms a picture, {:.0} pictures/s a core", 1e3 / own);
    if !theirs.is_empty() {
        let ratio = median(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect());
        text += &format!("; torchvision and Pillow {:.3} ms, {ratio:.2} times as long", median(theirs.to_vec()));
    }
    text
}

/// The other contender, which waits for a line before each round.
struct Python {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    fn start(python: &str, files: &[String]) -> Result<Self, Box<dyn std::error::Error>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/data_decode.py");
        let mut child = Command::new(python).arg(script).args(files).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or("no pipe to python")?;
        Ok(Self { _child: child, input, output: BufReader::new(output) })
    }

    /// Milliseconds a picture of each kind.
    fn round(&mut self) -> Result<[f64; KINDS.len()], Box<dyn std::error::Error>> {
        writeln!(self.input, "{PICTURES}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let times = line.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        <[f64; KINDS.len()]>::try_from(times).map_err(|_| "python ended".into())
    }
}
