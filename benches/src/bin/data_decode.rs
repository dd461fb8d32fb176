//! Pictures a second on one core: decode, random resized crop to 224, flip, normalise. `data_decode ROUNDS FILE...`.
//!
//! With `PYTHON=/path/of/python` (torch, torchvision, Pillow), `data_decode.py` does the same with torchvision and Pillow in
//! turn with it, round by round, so that what else the machine does meets both.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use zoo_benches::median;
use zoo_datasets::{Augment, Preprocess, RandomResizedCrop, Resize, Transform};

/// Pictures in a round, of each contender.
const PICTURES: usize = 200;

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
    // The exact way of evaluation, on the same pictures: all of it decoded, resize 256, crop 224.
    let evaluation = Augment { transform: Transform::imagenet(), flip: 0.0, pad_pixels: 0 };
    let mut python = std::env::var("PYTHON").ok().map(|python| Python::start(&python, files)).transpose()?;
    let mut values = Vec::new();
    let mut run = |preprocess: &dyn Preprocess, seed: u64| -> Result<f64, Box<dyn std::error::Error>> {
        let begun = Instant::now();
        for number in 0..PICTURES {
            values.clear();
            preprocess.apply_encoded(&pictures[number % pictures.len()], seed + number as u64, &mut values)?;
        }
        Ok(begun.elapsed().as_secs_f64() / PICTURES as f64 * 1e3)
    };
    let (mut ours, mut exact, mut theirs, mut theirs_exact) = (vec![], vec![], vec![], vec![]);
    for round in 0..rounds as u64 + 1 {
        let seed = round * PICTURES as u64;
        let times = [run(&crop, seed)?, run(&evaluation, seed)?];
        let python_times = python.as_mut().map(|python| python.round()).transpose()?;
        // The first round warms up.
        if round > 0 {
            ours.push(times[0]);
            exact.push(times[1]);
            python_times.iter().for_each(|[train, valid]| {
                theirs.push(*train);
                theirs_exact.push(*valid);
            });
        }
    }
    println!("training (random resized crop 224): {}", sentence(&ours, &theirs));
    println!("evaluation (resize 256, crop 224):  {}", sentence(&exact, &theirs_exact));
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

    /// Milliseconds a picture for training and evaluation.
    fn round(&mut self) -> Result<[f64; 2], Box<dyn std::error::Error>> {
        writeln!(self.input, "{PICTURES}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let times = line.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        <[f64; 2]>::try_from(times).map_err(|_| "python ended".into())
    }
}
