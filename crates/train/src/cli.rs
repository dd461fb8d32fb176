//! The command line. A flag that is not given leaves the recipe's value.

use std::path::PathBuf;

use clap::{Args, Parser};
use serde::Serialize;
use zoo_cli::HubArgs;

/// Trains a model. Without flags: LeNet-5 on the built-in handwritten digits.
#[derive(Debug, Parser)]
#[command(name = "train", version)]
pub(crate) struct Cli {
    /// Recipe file (TOML); flags win over it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder for the results [default: output/train/TIME-MODEL-SIZE]
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Go on with the run in this folder
    #[arg(long, value_name = "RUN_FOLDER", conflicts_with_all = ["config", "output"])]
    pub(crate) resume: Option<PathBuf>,
    /// Print the resolved recipe and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Plain progress in place of the dashboard, which a terminal gets
    #[arg(long)]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    #[command(flatten)]
    pub(crate) flags: Flags,
}

macro_rules! flags {
    ($($(#[$help:meta])+ $name:ident: $kind:ty,)+) => {
        /// The recipe's keys.
        #[derive(Debug, Args, Serialize)]
        pub(crate) struct Flags {
            $($(#[$help])+ #[arg(long)] #[serde(skip_serializing_if = "Option::is_none")] pub(crate) $name: Option<$kind>,)+
        }
    };
}

flags! {
    /// Model (resnet50, resnet50.IMAGENET1K_V2, hf-hub:org/name, local-dir:PATH), or path of a TOML file that defines one
    model: String,
    /// Data set: digits, shapes, folder, shards, mnist, fashion-mnist, kmnist, cifar10, cifar100
    dataset: String,
    /// Folder of the data set's files [default: downloaded into the cache, where it is a published one]
    data: PathBuf,
    /// Side of the model's input in pixels
    image_size: usize,
    /// Which pictures `shapes` draws and how a folder is cut into splits
    data_seed: u64,
    /// Only the first so many training pictures
    limit: usize,
    /// Width of the last layer
    num_classes: usize,
    /// Start from published weights: the model's default ones, or those with this tag
    #[arg(value_name = "TAG", num_args = 0..=1, require_equals = true, default_missing_value = "DEFAULT")]
    pretrained: String,
    /// Weights to start from
    pretrained_path: PathBuf,
    /// Mean of the channels, of values from 0 to 1
    #[arg(value_name = "MEAN,...", value_delimiter = ',')]
    mean: Vec<f32>,
    /// Standard deviation of the channels
    #[arg(value_name = "STD,...", value_delimiter = ',')]
    std: Vec<f32>,
    /// How pictures are resized: nearest, bilinear or bicubic
    interpolation: String,
    /// Dropout rate
    dropout: f64,
    /// Passes over the training pictures
    epochs: usize,
    /// Pictures in a step
    #[arg(short)]
    batch_size: usize,
    /// Optimiser: sgd or adamw
    opt: String,
    /// Learning rate [default: sgd 0.1 for 256 pictures, in proportion; adamw 4e-3 below a million parameters, else 3e-4]
    lr: f64,
    /// Momentum of sgd
    momentum: f64,
    /// Nesterov momentum for sgd: true or false
    nesterov: bool,
    /// Weight decay; norms and biases are spared
    weight_decay: f64,
    /// Schedule: cosine, step or constant
    sched: String,
    /// Epochs of linear warm-up
    warmup_epochs: usize,
    /// First learning rate of the warm-up
    warmup_lr: f64,
    /// Last learning rate of the cosine
    min_lr: f64,
    /// Epochs between two decays of the step schedule
    decay_epochs: usize,
    /// Factor of a decay of the step schedule
    decay_rate: f64,
    /// Label smoothing
    smoothing: f64,
    /// Probability of mirroring a training picture
    hflip: f64,
    /// Batches whose gradients are averaged for one step
    grad_accum_steps: usize,
    /// Largest norm of all gradients together [default: no limit]
    #[arg(value_name = "NORM")]
    clip_grad: f64,
    /// End the run after so many epochs without a better validation accuracy [default: never]
    #[arg(value_name = "EPOCHS")]
    patience: usize,
    /// Keep the best N epochs as checkpoint-EPOCH.safetensors
    #[arg(value_name = "N")]
    checkpoint_hist: usize,
    /// Steps between two checkpoints within an epoch; 0 for none
    #[arg(value_name = "STEPS")]
    recovery_interval: usize,
    /// Minutes between two checkpoints within an epoch; 0 for none
    #[arg(value_name = "MINUTES")]
    recovery_minutes: f64,
    /// Steps between two lines of the log
    #[arg(value_name = "STEPS")]
    log_interval: usize,
    /// Draw the first N training batches (1 without a number) as the network sees them: train-batch-N.png
    #[arg(value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    save_batches: usize,
    /// Compute cheap intermediate results anew in the backward pass, to save memory
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    grad_checkpointing: bool,
    /// Seed of weights, order and dropout
    seed: u64,
    /// Threads that prepare pictures
    #[arg(short = 'j')]
    workers: usize,
    /// Backend: flex, ndarray, wgpu, ...
    backend: String,
    /// Number of the backend's device
    device: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpointing_needs_no_value_and_may_have_one() {
        let parse = |arguments: &[&str]| Cli::parse_from([&["train"], arguments].concat()).flags;
        assert_eq!(parse(&[]).grad_checkpointing, None);
        assert_eq!(parse(&["--grad-checkpointing", "--epochs", "3"]).grad_checkpointing, Some(true));
        assert_eq!(parse(&["--grad-checkpointing", "false"]).grad_checkpointing, Some(false));
    }
}
