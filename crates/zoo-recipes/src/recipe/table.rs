//! The keys of a recipe: each once, with what it means and its default.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zoo_datasets::{AugmentConfig, Filter};

use crate::{OptimizerKind, ScheduleKind};

/// What a gradient is limited by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClipMode {
    /// The norm of all gradients together is at most `clip_grad` (PyTorch's `clip_grad_norm_`).
    #[default]
    Norm,
    /// Each number is at most `clip_grad` (PyTorch's `clip_grad_value_`).
    Value,
    /// The norm of each unit's gradient is at most `clip_grad` times that of its weights (timm's `adaptive_clip_grad`).
    Agc,
}

/// How a model learns from another (Touvron et al. 2021, section 4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distillation {
    /// From the teacher's probabilities.
    Soft,
    /// From the teacher's answer, as from a label.
    #[default]
    Hard,
}

macro_rules! recipe {
    ($($(#[$meta:meta])+ $key:ident: $kind:ty = $default:expr,)+) => {
        /// Everything that decides a run. Its TOML keys are the fields' names; the command line's flags are the same with
        /// dashes.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Recipe {
            $($(#[$meta])+ pub $key: $kind,)+
        }

        impl Default for Recipe {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        /// All keys.
        pub(super) const KEYS: &[&str] = &[$(stringify!($key),)+];
    };
}

recipe! {
    // Model and data.
    /// Name of the model. Default `lenet5`.
    model: String = "lenet5".to_owned(),
    /// One of [`zoo_datasets::names`]. Default `digits`.
    dataset: String = "digits".to_owned(),
    /// `folder` and `shards`: the root. The published data sets: the folder with their files; [`Recipe::fetch_data`] writes it.
    data: Option<PathBuf> = None,
    /// Side of the model's input in pixels. Default: what the model was designed for.
    image_size: Option<usize> = None,
    /// Side of the pictures that are trained on, where it is another: torchvision's `--train-crop-size`.
    train_image_size: Option<usize> = None,
    /// The short side to which pictures are resized before the centre of `image_size` is cut out. Default: no cut, the whole
    /// picture becomes the input, whatever its proportions. torchvision's `--val-resize-size`.
    val_resize_size: Option<usize> = None,
    /// The same as a share: the short side is `image_size / crop_pct`. timm's `--crop-pct`.
    crop_pct: Option<f64> = None,
    /// Which pictures `shapes` draws, and which pictures of a `folder` without split folders are for validation and test.
    /// Apart from `seed`, so that runs with other seeds are tested on the same pictures.
    data_seed: u64 = 0,
    /// Only the first so many training pictures.
    limit: Option<usize> = None,
    /// Width of the last layer. Default: the data set's classes.
    num_classes: Option<usize> = None,
    /// Published weights to start from: a tag, or `DEFAULT` for the model's default ones. [`Recipe::fetch`] brings them.
    pretrained: Option<String> = None,
    /// Weights to start from.
    pretrained_path: Option<PathBuf> = None,
    /// Mean of each channel, of values from 0 to 1. Default: the published weights' own, else the data set's, else 0.5.
    mean: Option<Vec<f32>> = None,
    /// Standard deviation of each channel. Default: the published weights' own, else the data set's, else 0.5.
    std: Option<Vec<f32>> = None,
    /// `nearest`, `bilinear` or `bicubic`: how pictures are resized. Default: the published weights' own, else `bilinear`.
    interpolation: Option<Filter> = None,
    /// The text that defines a `custom` model.
    definition: Option<String> = None,
    /// Dropout rate in `[0, 1)`. Default: the paper's.
    dropout: Option<f64> = None,
    /// Rate of stochastic depth at the last block, in `[0, 1)`. Default: the paper's.
    drop_path: Option<f64> = None,
    /// Everything up to this part of the model (`layer2`, `features.10`) keeps its weights and statistics.
    freeze: Option<String> = None,

    // Length and size.
    /// Passes over the training pictures.
    epochs: usize = 40,
    /// Pictures in a step.
    batch_size: usize = 16,
    /// Batches whose gradients are averaged for one step: a step of `batch_size` times as many pictures.
    grad_accum_steps: usize = 1,

    // Optimiser.
    /// `sgd`, `nesterov`, `adam`, `adamw`, `rmsprop`, `rmsproptf`, `lamb` or `lion`.
    opt: OptimizerKind = OptimizerKind::AdamW,
    /// Learning rate after the warm-up. Where nothing says it, `sgd` has 0.1 for 256 pictures in a step and in proportion
    /// (torchvision's and timm's rule), the Adams 4e-3 for models of less than a million parameters and 3e-4 for larger ones,
    /// `lamb` 5e-3 for 2048 pictures and by the square root, and the others a tenth of the Adams'.
    lr: f64 = 4e-3,
    /// Momentum in `[0, 1)` of `sgd`, `nesterov`, `rmsprop` and `rmsproptf`.
    momentum: f64 = 0.9,
    /// `sgd`: Nesterov's form of momentum; the same as `opt = "nesterov"`.
    nesterov: bool = false,
    /// Decay of both averages of the Adams, `lamb` and `lion`. Default: the source's.
    opt_betas: Option<[f64; 2]> = None,
    /// What keeps the denominator from zero. Default: the source's.
    opt_eps: Option<f64> = None,
    /// Decay of the average of squares of `rmsprop` and `rmsproptf`. Default: the source's.
    opt_alpha: Option<f64> = None,
    /// Weight decay.
    weight_decay: f64 = 0.01,
    /// Norms, biases, positions and class tokens are spared from weight decay: timm's rule. PyTorch spares nothing.
    filter_bias_and_bn: bool = true,
    /// Weight decay of norms, in place of what the key above says: torchvision's `--norm-weight-decay`.
    norm_weight_decay: Option<f64> = None,
    /// Weight decay of other biases: torchvision's `--bias-weight-decay`.
    bias_weight_decay: Option<f64> = None,
    /// Parts of names of parameters that are spared from weight decay.
    weight_decay_exclude: Vec<String> = vec![],
    /// Factor of the learning rate from each layer to the one before it. Default: all layers have the same.
    layer_decay: Option<f64> = None,
    /// Factor of the learning rate at the last layer.
    head_lr_scale: f64 = 1.0,
    /// The largest gradient; larger ones are scaled down. Default: no limit.
    clip_grad: Option<f64> = None,
    /// What `clip_grad` limits: `norm`, `value` or `agc`.
    clip_mode: ClipMode = ClipMode::Norm,

    // Schedule.
    /// `cosine`, `step`, `multistep`, `poly`, `onecycle`, `plateau`, `exponential` or `constant`.
    sched: ScheduleKind = ScheduleKind::Cosine,
    /// Whether the learning rate changes with each step rather than with each epoch, as torchvision's and timm's recipes have it.
    sched_on_updates: bool = true,
    /// Epochs of linear warm-up, part of `epochs`.
    warmup_epochs: usize = 0,
    /// Learning rate at the beginning of the warm-up.
    warmup_lr: f64 = 1e-5,
    /// Whether the schedule begins at the end of the warm-up, as torchvision's, rather than beneath it, as timm's cosine.
    warmup_prefix: bool = true,
    /// Where `cosine`, `poly` and `plateau` end.
    min_lr: f64 = 0.0,
    /// Epochs with `min_lr` at the end, part of `epochs`.
    cooldown_epochs: usize = 0,
    /// `step`: epochs between two decays.
    decay_epochs: f64 = 30.0,
    /// `multistep`: the epochs of the decays.
    decay_milestones: Vec<usize> = vec![],
    /// Factor of a decay of `step`, `multistep`, `exponential` and `plateau`; exponent of `poly`.
    decay_rate: f64 = 0.1,
    /// `plateau`: epochs without a better validation accuracy that are waited for.
    patience_epochs: usize = 10,
    /// `cosine` and `poly`: number of cycles.
    lr_cycle_limit: usize = 1,
    /// Length of a cycle over that before.
    lr_cycle_mul: f64 = 1.0,
    /// Highest rate of a cycle over that before.
    lr_cycle_decay: f64 = 0.5,
    /// Exponent of the time within a cycle; 1 is the plain cosine or polynomial.
    lr_k_decay: f64 = 1.0,
    /// `onecycle`: share of the steps in which the rate rises.
    pct_start: f64 = 0.3,
    /// `onecycle`: the highest rate over the first.
    div_factor: f64 = 25.0,
    /// `onecycle`: the first rate over the last.
    final_div_factor: f64 = 1e4,
    /// `onecycle`: whether momentum goes from 0.95 to 0.85 and back.
    cycle_momentum: bool = true,

    // Loss.
    /// Label smoothing in `[0, 1)`.
    smoothing: f64 = 0.0,
    /// Binary cross-entropy, each class for itself, as timm's A1 to A3 recipes.
    bce_loss: bool = false,
    /// Targets above this become 1, the others 0.
    bce_target_thresh: Option<f64> = None,
    /// The sum over the classes in place of the mean.
    bce_sum: bool = false,
    /// A model of the zoo that this one learns from.
    teacher: Option<String> = None,
    /// The teacher's weights.
    teacher_weights: Option<PathBuf> = None,
    /// `hard` or `soft`: what is learned from the teacher.
    distillation: Distillation = Distillation::Hard,
    /// The teacher's share of the loss.
    distillation_alpha: f64 = 0.5,
    /// `soft`: the temperature.
    distillation_tau: f64 = 1.0,

    // Average of the weights.
    /// Keeps an exponential moving average of the weights, evaluates it beside the weights, and saves it.
    model_ema: bool = false,
    /// Share of the average that stays at an update.
    model_ema_decay: f64 = 0.9998,
    /// The share grows from 0, so that the first weights are soon forgotten.
    model_ema_warmup: bool = false,
    /// Steps from one update to the next.
    model_ema_steps: usize = 1,

    // The run.
    /// Epochs without a better validation accuracy after which the run ends. Default: it does not.
    patience: Option<usize> = None,
    /// The best so many epochs are kept as `checkpoint-EPOCH.safetensors`, besides `best` and `last`.
    checkpoint_hist: usize = 0,
    /// Steps between two checkpoints within an epoch; 0 for none.
    recovery_interval: usize = 0,
    /// Minutes between two checkpoints within an epoch; 0 for none.
    recovery_minutes: f64 = 5.0,
    /// Steps between two lines of the log.
    log_interval: usize = 20,
    /// Writes what the log says for TensorBoard, too: `events.out.tfevents.TIME.burn-zoo`.
    tensorboard: bool = false,
    /// The first so many training batches are drawn as `train-batch-N.png`.
    save_batches: usize = 0,
    /// Compute cheap intermediate results anew in the backward pass in place of keeping them: less memory, more time, the
    /// same weights.
    grad_checkpointing: bool = false,
    /// Computes forward and backward in bfloat16, where the device has it: half the memory and, on a GPU, less time. Weights,
    /// their gradients, the optimiser's numbers, normalisation, softmax and the loss stay in f32, and so does evaluation.
    amp: bool = false,
    /// Seed of the weights, the order and dropout.
    seed: u64 = 42,
    /// Threads that prepare pictures; the result does not depend on them.
    workers: usize = 2,
    /// Name of the backend.
    backend: String = "flex".to_owned(),
    /// Number of the backend's device. Default: the backend's own choice.
    device: Option<usize> = None,

    /// What is done to training pictures: the section `[augment]`.
    augment: AugmentConfig = AugmentConfig::default(),
}
