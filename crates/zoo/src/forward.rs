//! A model's logits: through the engine on the CPU, or through Burn on any backend.

use burn::tensor::Tensor;
use burn_zoo::params::read_values;
use burn_zoo::{AnyClassifier, Classifier};
use zoo_cli::Failure;
use zoo_engine::{Engine, EngineError, EngineOptions};

use crate::cli::{Compute, Switch};

/// What computes the logits.
pub(crate) enum Forward {
    /// The project's own kernels.
    Engine(Box<Engine>),
    /// The model's own code on its backend.
    Burn(Box<AnyClassifier>),
}

impl Compute {
    /// Whether the engine runs the models: it is the default on flex.
    pub(crate) fn engine(&self) -> Result<bool, Failure> {
        match (self.engine, self.backend()) {
            (Some(Switch::Off), _) => Ok(false),
            (_, "flex") => Ok(true),
            (None, _) => Ok(false),
            (Some(Switch::On), other) => Err(not_by_engine(other)),
        }
    }

    /// Prepares a model that is not needed any more for batches of this shape, and for others where there will be `others`. It is built
    /// `again` where Burn must run it after all.
    pub(crate) fn forward_owned(
        &self,
        model: AnyClassifier,
        shape: [usize; 4],
        others: bool,
        again: impl FnOnce() -> Result<AnyClassifier, Failure>,
    ) -> Result<Forward, Failure> {
        if !self.engine()? {
            return Ok(Forward::Burn(Box::new(model)));
        }
        // Without the model the weights are in memory once.
        match Engine::compile_owned(model, shape, &EngineOptions { replan: others, ..EngineOptions::default() }) {
            Err(EngineError::Graph(error)) => Ok(by_burn(&error, again()?)),
            compiled => engine(compiled),
        }
    }

    /// Prepares a model for batches of this shape; other shapes work too.
    pub(crate) fn forward(&self, model: &AnyClassifier, shape: [usize; 4]) -> Result<Forward, Failure> {
        model.check_input([shape[1], shape[2], shape[3]])?;
        if !self.engine()? {
            return Ok(Forward::Burn(Box::new(model.clone())));
        }
        match Engine::compile(model, shape, &EngineOptions::default()) {
            Err(EngineError::Graph(error)) => Ok(by_burn(&error, model.clone())),
            compiled => engine(compiled),
        }
    }
}

/// What is wrong with `--engine on` on other backends than flex.
pub(crate) fn not_by_engine(backends: &str) -> Failure {
    Failure::Usage(format!("the engine runs on the CPU, with `--backend flex`, not on `{backends}`"))
}

fn engine(compiled: Result<Engine, EngineError>) -> Result<Forward, Failure> {
    match compiled {
        Ok(engine) => Ok(Forward::Engine(Box::new(engine))),
        Err(EngineError::Input(error)) => Err(error.into()),
        Err(error) => Err(Failure::failed(&error)),
    }
}

/// The answer matters more than how it is found.
fn by_burn(error: &impl std::fmt::Display, model: AnyClassifier) -> Forward {
    eprintln!("note: the engine cannot take this model ({error}); Burn runs it");
    Forward::Burn(Box::new(model))
}

impl Compute {
    /// Logits of pictures, by what was prepared for the first of them.
    pub(crate) fn logits(&self, prepared: &mut Option<Forward>, model: &AnyClassifier, images: Tensor<4>) -> Result<Vec<f32>, Failure> {
        let forward = match prepared {
            Some(forward) => forward,
            none => none.insert(self.forward(model, images.dims())?),
        };
        forward.logits(images)
    }
}

impl Forward {
    /// Logits of pictures `[batch, channels, height, width]`, row by row.
    pub(crate) fn logits(&self, images: Tensor<4>) -> Result<Vec<f32>, Failure> {
        match self {
            Self::Engine(engine) => {
                let logits = engine.run::<4, 2>(images).map_err(|error| match error {
                    EngineError::Input(error) => error.into(),
                    error => Failure::failed(&error),
                })?;
                read_values(logits).map_err(device_failed)
            }
            Self::Burn(model) => {
                let [_, channels, height, width] = images.dims();
                model.check_input([channels, height, width])?;
                read_values(model.forward(images)).map_err(device_failed)
            }
        }
    }
}

fn device_failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("the device failed: {error}"))
}
