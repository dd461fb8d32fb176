//! Models in WebAssembly, by Flex and through the engine: plain exported functions, no bindings generator.
//!
//! The host writes a model's name where [`name`] says, calls [`run`], and reads logits where [`logits`] says.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::{Device, Tensor, TensorData};
use zoo_core::{BuildOptions, Family, FillRule, fill_input, params};
use zoo_engine::{Engine, EngineOptions};

#[cfg(target_arch = "wasm32")]
mod host;

struct State {
    name: Vec<u8>,
    logits: Vec<f32>,
}

static STATE: Mutex<State> = Mutex::new(State { name: Vec::new(), logits: Vec::new() });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for a model's name of `len` bytes.
// SAFETY: no other symbol has this name; so below.
#[unsafe(no_mangle)]
pub extern "C" fn name(len: usize) -> *mut u8 {
    let mut state = state();
    state.name = vec![0; len];
    state.name.as_mut_ptr()
}

/// Runs the named model on the references' input of this shape, its weights filled by the rule with this gain: the number of logits that
/// Flex gives, and as many that the engine gives. Negative where that fails; the host is told why.
#[unsafe(no_mangle)]
pub extern "C" fn run(batch: usize, channels: usize, height: usize, width: usize, gain: f64) -> i32 {
    #[cfg(target_arch = "wasm32")]
    host::report_panics();
    let name = String::from_utf8_lossy(&state().name).into_owned();
    match by_name(&name, [batch, channels, height, width], gain) {
        Ok(logits) => {
            let count = logits.len() / 2;
            state().logits = logits;
            count as i32
        }
        Err(error) => {
            tell(&error.to_string());
            -1
        }
    }
}

/// The logits of the last run: Flex's, then the engine's.
#[unsafe(no_mangle)]
pub extern "C" fn logits() -> *const f32 {
    state().logits.as_ptr()
}

/// Numbers that the kernels compute side by side: 4 with simd128, 1 without.
#[unsafe(no_mangle)]
pub extern "C" fn lanes() -> usize {
    zoo_engine::lanes()
}

fn tell(text: &str) {
    #[cfg(target_arch = "wasm32")]
    host::tell(text);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{text}");
}

type Outcome = Result<Vec<f32>, Box<dyn std::error::Error>>;

fn by_name(name: &str, shape: [usize; 4], gain: f64) -> Outcome {
    let families =
        [both::<zoo_lenet::LeNet>, both::<zoo_resnet::ResNet>, both::<zoo_squeezenet::SqueezeNet>, both::<zoo_efficientnet::EfficientNet>];
    let found = families.iter().find_map(|family| family(name, shape, gain));
    found.unwrap_or_else(|| Err(format!("there is no {name}").into()))
}

/// Logits by Flex and then through the engine, if the family has the model.
fn both<M: Family + Clone + Send + Sync>(name: &str, shape: [usize; 4], gain: f64) -> Option<Outcome> {
    M::variant(name).is_some().then(|| {
        let device = Device::flex();
        let model = M::build(name, &BuildOptions::default().with_dropout(0.0), &device)?;
        let model = params::fill_params(model, FillRule { gain, ..FillRule::new("zoo") });
        let images = Tensor::<4>::from_data(TensorData::new(fill_input("zoo", shape), shape), &device);
        let mut logits = params::read_values(model.forward(images.clone()))?;
        let engine = Engine::compile(&model, shape, &EngineOptions { replan: false, ..EngineOptions::default() })?;
        logits.extend(params::read_values(engine.run::<4, 2>(images)?)?);
        Ok(logits)
    })
}
