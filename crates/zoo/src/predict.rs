//! `zoo predict`: what a trained model sees in pictures.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::Classifier;
use serde::Serialize;
use zoo_datasets::Preprocess;

use crate::checkpoint::{Checkpoint, Origin};
use crate::cli::PredictArgs;
use crate::forward::Forward;
use crate::table::{Align, Table};
use zoo_cli::output;
use zoo_cli::{Failure, sentence};

/// A line of JSON.
#[derive(Debug, Serialize)]
struct Prediction<'a> {
    image: &'a str,
    model: &'a str,
    top: Vec<Guess>,
}

#[derive(Debug, Serialize)]
struct Guess {
    index: usize,
    label: String,
    logit: f32,
    probability: f64,
}

pub(crate) fn run(args: &PredictArgs) -> Result<(), Failure> {
    let origin = args.trained.origin(args.model_and_images.first().map(String::as_str))?;
    let (model, images) = match &origin {
        Origin::File(file) => split(&args.model_and_images, file.model()),
        Origin::Published(_) => (args.model_and_images.first().map(String::as_str), args.model_and_images.get(1..).unwrap_or_default()),
    };
    if images.is_empty() {
        return Err(Failure::Usage("no picture was given; the form is: zoo predict [MODEL] IMAGE... --weights FILE".to_owned()));
    }
    let device = args.compute.open()?;
    let (loaded, checkpoint) = args.trained.load(origin, model, &device)?.take_model();
    let again = || Ok(args.trained.load(args.trained.origin(model)?, model, &device)?.model);
    let (mut loaded, mut forward) = (Some(loaded), None);
    let images_given = images.len();
    let mut logits = |images: Tensor<4>| match &forward {
        Some(forward) => Forward::logits(forward, images),
        None => {
            let shape = images.dims();
            let model = loaded.take().map_or_else(again, Ok)?;
            if let Err(error) = model.check_input([shape[1], shape[2], shape[3]]) {
                loaded = Some(model);
                return Err(error.into());
            }
            // Made for the first picture; the others may have other shapes.
            forward.insert(args.compute.forward_owned(model, shape, images_given > 1, again)?).logits(images)
        }
    };
    let mut failed = false;
    for image in images {
        match predict(&checkpoint, image, args, &mut logits, &device) {
            Ok(prediction) if args.json => output::json_line(&prediction)?,
            Ok(prediction) => output::write(&prediction.render())?,
            Err(Failure::Failed(message)) => {
                eprintln!("error: {message}");
                failed = true;
            }
            Err(other) => return Err(other),
        }
    }
    if failed { Err(Failure::Reported) } else { Ok(()) }
}

/// The first word is the model if it is a model's name or a definition's file, or if it can be no picture.
fn split<'a>(words: &'a [String], file_model: Option<&str>) -> (Option<&'a str>, &'a [String]) {
    match words.split_first() {
        Some((first, rest)) => {
            let is_model = burn_zoo::info(first).is_some() || first.ends_with(".toml");
            let is_no_picture = !first.contains(['.', '/', '\\']) && !Path::new(first).exists();
            let needed = file_model.is_none() && words.len() > 1 && !Path::new(first).exists();
            if is_model || is_no_picture || needed { (Some(first), rest) } else { (None, words) }
        }
        None => (None, words),
    }
}

fn predict<'a>(
    checkpoint: &'a Checkpoint<()>,
    image: &'a str,
    args: &PredictArgs,
    logits: &mut impl FnMut(Tensor<4>) -> Result<Vec<f32>, Failure>,
    device: &Device,
) -> Result<Prediction<'a>, Failure> {
    let picture = zoo_datasets::read_image(Path::new(image)).map_err(|e| Failure::failed(&e))?;
    let mut values = vec![];
    let shape = checkpoint
        .transform
        .apply(&picture, 0, &mut values)
        .map_err(|e| Failure::Failed(format!("cannot preprocess `{image}`: {}", sentence(&e))))?;
    let [channels, height, width] = shape;
    let images = Tensor::<4>::from_data(TensorData::new(values, [1, channels, height, width]), device);
    let logits = logits(images)?;
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Err(Failure::Failed(format!("the logits for `{image}` are not finite numbers; are the weights damaged?")));
    }
    let probabilities = softmax(&logits);
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let guess = |index| Guess { index, label: checkpoint.label(index), logit: logits[index], probability: probabilities[index] };
    Ok(Prediction { image, model: &checkpoint.name, top: order.into_iter().take(usize::from(args.topk)).map(guess).collect() })
}

fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

impl Prediction<'_> {
    fn render(&self) -> String {
        let mut table =
            Table::new([("index", Align::Right), ("label", Align::Left), ("logit", Align::Right), ("probability", Align::Right)]);
        for Guess { index, label, logit, probability } in &self.top {
            table.row([index.to_string(), label.clone(), format!("{logit:.4}"), format!("{:.2} %", probability * 100.0)]);
        }
        format!("{} ({})\n{}\n", self.image, self.model, table.render())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_of_large_logits() {
        let p = softmax(&[1000.0, 1000.0, 998.0]);
        // By hand: 1 / (2 + e^-2) and e^-2 / (2 + e^-2).
        assert!((p[0] - 0.468_310_53).abs() < 1e-7 && (p[2] - 0.063_378_94).abs() < 1e-7, "{p:?}");
    }

    #[test]
    fn the_first_word_is_a_model_if_it_is_one() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let model = |text: &str, file: Option<&str>| split(&words(text), file).0.map(str::to_owned);
        assert_eq!(model("vgg11 a.jpg", None), Some("vgg11".to_owned()));
        assert_eq!(model("vg11 a.jpg", Some("vgg11")), Some("vg11".to_owned()));
        assert_eq!(model("net.toml a.jpg", None), Some("net.toml".to_owned()));
        assert_eq!(model("a.jpg b.jpg", Some("vgg11")), None);
        assert_eq!(model("a.jpg", None), None);
    }
}
