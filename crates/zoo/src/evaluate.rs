//! `zoo evaluate`: a trained model on a data set.

use std::sync::Arc;

use burn::tensor::DType;
use burn_zoo::Classifier;
use serde::Serialize;
use zoo_datasets::{DataError, DataOptions, Loader, LoaderOptions};

use crate::checkpoint::{Checkpoint, Opened};
use crate::cli::{EvaluateArgs, Split};
use crate::failure::{Failure, sentence};
use crate::output;
use crate::score::Score;
use crate::table::{Align, Table};

/// What `--json` writes.
#[derive(Debug, Serialize)]
struct Evaluation {
    model: String,
    dataset: String,
    split: &'static str,
    pictures: usize,
    /// Fractions in `[0, 1]`.
    top1: f64,
    top5: f64,
    /// Mean cross-entropy.
    loss: f64,
    classes: Vec<String>,
    /// `confusion[label][prediction]`: number of pictures.
    confusion: Vec<Vec<usize>>,
}

pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let file = Opened::read(&args.weights)?;
    let device = args.compute.open()?;
    let checkpoint = file.load(args.model.as_deref(), &device)?;
    let image_size = checkpoint.transform.output_size().unwrap_or([224, 224]);
    let options = DataOptions { path: args.data.clone(), image_size, seed: args.seed, limit: args.limit, ..DataOptions::default() };
    let splits = zoo_datasets::open(&args.dataset, &options).map_err(usage)?;
    check_classes(&checkpoint, &splits.classes)?;
    let (dataset, split) = match args.split {
        Split::Train => (splits.train, "train"),
        Split::Valid => (splits.valid, "valid"),
        Split::Test => (splits.test, "test"),
    };
    let Checkpoint { name, model, transform, .. } = checkpoint;
    let loading = LoaderOptions { batch_size: args.batch_size, ..LoaderOptions::default() };
    let loader = Loader::new(dataset, Arc::new(transform), loading).map_err(usage)?;
    let mut score = Score::new(splits.classes.len());
    for batch in loader.epoch(0) {
        let batch = batch.map_err(|e| Failure::failed(&e))?;
        let [_, channels, height, width] = batch.shape;
        model.check_input([channels, height, width])?;
        let labels = batch.labels.clone();
        let (images, _) = batch.into_tensors(&device);
        let failed = |e: &dyn std::fmt::Debug| Failure::Failed(format!("the device failed: {e:?}"));
        let data = model.forward(images).try_into_data().map_err(|e| failed(&e))?;
        let logits = data.convert_dtype(DType::F32).try_to_vec::<f32>().map_err(|e| failed(&e))?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(Failure::Failed("the logits are not finite numbers; are the weights damaged?".to_owned()));
        }
        for (row, label) in logits.chunks(model.num_classes()).zip(labels) {
            score.add(row, label);
        }
    }
    if score.total() == 0 {
        return Err(Failure::Failed(format!("the {split} split of `{}` has no pictures", args.dataset)));
    }
    let evaluation = Evaluation {
        model: name,
        dataset: args.dataset.clone(),
        split,
        pictures: score.total(),
        top1: score.top1(),
        top5: score.top5(),
        loss: score.loss(),
        classes: splits.classes,
        confusion: score.confusion,
    };
    if args.json { output::json_line(&evaluation) } else { output::write(&evaluation.render()) }
}

/// What the user asked for wrongly is a usage error; what files hold is not.
fn usage(error: DataError) -> Failure {
    let message = sentence(&error);
    match error {
        DataError::UnknownDataset { .. } | DataError::PathRequired { .. } | DataError::InvalidOption { .. } => Failure::Usage(message),
        _ => Failure::Failed(message),
    }
}

fn check_classes(checkpoint: &Checkpoint, classes: &[String]) -> Result<(), Failure> {
    let own = checkpoint.model.num_classes();
    if own != classes.len() {
        return Err(Failure::Usage(format!("the model has {own} classes, the data set {}", classes.len())));
    }
    match &checkpoint.classes {
        Some(names) if names != classes => {
            let differ = names.iter().zip(classes).find(|(a, b)| a != b);
            let (ours, theirs) = differ.map_or(("", ""), |(a, b)| (a.as_str(), b.as_str()));
            Err(Failure::Usage(format!("the model's classes are not the data set's: `{ours}` stands where `{theirs}` is")))
        }
        _ => Ok(()),
    }
}

impl Evaluation {
    fn render(&self) -> String {
        let Self { model, dataset, split, pictures, top1, top5, loss, .. } = self;
        let mut table = Table::new(
            [("label \\ prediction".to_owned(), Align::Left)]
                .into_iter()
                .chain(self.classes.iter().map(|name| (name.clone(), Align::Right))),
        );
        for (name, row) in self.classes.iter().zip(&self.confusion) {
            table.row([name.clone()].into_iter().chain(row.iter().map(usize::to_string)));
        }
        let (top1, top5) = (top1 * 100.0, top5 * 100.0);
        format!(
            "{model} on {dataset} ({split}, {pictures} pictures)\ntop-1 {top1:.2} %\ntop-5 {top5:.2} %\nloss  {loss:.4}\n\n{}",
            table.render()
        )
    }
}
