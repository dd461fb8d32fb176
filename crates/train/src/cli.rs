//! The command line. A flag that is not given leaves the recipe's value.

use std::path::PathBuf;
use std::str::FromStr;

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
    /// Train all runs of the recipe, [runs.NAME], into one folder with one report
    #[arg(long, conflicts_with_all = ["run", "resume"])]
    pub(crate) compare: bool,
    /// Train one of the recipe's runs
    #[arg(long, value_name = "NAME", requires = "config")]
    pub(crate) run: Option<String>,
    /// Train each run with N seeds, from --seed on, into one folder with one report
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub(crate) seeds: Option<usize>,
    /// Build the model, print the resolved recipe with what follows from it, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Search for a learning rate, draw what was found, and stop; the weights are thrown away
    #[arg(long, conflicts_with_all = ["resume", "compare", "seeds", "dry_run"])]
    pub(crate) find_lr: bool,
    /// Take one step on generated pictures of the right shape and stop: the data set is not needed
    #[arg(long, conflicts_with = "resume")]
    pub(crate) rehearse: bool,
    /// Plain progress in place of the dashboard, which a terminal gets
    #[arg(long)]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// A number of pictures, or what fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum BatchSize {
    Pictures(usize),
    Auto(Auto),
}

/// Stands for a number that is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auto {
    Auto,
}

