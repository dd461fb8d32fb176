//! Reads the references in `fixtures/parity`, which `reference.py` made with PyTorch.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::AnyClassifier;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Logits in inference mode.
#[derive(Debug, Deserialize)]
pub struct EvalReference {
    /// Model.
    pub name: String,
    /// Salt of the filling rule.
    pub salt: String,
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
    /// `[batch, channels, height, width]`; labels are 0, 1, 2, ...
    pub input: [usize; 4],
    /// Cross-entropy.
    pub loss: f64,
    /// Euclidean norm of each gradient.
    pub grad_l2: BTreeMap<String, f64>,
    /// First values of the running statistics after the step.
    pub running: BTreeMap<String, Vec<f64>>,
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
    /// Multiply-accumulates in billions, as torchvision publishes them.
    pub gflops: Option<f64>,
}

/// A fixture by its name.
///
/// # Panics
/// Where it is missing or malformed: the tests cannot run without it.
#[allow(clippy::panic)]
pub fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/fixtures/parity/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A model with all parameters filled by the rule, without dropout.
///
/// # Panics
/// Where the model cannot be built.
#[allow(clippy::panic)]
pub fn filled(name: &str, salt: &str, device: &Device) -> AnyClassifier {
    let options = burn_zoo::BuildOptions::default().with_dropout(0.0);
    let model = burn_zoo::build(name, &options, device).unwrap_or_else(|e| panic!("{name}: {e}"));
    burn_zoo::params::fill_params(model, salt)
}

/// The rule's input.
pub fn input(salt: &str, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(zoo_core::fill_input(salt, shape), shape), device)
}
