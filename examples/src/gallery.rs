//! A trained digit classifier drawn as SVG: how its accuracy grew, what it says of new digits, and its mistakes.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData, activation::softmax};
use burn_zoo::Classifier;
use zoo_datasets::{DataOptions, Image, Preprocess, Transform};
use zoo_weights::WeightsFile;

/// A test picture and what the model says of it.
struct Seen {
    image: Image,
    label: usize,
    guess: usize,
    probability: f32,
}

const COLUMNS: usize = 9;
const CELL: usize = 56;
const CHART: [usize; 2] = [300, 250];

/// The picture of a run of `train` on the digits: `RUN_FOLDER/summary.csv` and `RUN_FOLDER/best.safetensors`.
pub fn draw(run_folder: &Path, device: &Device) -> Result<String, Box<dyn Error>> {
    let accuracies = accuracies(&std::fs::read_to_string(run_folder.join("summary.csv"))?)?;
    let (name, seen) = classify(&run_folder.join("best.safetensors"), device)?;
    let right = seen.iter().filter(|s| s.guess == s.label).count();
    let mistakes: Vec<&Seen> = seen.iter().filter(|s| s.guess != s.label).take(COLUMNS).collect();
    let width = CHART[0] + 60 + COLUMNS * CELL;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} 350\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"350\" fill=\"#ffffff\"/>\n"
    );
    chart(&mut svg, &accuracies)?;
    let x = CHART[0] + 50;
    writeln!(svg, "<text x=\"{x}\" y=\"22\">{name} on digits it never saw: {right} of {} right</text>", seen.len())?;
    for (place, seen) in seen.iter().take(3 * COLUMNS).enumerate() {
        digit(&mut svg, seen, [x + place % COLUMNS * CELL, 34 + place / COLUMNS * 72])?;
    }
    writeln!(svg, "<text x=\"{x}\" y=\"268\">its mistakes</text>")?;
    for (place, seen) in mistakes.iter().enumerate() {
        digit(&mut svg, seen, [x + place * CELL, 278])?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Top-1 accuracy on the validation pictures after each epoch, in per cent.
fn accuracies(summary: &str) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut lines = summary.lines();
    let column = lines.next().and_then(|heading| heading.split(',').position(|name| name == "eval_top1")).ok_or("no column eval_top1")?;
    lines.map(|line| Ok(line.split(',').nth(column).ok_or("a short line")?.parse::<f64>()? * 100.0)).collect()
}

/// The model's name, and all test pictures with what it says of them.
fn classify(weights: &Path, device: &Device) -> Result<(String, Vec<Seen>), Box<dyn Error>> {
    let file = WeightsFile::read(weights)?;
    let meta = file.meta().clone();
    let name = meta.model.ok_or("the weights do not say their model")?;
    let mut model = burn_zoo::build(&name, &meta.options.unwrap_or_default(), device)?;
    zoo_weights::load(&mut model, &file)?;
    let transform: Transform = serde_json::from_value(meta.transform.ok_or("the weights do not say their preprocessing")?)?;
    let test = zoo_datasets::open("digits", &DataOptions::default())?.test;
    let mut samples = vec![];
    let mut values = vec![];
    let mut shape = [0; 3];
    for index in 0..test.len() {
        let sample = test.get(index)?;
        shape = transform.apply(&sample.image, 0, &mut values)?;
        samples.push(sample);
    }
    let [channels, height, width] = shape;
    let images = Tensor::<4>::from_data(TensorData::new(values, [samples.len(), channels, height, width]), device);
    let logits = model.forward(images);
    let classes = logits.dims()[1];
    let probabilities = softmax(logits, 1).try_into_vec_as::<f32>()?;
    let seen = samples.into_iter().zip(probabilities.chunks(classes)).map(|(sample, row)| {
        let (guess, probability) = row.iter().copied().enumerate().fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
        Seen { image: sample.image, label: sample.label, guess, probability }
    });
    Ok((name, seen.collect()))
}

/// A digit of `[height, width]` pixels as a square of 44, and below it the guess.
fn digit(svg: &mut String, seen: &Seen, [x, y]: [usize; 2]) -> std::fmt::Result {
    let (height, width) = (seen.image.height(), seen.image.width());
    let step = 44.0 / height as f64;
    let colour = if seen.guess == seen.label { "#1a7f37" } else { "#cf222e" };
    writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"44\" height=\"44\" fill=\"#000000\"/>")?;
    let grey = seen.image.to_grey();
    for row in 0..height {
        for column in 0..width {
            let value = grey.pixels()[row * width + column];
            if value > 0 {
                let (left, top) = (x as f64 + column as f64 * step, y as f64 + row as f64 * step);
                writeln!(
                    svg,
                    "<rect x=\"{left}\" y=\"{top}\" width=\"{step}\" height=\"{step}\" fill=\"#{value:02x}{value:02x}{value:02x}\"/>"
                )?;
            }
        }
    }
    let said = if seen.guess == seen.label { String::new() } else { format!(" not {}", seen.label) };
    let (guess, percent) = (seen.guess, seen.probability * 100.0);
    let text = if said.is_empty() { format!("{guess}  {percent:.0}%") } else { format!("{guess}{said}") };
    writeln!(svg, "<text x=\"{x}\" y=\"{}\" fill=\"{colour}\">{text}</text>", y + 58)
}

/// The accuracy over the epochs.
fn chart(svg: &mut String, accuracies: &[f64]) -> std::fmt::Result {
    let [width, height] = CHART.map(|side| side as f64);
    let (left, top) = (40.0, 34.0);
    let least = (accuracies.iter().copied().fold(80.0, f64::min) / 20.0).floor() * 20.0;
    let x = |epoch: f64| left + epoch / (accuracies.len().max(2) - 1) as f64 * (width - left);
    let y = |accuracy: f64| top + (100.0 - accuracy) / (100.0 - least) * height;
    writeln!(svg, "<text x=\"{left}\" y=\"22\">validation accuracy in per cent, by epoch</text>")?;
    for mark in 0..=5 {
        let accuracy = least + (100.0 - least) * f64::from(mark) / 5.0;
        let at = y(accuracy);
        writeln!(svg, "<line x1=\"{left}\" x2=\"{width}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#d0d7de\"/>")?;
        writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{accuracy:.0}</text>", left - 6.0, at + 4.0)?;
    }
    for mark in 0..=4 {
        let epoch = (accuracies.len().max(1) - 1) as f64 * f64::from(mark) / 4.0;
        writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{epoch:.0}</text>", x(epoch), top + height + 18.0)?;
    }
    let points: Vec<String> = accuracies.iter().enumerate().map(|(epoch, &a)| format!("{:.1},{:.1}", x(epoch as f64), y(a))).collect();
    writeln!(svg, "<polyline fill=\"none\" stroke=\"#0969da\" stroke-width=\"2\" points=\"{}\"/>", points.join(" "))
}