impl FromStr for BatchSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto(Auto::Auto)),
            number => number.parse().map(Self::Pictures).map_err(|_| "it is a number of pictures, or `auto`".to_owned()),
        }
    }
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
    /// Side of the pictures that are trained on, where it is another
    train_image_size: usize,
    /// Short side before the centre is cut out in evaluation [default: no cut, the whole picture]
    val_resize_size: usize,
    /// The same as a share: the short side is the image size over this
    crop_pct: f64,
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
    /// Rate of stochastic depth at the last block
    drop_path: f64,
    /// Keep everything up to this part of the model as it is (layer2, features.10)
    #[arg(value_name = "PART")]
    freeze: String,
    /// Passes over the training pictures
    epochs: usize,
    /// Pictures in a step; `auto`: as many as fit into four fifths of the free memory
    #[arg(short)]
    batch_size: BatchSize,
    /// Optimiser: sgd, nesterov, adam, adamw, rmsprop, rmsproptf, lamb or lion
    opt: String,
    /// Learning rate [default: sgd 0.1 for 256 pictures, in proportion; adamw 4e-3 below a million parameters, else 3e-4]
    lr: f64,
    /// Momentum of sgd, nesterov, rmsprop and rmsproptf
    momentum: f64,
    /// Nesterov momentum for sgd: true or false
    nesterov: bool,
    /// Decay of both averages of adam, adamw, lamb and lion
    #[arg(value_name = "BETA,BETA", value_delimiter = ',')]
    opt_betas: Vec<f64>,
    /// What keeps an optimiser's denominator from zero
    opt_eps: f64,
    /// Decay of the average of squares of rmsprop and rmsproptf
    opt_alpha: f64,
    /// Weight decay
    weight_decay: f64,
    /// Spare norms, biases, positions and class tokens from weight decay: true (timm) or false (PyTorch)
    filter_bias_and_bn: bool,
    /// Weight decay of norms
    norm_weight_decay: f64,
    /// Weight decay of other biases
    bias_weight_decay: f64,
    /// Parts of names of parameters that are spared from weight decay
    #[arg(value_name = "PART,...", value_delimiter = ',')]
    weight_decay_exclude: Vec<String>,
    /// Factor of the learning rate from each layer to the one before it
    layer_decay: f64,
    /// Factor of the learning rate at the last layer
    head_lr_scale: f64,
    /// Largest gradient; what is larger is scaled down [default: no limit]
    #[arg(value_name = "LIMIT")]
    clip_grad: f64,
    /// What --clip-grad limits: norm (of all together), value, or agc (adaptive, of each unit)
    clip_mode: String,
    /// Schedule: cosine, step, multistep, poly, onecycle, plateau, exponential or constant
    sched: String,
    /// Change the learning rate with each step (true) or each epoch (false)
    sched_on_updates: bool,
    /// Epochs of linear warm-up
    warmup_epochs: usize,
    /// First learning rate of the warm-up
    warmup_lr: f64,
    /// Begin the schedule at the end of the warm-up (true) or beneath it (false)
    warmup_prefix: bool,
    /// Last learning rate of cosine, poly and plateau
    min_lr: f64,
    /// Epochs with the last learning rate at the end
    cooldown_epochs: usize,
    /// Epochs between two decays of the step schedule
    decay_epochs: f64,
    /// Epochs of the decays of the multistep schedule
    #[arg(value_name = "EPOCH,...", value_delimiter = ',')]
    decay_milestones: Vec<usize>,
    /// Factor of a decay; exponent of poly
    decay_rate: f64,
    /// Epochs without a better accuracy before the plateau schedule decays
    patience_epochs: usize,
    /// Cycles of cosine and poly
    lr_cycle_limit: usize,
    /// Length of a cycle over that before
    lr_cycle_mul: f64,
    /// Highest learning rate of a cycle over that before
    lr_cycle_decay: f64,
    /// Exponent of the time within a cycle
    lr_k_decay: f64,
    /// Share of the steps in which the one-cycle schedule rises
    pct_start: f64,
    /// Highest learning rate of one-cycle over the first
    div_factor: f64,
    /// First learning rate of one-cycle over the last
    final_div_factor: f64,
    /// Whether one-cycle changes momentum, too
    cycle_momentum: bool,
    /// Label smoothing
    smoothing: f64,
    /// Binary cross-entropy
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    bce_loss: bool,
    /// Targets of binary cross-entropy above this become 1, the others 0
    bce_target_thresh: f64,
    /// Sum binary cross-entropy over the classes
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    bce_sum: bool,
    /// Learn from this model of the zoo, too
    #[arg(value_name = "MODEL")]
    teacher: String,
    /// The teacher's weights
    #[arg(value_name = "FILE")]
    teacher_weights: PathBuf,
    /// What is learned from the teacher: hard (its answer) or soft (its probabilities)
    distillation: String,
    /// The teacher's share of the loss
    distillation_alpha: f64,
    /// Temperature of soft distillation
    distillation_tau: f64,
    /// Keep, evaluate and save an exponential moving average of the weights
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    model_ema: bool,
    /// Share of the average that stays at an update
    model_ema_decay: f64,
    /// Let that share grow from 0
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    model_ema_warmup: bool,
    /// Steps from one update of the average to the next
    #[arg(value_name = "STEPS")]
    model_ema_steps: usize,
    /// Least and largest share of the picture in a random resized crop [default: the whole picture]
    #[arg(value_name = "LEAST,LARGEST", value_delimiter = ',')]
    scale: Vec<f64>,
    /// Least and largest width over height of that crop
    #[arg(value_name = "LEAST,LARGEST", value_delimiter = ',')]
    ratio: Vec<f64>,
    /// Black pixels around a picture before it is cut at random to its size
    pad_pixels: usize,
    /// Probability of mirroring a training picture
    hflip: f64,
    /// Probability of turning it upside down
    vflip: f64,
    /// Policy: imagenet, cifar10, svhn, ra, ta_wide, augmix, 3a, or timm's rand-m9-mstd0.5-inc1
    #[arg(visible_alias = "aa", value_name = "POLICY")]
    auto_augment: String,
    /// Operations a picture of `ra`
    ra_num_ops: usize,
    /// How strong those of `ra` are, 0 to 30
    ra_magnitude: usize,
    /// How strong those of `augmix` are at most, 1 to 10
    augmix_severity: usize,
    /// Largest random change of brightness, contrast, saturation, and hue
    #[arg(value_name = "CHANGE,...", value_delimiter = ',')]
    color_jitter: Vec<f64>,
    /// Probability of that change
    color_jitter_prob: f64,
    /// Probability of a grey picture
    grayscale_prob: f64,
    /// Probability of a blur
    gaussian_blur_prob: f64,
    /// Probability of random erasing
    reprob: f64,
    /// What is put there: const, rand or pixel
    remode: String,
    /// Most boxes that are erased
    recount: usize,
    /// Alpha of mixup
    mixup: f64,
    /// Alpha of cutmix
    cutmix: f64,
    /// Least and largest side of cutmix's box as a share of the picture's
    #[arg(value_name = "LEAST,LARGEST", value_delimiter = ',')]
    cutmix_minmax: Vec<f64>,
    /// Probability that a batch is mixed at all
    mixup_prob: f64,
    /// Probability of cutmix where mixup is on, too
    mixup_switch_prob: f64,
    /// What has its own random numbers: batch, pair or elem
    mixup_mode: String,
    /// From this epoch on nothing is mixed; 0 for never
    mixup_off_epoch: usize,
    /// How often a picture is in an epoch, changed anew each time
    aug_repeats: usize,
    /// Batches whose gradients are averaged for one step
    grad_accum_steps: usize,
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
    /// Write event files for TensorBoard
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    tensorboard: bool,
    /// Draw the first N training batches (1 without a number) as the network sees them: train-batch-N.png
    #[arg(value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    save_batches: usize,
    /// Compute cheap intermediate results anew in the backward pass, to save memory
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    grad_checkpointing: bool,
    /// Compute in bfloat16 where the device has it, with weights in f32
    #[arg(num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    amp: bool,
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
