//! The fastest way through a convolutional network on a CPU.
//!
//! [`Engine::compile`] records a model's `forward`, optimises the graph (`zoo-graph`), packs the weights for the processor at hand
//! (`zoo-kernels`) and plans the memory. [`Engine::run`] then takes pictures and gives logits. The model's code stays as it is; what
//! the engine has no kernel for, Burn itself computes, and a log line says so.
//!
//! ```ignore
//! let model = zoo_resnet::ResNet::named("resnet18", &options, &device)?;
//! let engine = Engine::compile(&model, [1, 3, 224, 224], &EngineOptions::default())?;
//! let logits = engine.run(images)?;
//! ```

mod bind;
mod copy;
mod engine;
mod error;
mod generic;
mod generic_math;
mod layers;
mod options;
mod place;
mod plan;
mod profile;
mod work;

pub use engine::Engine;
pub use error::EngineError;
pub use options::{EngineOptions, Tuning, Winograd};
pub use plan::{CompiledPlan, Numbers};
pub use profile::LayerTime;
pub use zoo_graph::Caches;

/// Numbers that the kernels compute side by side on this machine.
pub fn lanes() -> usize {
    zoo_kernels::Isa::detect().lanes()
}
