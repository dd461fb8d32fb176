//! `zoo evaluate`: a trained model on a data set.

use std::sync::Arc;

use burn_zoo::Classifier;
use serde::Serialize;
use zoo_cli::{DownloadReport, Failure, output};
use zoo_datasets::{DataOptions, Loader, LoaderOptions, Preprocess, TestTime, Views};

use crate::checkpoint::Checkpoint;
use crate::cli::{EvaluateArgs, Split, Tta};
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
    let model = args.model.as_deref();
    let origin = args.trained.origin(model)?;
    let device = args.compute.open()?;
    let checkpoint = args.trained.load(origin, model, &device)?;
    let image_size = checkpoint.transform.output_size().unwrap_or([224, 224]);
    // The data is cut as it was in training, or pictures that were trained on would count as new ones.
    let seed = args.data_seed.or(checkpoint.data_seed).unwrap_or(0);
    let path = match &args.data {
        None if zoo_datasets::is_published(&args.dataset) => {
            zoo_datasets::fetch(&args.dataset, &args.trained.hub.open()?, &mut DownloadReport::default())?
        }
        given => given.clone(),
    };
    let options = DataOptions { path, image_size, seed, limit: args.limit, ..DataOptions::default() };
    let splits = zoo_datasets::open(&args.dataset, &options)?;
    check_classes(&checkpoint, &splits.classes)?;
    let (dataset, split) = match args.split {
        Split::Train => (splits.train, "train"),
        Split::Valid => (splits.valid, "valid"),
        Split::Test => (splits.test, "test"),
    };
    let Checkpoint { name, model, transform, .. } = checkpoint;
    let loading = LoaderOptions { batch_size: args.batch_size, ..LoaderOptions::default() };
    let views = args.tta.views();
    let preprocess: Arc<dyn Preprocess> = if views == Views::One { Arc::new(transform) } else { Arc::new(TestTime { transform, views }) };
    let loader = Loader::new(dataset, preprocess, loading)?;
    let mut forward = None;
    let classes = model.num_classes();
    let found = zoo_recipes::evaluate_by(classes, &loader, &device, |images| {
        let logits = args.compute.logits(&mut forward, &model, views.split(images))?;
        Ok::<_, Failure>(means(&logits, classes, views.count()))
    })?;
    loader.skipped().iter().for_each(|picture| output::say(&mut std::io::stderr(), &format!("note: {picture}")));
    let evaluation = Evaluation {
        model: name,
        dataset: args.dataset.clone(),
        split,
        pictures: found.pictures,
        top1: found.top1,
        top5: found.top5,
        loss: found.loss,
        classes: splits.classes,
        confusion: found.confusion,
    };
    if args.json { output::json_line(&evaluation) } else { output::write(&evaluation.render()) }
}

impl Tta {
    fn views(self) -> Views {
        match self {
            Self::None => Views::One,
            Self::Flip => Views::Flip,
            Self::FiveCrop => Views::FiveCrop,
            Self::TenCrop => Views::TenCrop,
        }
    }
}

/// Rows of logits, so many views of a picture after each other, become their means.
fn means(logits: &[f32], classes: usize, views: usize) -> Vec<f32> {
    let mean = |picture: &[f32], class: usize| picture.iter().skip(class).step_by(classes).sum::<f32>() / views as f32;
    logits.chunks((classes * views).max(1)).flat_map(|picture| (0..classes).map(move |class| mean(picture, class))).collect()
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
