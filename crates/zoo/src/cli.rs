//! The command line.

use std::path::PathBuf;

use burn::tensor::Device;
use clap::{Args, Parser, Subcommand, ValueEnum};
use zoo_backend::Backend;

use crate::resolve::{InputSize, parse_input};
use zoo_cli::{Failure, HubArgs};

/// The models of Burn Zoo: list, describe, run and evaluate them.
#[derive(Debug, Parser)]
#[command(name = "zoo", version, about, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the models.
    List(ListArgs),
    /// Shows a model layer by layer: shapes, parameters, multiply-accumulates, receptive fields.
    Summary(SummaryArgs),
    /// Says what a trained model sees in pictures.
    Predict(PredictArgs),
    /// Measures a trained model on a data set: accuracy, loss, confusion matrix.
    Evaluate(EvaluateArgs),
    /// Writes the mean of several weights of one model: of a run's last or best checkpoints, say.
    Average(AverageArgs),
    /// Downloads published weights and says where they are.
    Fetch(FetchArgs),
    /// Writes a model's weights as .safetensors under PyTorch's keys, with what is needed to use them.
    Convert(ConvertArgs),
    /// Compares models on your backend with numbers that PyTorch computed.
    Verify(VerifyArgs),
    /// Times models and says how much memory they take.
    Bench(BenchArgs),
    /// Shows a model's operations, as Burn records them and as the engine runs them.
    Graph(GraphArgs),
    /// Makes the report of a run anew, or one page of several runs over each other.
    Report(ReportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AverageArgs {
    /// Files of weights.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) weights: Vec<PathBuf>,
    /// Where the mean goes, .safetensors.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Run folders.
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// The page [default: RUN/report.html with the drawings beside it; comparison.html for several runs]
    #[arg(long, value_name = "FILE.html")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only names (timm's too) that match; `*` stands for any text, `?` for one character.
    pub(crate) pattern: Option<String>,
    /// Only this family.
    #[arg(long, value_name = "NAME")]
    pub(crate) family: Option<String>,
    /// Only models with published weights, and which.
    #[arg(long)]
    pub(crate) pretrained: bool,
    /// Writes JSON: an array of `name`, `family`, `params`, `macs`, `input`, `aliases`, `weights`, `top1`.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SummaryArgs {
    /// Name of a model (`zoo list`), or the path of a .toml file that defines a custom one.
    pub(crate) model: String,
    /// Input as CHANNELSxHEIGHTxWIDTH; by default the size that the model was designed for.
    #[arg(long, value_name = "3x224x224", value_parser = parse_input)]
    pub(crate) input: Option<InputSize>,
    /// Number of classes; by default the model's own.
    #[arg(long, value_name = "N")]
    pub(crate) num_classes: Option<usize>,
    /// Writes JSON.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A row a layer, and totals.
    Table,
    /// The module tree as PyTorch's `print(model)` writes it.
    Torch,
}

/// Where to compute.
#[derive(Debug, Args)]
pub(crate) struct Compute {
    /// flex, ndarray, wgpu, vulkan, metal, webgpu, cuda, rocm, cpu or tch, where compiled in.
    #[arg(long, default_value = "flex", value_name = "NAME")]
    backend: String,
    /// Number of the device, from 0; by default the backend's own choice.
    #[arg(long, value_name = "N")]
    device: Option<usize>,
    /// Whether the project's own kernels run the model; by default they do on flex.
    #[arg(long, value_enum, value_name = "on|off")]
    pub(crate) engine: Option<Switch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

impl Compute {
    pub(crate) fn backend(&self) -> &str {
        &self.backend
    }

    pub(crate) fn open(&self) -> Result<Device, Failure> {
        Ok(Backend::parse(&self.backend)?.open(self.device)?)
    }
}

/// Which weights a model has.
#[derive(Debug, Args)]
pub(crate) struct Trained {
    /// Weights: .safetensors, or .pth as PyTorch writes it.
    #[arg(long, value_name = "FILE", conflicts_with = "pretrained")]
    pub(crate) weights: Option<PathBuf>,
    /// Published weights, downloaded where they are not here: the model's default ones, or those with this tag.
    #[arg(long, value_name = "TAG", num_args = 0..=1, require_equals = true, default_missing_value = "DEFAULT")]
    pub(crate) pretrained: Option<String>,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// Models (resnet50, resnet50.IMAGENET1K_V2) or repositories (hf-hub:org/name).
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Writes a line of JSON a name: `name`, `model`, `path`, `license`.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) hub: HubArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// The model, where the weights do not name it: a name, hf-hub:org/name, local-dir:PATH or a .toml file.
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) trained: Trained,
    /// The file to write.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) compute: Compute,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Pictures (JPEG, PNG, WebP, BMP); before them the model: a name, hf-hub:org/name, local-dir:PATH
    /// or a .toml file; not needed where the weights name it.
    #[arg(required = true, value_name = "[MODEL] IMAGE")]
    pub(crate) model_and_images: Vec<String>,
    #[command(flatten)]
    pub(crate) trained: Trained,
    /// How many of the most probable classes to show.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) topk: u16,
    /// Writes a line of JSON an image: `image`, `model`, `top`.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) compute: Compute,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The model, where the weights do not name it: a name, hf-hub:org/name, local-dir:PATH or a .toml file.
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) trained: Trained,
    /// digits, shapes, folder, shards, mnist, fashion-mnist, kmnist, cifar10 or cifar100.
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: String,
    /// Folder of the data set's files; a published one is else downloaded into the cache.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Which part of the data set.
    #[arg(long, value_enum, default_value_t = Split::Test)]
    pub(crate) split: Split,
    /// Pictures at a time.
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub(crate) batch_size: usize,
    /// Only the first N pictures.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Which pictures `shapes` draws and how a folder is cut into splits; by default as in the weights' training.
    #[arg(long, value_name = "N")]
    pub(crate) data_seed: Option<u64>,
    /// Answers each picture by the mean of the logits of several views of it.
    #[arg(long, value_enum, value_name = "VIEWS", num_args = 0..=1, default_value_t = Tta::None, default_missing_value = "flip")]
    pub(crate) tta: Tta,
    /// Writes JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) compute: Compute,
}

