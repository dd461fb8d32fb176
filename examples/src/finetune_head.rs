//! Transfer: LeNet learns the digits 0 to 4; its body is then frozen, and a fresh head learns the digits 5 to 9 on it.

use std::error::Error;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::Device;
use burn_dataset::Dataset;
use burn_zoo::params::{num_trainable, read_params};
use burn_zoo::{AnyClassifier, BuildOptions, Classifier};
use zoo_datasets::{DataError, DataOptions, Loader, LoaderOptions, PictureSet, Sample, SharedDataset, Transform};
use zoo_recipes::{Optimizer, OptimizerConfig, evaluate};

/// Trains the whole network on one half of the digits, then a head alone on the other half, and prints the test accuracy.
pub fn run(device: &Device, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let digits = zoo_datasets::open("digits", &DataOptions::default())?;
    let train_on = |range| loader(&digits.train, range, Some(1));
    let test_on = |range| loader(&digits.test, range, None);
    let accuracy = |model: &AnyClassifier, range| Ok::<_, Box<dyn Error>>(evaluate(&model.valid(), &test_on(range)?, device)?.top1 * 100.0);

    // A model on this device records what its gradients need; `valid()` is a copy that does not.
    let autodiff = device.clone().autodiff();
    autodiff.seed(1);
    let options = BuildOptions::default().with_num_classes(5).with_image_size(SIZE);
    let model = burn_zoo::build("lenet5_tanh", &options, &autodiff)?;
    let model = train(model, &train_on(0..5)?, 10, 2e-3, &autodiff)?;
    writeln!(out, "lenet5_tanh trained on the digits 0 to 4: {:.1} % of the test pictures are right", accuracy(&model, 0..5)?)?;

    let mut model = model.freeze();
    model.reset_classifier(5, &autodiff);
    writeln!(out, "a fresh head for the digits 5 to 9, untrained: {:.1} % (chance: 20 %)", accuracy(&model, 5..10)?)?;
    let before = read_params(&model)?;
    let model = train(model, &train_on(5..10)?, 20, 1e-2, &autodiff)?;
    let after = read_params(&model)?;
    let trained: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).map(|(_, after)| after).collect();
    let [some, all] = [trained.iter().map(|p| p.values.len()).sum::<usize>(), num_trainable(&model)];
    writeln!(out, "after {some} of its {all} parameters were trained: {:.1} %", accuracy(&model, 5..10)?)?;
    Ok(())
}

const SIZE: [usize; 2] = [16, 16]; // to which the digits of 8x8 pixels are enlarged

/// The training loop: what is frozen has no gradient, and the optimiser leaves it alone.
fn train(mut model: AnyClassifier, loader: &Loader, epochs: u64, lr: f64, device: &Device) -> Result<AnyClassifier, Box<dyn Error>> {
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let mut optimizer = Optimizer::new(OptimizerConfig::default());
    for epoch in 0..epochs {
        for batch in loader.epoch(epoch) {
            let (images, labels) = batch?.into_tensors(device);
            let loss = cross_entropy.forward(model.forward(images), labels);
            model = optimizer.step(model, &loss.backward(), lr);
        }
    }
    Ok(model)
}

/// Some of the digits, as a data set of one's own: labels count from the first of them.
struct Digits(Vec<Sample>);

impl Dataset<Sample, DataError> for Digits {
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.0.get(index).cloned().ok_or(DataError::OutOfRange { index, len: self.0.len() })
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl PictureSet for Digits {}

fn loader(whole: &SharedDataset, digits: Range<usize>, shuffle: Option<u64>) -> Result<Loader, DataError> {
    let samples = (0..whole.len()).map(|index| whole.get(index)).collect::<Result<Vec<_>, _>>()?;
    let own = samples.into_iter().filter(|sample| digits.contains(&sample.label));
    let own = own.map(|sample| Sample { label: sample.label - digits.start, ..sample }).collect();
    Loader::new(Arc::new(Digits(own)), Arc::new(Transform::simple(SIZE, 1)), LoaderOptions { shuffle, ..LoaderOptions::default() })
}
