//! Reads the references in `fixtures/parity`, which `reference.py` made with PyTorch.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::AnyClassifier;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zoo_core::FillRule;

/// Logits in inference mode.
#[derive(Debug, Deserialize)]
pub struct EvalReference {
    /// Model.
    pub name: String,
    /// Salt of the filling rule.
    pub salt: String,
    /// Gain of the filling rule; 1 where absent.
    pub gain: Option<f64>,
    /// Shift of the filling rule; 0 where absent.
    pub shift: Option<f64>,
    /// `[batch, channels, height, width]`.
    pub input: [usize; 4],
    /// Number of classes.
    pub outputs: usize,
    /// Trainable parameters.
    pub params: usize,
    /// The largest logit by magnitude, of all.
    pub max_abs: f64,
    /// The first logits of each picture.
    pub logits: Vec<Vec<f64>>,
}

/// One training step.
#[derive(Debug, Deserialize)]
pub struct TrainReference {
    /// Model.
    pub name: String,
    /// Salt of the filling rule.
    pub salt: String,
    /// Gain of the filling rule; 1 where absent.
    pub gain: Option<f64>,
    /// Shift of the filling rule; 0 where absent.
    pub shift: Option<f64>,
    /// `[batch, channels, height, width]`; labels are 0, 1, 2, ...
    pub input: [usize; 4],
    /// Cross-entropy.
    pub loss: f64,
    /// Euclidean norm of each gradient.
    pub grad_l2: BTreeMap<String, f64>,
    /// First values of the running statistics after the step.
    pub running: BTreeMap<String, Vec<f64>>,
    /// How far PyTorch's own f32 is from its f64: largest relative difference of a gradient's norm (`spread.py`). Below zero
    /// where it is below a millionth of the largest gradient.
    #[serde(default)]
    pub spread: f64,
}

impl EvalReference {
    /// The model's name here.
    pub fn model(&self) -> &str {
        bare(&self.name)
    }

    /// The rule for its weights.
    pub fn rule(&self) -> FillRule<'_> {
        rule(&self.salt, self.gain, self.shift)
    }
}

impl TrainReference {
    /// The model's name here.
    pub fn model(&self) -> &str {
        bare(&self.name)
    }

    /// The rule for its weights.
    pub fn rule(&self) -> FillRule<'_> {
        rule(&self.salt, self.gain, self.shift)
    }
}

fn rule(salt: &str, gain: Option<f64>, shift: Option<f64>) -> FillRule<'_> {
    FillRule { salt, gain: gain.unwrap_or(1.0), shift: shift.unwrap_or(0.0) }
}

/// `timm:` says where the reference comes from.
pub fn bare(name: &str) -> &str {
    name.strip_prefix("timm:").unwrap_or(name)
}

/// What PyTorch says of a model's parameters.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// Trainable parameters.
    pub params: usize,
    /// `[channels, height, width]`.
    pub input: [usize; 3],
    /// Names and shapes, in order.
    pub state: Vec<(String, Vec<usize>)>,
    /// Published weights; none for models that are not torchvision's.
    #[serde(default)]
    pub weights: Vec<PublishedWeights>,
}

/// What torchvision says of published weights.
#[derive(Debug, Deserialize)]
pub struct PublishedWeights {
    /// Name: `IMAGENET1K_V1`.
    pub name: String,
    /// Multiply-accumulates in billions at the size of `crop`.
    pub gflops: Option<f64>,
    /// The file's name.
    pub file: String,
    /// Top-1 accuracy in per cent; none for weights that hold features only.
    pub acc1: Option<f64>,
    /// Top-5 accuracy in per cent.
    pub acc5: Option<f64>,
    /// Length of the short side before the crop.
    pub resize: usize,
    /// Side of the input in pixels.
    pub crop: usize,
    /// `bilinear` or `bicubic`.
    pub interpolation: String,
    /// Of each channel.
    pub mean: [f32; 3],
    /// Of each channel.
    pub std: [f32; 3],
    /// Address of the training recipe.
    pub recipe: String,
}

/// The fixtures `KIND.json` and `KIND-*.json` together, sorted by file name.
///
/// # Panics
/// Where one is malformed: the tests cannot run without it.
#[allow(clippy::panic)]
pub fn fixtures<T: DeserializeOwned>(kind: &str) -> Vec<T> {
    let folder = format!("{}/fixtures/parity", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".json")).unwrap_or("");
            name == kind || name.strip_prefix(kind).is_some_and(|rest| rest.starts_with('-'))
        })
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| -> T {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

/// Logits of all references.
pub fn eval_references() -> Vec<EvalReference> {
    fixtures::<Vec<EvalReference>>("eval").into_iter().flatten().collect()
}

/// Training steps of all references.
pub fn train_references() -> Vec<TrainReference> {
    fixtures::<Vec<TrainReference>>("train").into_iter().flatten().collect()
}

/// What PyTorch says of all models, by their name here.
pub fn facts() -> BTreeMap<String, Facts> {
    let all = fixtures::<BTreeMap<String, Facts>>("facts").into_iter().flatten();
    all.map(|(name, fact)| (bare(&name).to_owned(), fact)).collect()
}

/// A model with all parameters filled by the rule, without dropout and stochastic depth.
///
/// # Panics
/// Where the model cannot be built.
#[allow(clippy::panic)]
pub fn filled<'a>(name: &str, rule: impl Into<FillRule<'a>>, device: &Device) -> AnyClassifier {
    let options = burn_zoo::BuildOptions::default().with_dropout(0.0);
    // Only some families have stochastic depth.
    let model = match burn_zoo::build(name, &options.clone().with_drop_path(0.0), device) {
        Err(burn_zoo::BuildError::Unsupported { option: "drop_path", .. }) => burn_zoo::build(name, &options, device),
        built => built,
    };
    let model = model.unwrap_or_else(|e| panic!("{name}: {e}"));
    burn_zoo::params::fill_params(model, rule)
}

/// The rule's input.
pub fn input(salt: &str, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(zoo_core::fill_input(salt, shape), shape), device)
}