/// Views of test-time augmentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tta {
    /// The picture.
    None,
    /// The picture and its mirror image.
    Flip,
    /// Four corners and the centre.
    FiveCrop,
    /// Those five, and the five of the mirror image.
    TenCrop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Split {
    /// What was trained on.
    Train,
    /// What chose the best epoch.
    Valid,
    /// What nothing was chosen by.
    Test,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Names of models; `*` stands for any text, `?` for one character.
    #[arg(value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// All models that have a reference.
    #[arg(long)]
    pub(crate) all: bool,
    /// Largest difference that is right, as a fraction of the largest logit.
    #[arg(long, default_value_t = 1e-4, value_name = "FRACTION")]
    pub(crate) tolerance: f64,
    /// Writes a line of JSON a model: `model`, `backend`, `engine`, `input`, `difference`, `tolerance`, `ok`, `seconds`.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) compute: Compute,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Names of models; `*` stands for any text, `?` for one character.
    #[arg(value_name = "MODEL", required = true)]
    pub(crate) models: Vec<String>,
    /// Pictures at a time.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1", value_parser = parse_count)]
    pub(crate) batch: Vec<usize>,
    /// Where to compute; on flex both the engine and Burn run.
    #[arg(long = "backend", value_name = "NAME,NAME", value_delimiter = ',', default_value = "flex")]
    pub(crate) backends: Vec<String>,
    /// Only the engine, or only Burn.
    #[arg(long, value_enum, value_name = "on|off")]
    pub(crate) engine: Option<Switch>,
    /// Height and width; by default the size that the model was designed for.
    #[arg(long, value_name = "224x224", value_parser = parse_input)]
    pub(crate) image_size: Option<InputSize>,
    /// Timed runs of each, one after the other in turn.
    #[arg(long, value_name = "N", default_value = "15", value_parser = parse_count)]
    pub(crate) rounds: usize,
    /// Threads of the engine; by default as many as the machine offers. Flex takes the variable RAYON_NUM_THREADS.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// The engine chooses each layer's algorithm by timing it.
    #[arg(long)]
    pub(crate) tune: bool,
    /// Times a step of training (forward and backward pass) instead of inference.
    #[arg(long, conflicts_with_all = ["engine", "profile"])]
    pub(crate) train: bool,
    /// Shows each step of the engine too.
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub(crate) profile: bool,
    /// Writes a line of JSON a row: `model`, `backend`, `engine`, `batch`, `median_ms`, `min_ms`, `max_ms`, `peak_rss_mb`, …
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Writes CSV with timm's columns.
    #[arg(long)]
    pub(crate) csv: bool,
}

fn parse_count(text: &str) -> Result<usize, String> {
    text.parse::<usize>().ok().filter(|count| *count > 0).ok_or_else(|| "give a whole number of at least 1".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Name of a model (`zoo list`), or the path of a .toml file that defines a custom one.
    pub(crate) model: String,
    /// Input as CHANNELSxHEIGHTxWIDTH; by default the size that the model was designed for.
    #[arg(long, value_name = "3x224x224", value_parser = parse_input)]
    pub(crate) input: Option<InputSize>,
    /// Pictures at a time.
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_count)]
    pub(crate) batch: usize,
    /// How far the graph is rewritten.
    #[arg(long, value_enum, default_value_t = GraphStage::Chained)]
    pub(crate) stage: GraphStage,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(crate) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphStage {
    /// As Burn records it.
    Captured,
    /// Compositions recognised: layer norm, hard-swish, …
    Simplified,
    /// Batch norm and other scales within the weights.
    Folded,
    /// Residual sums and activations within what makes their operand.
    Fused,
    /// Convolutions whose maps are large run as one: what the engine plans.
    Chained,
    /// Steps and their places in memory.
    Planned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A line an operation.
    Text,
    /// Graphviz.
    Dot,
}
