//! `zoo verify`: the stored references, which PyTorch computed, on the user's own backend.
//!
//! Weights and inputs are made by the rule in [`zoo_core::fill()`], so nothing is downloaded.

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::BuildOptions;
use burn_zoo::params::fill_params;
use serde::{Deserialize, Serialize};
use zoo_cli::{Failure, output};
use zoo_core::FillRule;

use crate::cli::{Compute, VerifyArgs};
use crate::pattern::{matches, natural};

const REFERENCES: &[&str] = include!(concat!(env!("OUT_DIR"), "/references.rs"));

/// What PyTorch computed.
#[derive(Debug, Deserialize)]
struct Reference {
    name: String,
    salt: String,
    /// Of the filling rule; 1 where absent.
    gain: Option<f64>,
    /// Of the filling rule; 0 where absent.
    shift: Option<f64>,
    /// `[batch, channels, height, width]`.
    input: [usize; 4],
    /// The largest logit by magnitude.
    max_abs: f64,
    /// The first logits of each picture.
    logits: Vec<Vec<f64>>,
}

/// How far a model is from its reference.
#[derive(Debug, Serialize)]
struct Verdict<'a> {
    model: &'a str,
    backend: &'a str,
    /// Whether the project's own kernels ran the model.
    engine: bool,
    input: [usize; 4],
    /// Largest difference, as a fraction of the largest logit; none where the model gives numbers that are not finite.
    difference: Option<f64>,
    tolerance: f64,
    ok: bool,
    seconds: f64,
}

impl Reference {
    /// The model's name here: references from timm say so.
    fn model(&self) -> &str {
        self.name.strip_prefix("timm:").unwrap_or(&self.name)
    }

    /// The largest difference, as a fraction of the largest logit.
    fn difference(&self, compute: &Compute, device: &Device) -> Result<f64, Failure> {
        let model = burn_zoo::build(self.model(), &BuildOptions::default(), device)?;
        let rule = FillRule { salt: &self.salt, gain: self.gain.unwrap_or(1.0), shift: self.shift.unwrap_or(0.0) };
        let model = fill_params(model, rule);
        let values = zoo_core::fill_input(&self.salt, self.input);
        let images = Tensor::<4>::from_data(TensorData::new(values, self.input), device);
        let logits = compute.forward(&model, self.input)?.logits(images)?;
        let rows = logits.chunks(logits.len() / self.input[0]).zip(&self.logits);
        let differences = rows.flat_map(|(row, want)| row.iter().zip(want)).map(|(got, want)| (f64::from(*got) - want).abs());
        // What is not a number is no small difference.
        Ok(differences.fold(0.0, |most, d| if d.is_nan() || d > most { d } else { most }) / self.max_abs)
    }
}

pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let chosen = chosen(args)?;
    let device = args.compute.open()?;
    if !args.json {
        output::write(&format!("{:<28}{:<18}{:>12}{:>12}  \n", "model", "input", "difference", "seconds"))?;
    }
    let mut wrong = vec![];
    for reference in &chosen {
        let begun = Instant::now();
        let difference = reference.difference(&args.compute, &device)?;
        let verdict = Verdict {
            model: reference.model(),
            backend: args.compute.backend(),
            engine: args.compute.engine()?,
            input: reference.input,
            difference: difference.is_finite().then_some(difference),
            tolerance: args.tolerance,
            ok: difference <= args.tolerance,
            seconds: begun.elapsed().as_secs_f64(),
        };
        if !verdict.ok {
            wrong.push(reference.model());
        }
        if args.json { output::json_line(&verdict)? } else { output::write(&verdict.render())? }
    }
    let (backend, tolerance) = (args.compute.backend(), args.tolerance);
    if !wrong.is_empty() {
        let names = wrong.join(", ");
        return Err(Failure::Failed(format!(
            "on backend `{backend}` more than {tolerance:e} of the largest logit away from PyTorch: {names}"
        )));
    }
    if args.json {
        return Ok(());
    }
    output::write(&format!("{} models on {backend}, none more than {tolerance:e} of the largest logit away from PyTorch\n", chosen.len()))
}

fn references() -> Result<Vec<Reference>, Failure> {
    let mut all = vec![];
    for text in REFERENCES {
        all.extend(serde_json::from_str::<Vec<Reference>>(text).map_err(|e| Failure::failed(&e))?);
    }
    all.retain(|reference| burn_zoo::info(reference.model()).is_some());
    all.sort_by(|a, b| natural(a.model(), b.model()));
    Ok(all)
}

fn chosen(args: &VerifyArgs) -> Result<Vec<Reference>, Failure> {
    let mut all = references()?;
    if args.models.is_empty() && !args.all {
        return Err(Failure::Usage("name the models to verify, as in `zoo verify 'resnet*'`, or all of them by --all".to_owned()));
    }
    for pattern in &args.models {
        if !all.iter().any(|reference| matches(pattern, reference.model())) {
            let near = burn_zoo::nearest(pattern, all.iter().map(Reference::model)).join(", ");
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {near}?") };
            return Err(Failure::Usage(format!("no reference is stored for `{pattern}`{hint}")));
        }
    }
    if !args.all {
        all.retain(|reference| args.models.iter().any(|pattern| matches(pattern, reference.model())));
    }
    Ok(all)
}

impl Verdict<'_> {
    fn render(&self) -> String {
        let input = self.input.map(|size| size.to_string()).join("x");
        let difference = self.difference.map_or_else(|| "not finite".to_owned(), |d| format!("{d:.1e}"));
        let mark = if self.ok { "ok" } else { "WRONG" };
        format!("{:<28}{input:<18}{difference:>12}{:>12.2}  {mark}\n", self.model, self.seconds)
    }
}
