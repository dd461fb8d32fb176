//! A model ready to run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use zoo_core::Classifier;
use zoo_graph::passes::optimise;
use zoo_graph::{Graph, Input, Output, capture, capture_owned};
use zoo_kernels::Threads;

use crate::layers::Packed;
use crate::plan::{CompiledPlan, Numbers};
use crate::{EngineError, EngineOptions};

/// A model to be compiled.
enum Given<'a, M> {
    Borrowed(&'a M),
    Owned(M),
}

fn takes<M: Classifier>(model: &M, shapes: &[Vec<usize>]) -> Result<(), EngineError> {
    match shapes {
        [shape] if shape.len() == 4 => Ok(model.check_input([shape[1], shape[2], shape[3]])?),
        _ => Err(EngineError::Shapes { wanted: vec![vec![0; 4]], given: shapes.to_vec() }),
    }
}

fn logits<M: Classifier>(model: &M, inputs: &[Input]) -> Vec<Output> {
    vec![model.forward(inputs[0].tensor::<4>()).into()]
}

/// By the shapes of the inputs.
type Plans = HashMap<Vec<Vec<usize>>, Arc<CompiledPlan>>;
type Capture = Box<dyn Fn(&[Vec<usize>]) -> Result<Graph, EngineError> + Send + Sync>;

/// A model compiled for the CPU. Many threads may run it at once: they share the weights.
pub struct Engine {
    options: EngineOptions,
    threads: Threads,
    compiled: Vec<Vec<usize>>,
    plans: Mutex<(Plans, Packed)>,
    capture: Option<Capture>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.options).field("compiled", &self.compiled).finish_non_exhaustive()
    }
}

impl Engine {
    /// Compiles a model of the zoo for pictures `[batch, channels, height, width]`.
    ///
    /// # Errors
    /// [`EngineError::Input`] where the model cannot take such pictures, [`EngineError::Graph`] where Burn cannot record it.
    pub fn compile<M: Classifier + Clone + Send + Sync + 'static>(
        model: &M,
        shape: [usize; 4],
        options: &EngineOptions,
    ) -> Result<Self, EngineError> {
        Self::build(Given::Borrowed(model), &[&shape], takes, logits, options)
    }

    /// As [`Engine::compile`], of a model that is not needed any more: without [`EngineOptions::replan`] its weights go as the engine's
    /// come, so that they are not in memory twice. (A clone of the model keeps them.)
    ///
    /// # Errors
    /// As [`Engine::compile`].
    pub fn compile_owned<M: Classifier + Clone + Send + Sync + 'static>(
        model: M,
        shape: [usize; 4],
        options: &EngineOptions,
    ) -> Result<Self, EngineError> {
        Self::build(Given::Owned(model), &[&shape], takes, logits, options)
    }

    /// Compiles any module for inputs of these shapes; `forward` makes its outputs from [`Input`]s.
    ///
    /// # Errors
    /// [`EngineError::Graph`] where Burn cannot record it.
    pub fn compile_module<M: Module + Send + Sync + 'static>(
        model: &M,
        shapes: &[&[usize]],
        forward: impl Fn(&M, &[Input]) -> Vec<Output> + Send + Sync + 'static,
        options: &EngineOptions,
    ) -> Result<Self, EngineError> {
        Self::build(Given::Borrowed(model), shapes, |_, _| Ok(()), forward, options)
    }

    fn build<M: Module + Send + Sync + 'static>(
        given: Given<'_, M>,
        shapes: &[&[usize]],
        check: impl Fn(&M, &[Vec<usize>]) -> Result<(), EngineError> + Send + Sync + 'static,
        forward: impl Fn(&M, &[Input]) -> Vec<Output> + Send + Sync + 'static,
        options: &EngineOptions,
    ) -> Result<Self, EngineError> {
        let threads = options.threads();
        let shapes: Vec<Vec<usize>> = shapes.iter().map(|shape| shape.to_vec()).collect();
        let record = move |given: Given<'_, M>, shapes: &[Vec<usize>]| -> Result<Graph, EngineError> {
            let slices: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
            let mut graph = match given {
                Given::Borrowed(model) => {
                    check(model, shapes)?;
                    capture(model, &slices, &forward)?
                }
                Given::Owned(model) => {
                    check(&model, shapes)?;
                    capture_owned(model, &slices, &forward)?
                }
            };
            optimise(&mut graph);
            Ok(graph)
        };
        let (graph, kept) = match given {
            Given::Owned(model) if options.replan => (record(Given::Borrowed(&model), &shapes)?, Some(model)),
            Given::Borrowed(model) if options.replan => (record(given, &shapes)?, Some(model.clone())),
            given => (record(given, &shapes)?, None),
        };
        let mut packed = Packed::new();
        let plan = CompiledPlan::new(graph, options, &threads, &mut packed)?;
        let capture = kept.map(|model| Box::new(move |shapes: &[Vec<usize>]| record(Given::Borrowed(&model), shapes)) as Capture);
        let plans = HashMap::from([(shapes.clone(), Arc::new(plan))]);
        Ok(Self { options: options.clone(), threads, compiled: shapes, plans: Mutex::new((plans, packed)), capture })
    }

    /// The plan for inputs of these shapes, made now if there is none.
    ///
    /// # Errors
    /// [`EngineError::Shapes`] without [`EngineOptions::replan`] where the shapes are not those that were compiled, and what
    /// [`Engine::compile`] fails with.
    pub fn plan(&self, shapes: &[Vec<usize>]) -> Result<Arc<CompiledPlan>, EngineError> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.0.get(shapes) {
            return Ok(plan.clone());
        }
        let Some(capture) = &self.capture else {
            return Err(EngineError::Shapes { wanted: self.compiled.clone(), given: shapes.to_vec() });
        };
        let plan = Arc::new(CompiledPlan::new(capture(shapes)?, &self.options, &self.threads, &mut plans.1)?);
        plans.0.insert(shapes.to_vec(), plan.clone());
        Ok(plan)
    }

    /// The first output for one input, on the input's device.
    ///
    /// # Errors
    /// As [`Engine::plan`], and [`EngineError::Numbers`] where the input holds others than 32-bit floats.
    pub fn run<const D: usize, const E: usize>(&self, input: Tensor<D>) -> Result<Tensor<E>, EngineError> {
        let device = input.device();
        let shape = input.dims().to_vec();
        let plan = self.plan(&[shape])?;
        let data = input.into_data().try_into_vec::<f32>().map_err(|error| EngineError::Numbers(format!("{error:?}")))?;
        let mut outputs = plan.run(&[&data])?;
        let (shape, numbers) = outputs.swap_remove(0);
        if shape.len() != E {
            return Err(EngineError::Shapes { wanted: vec![vec![0; E]], given: vec![shape] });
        }
        Ok(Tensor::from_data(TensorData::new(numbers, shape), &device))
    }

    /// All outputs for inputs that lie row by row, with their shapes.
    ///
    /// # Errors
    /// As [`Engine::plan`].
    pub fn run_slices(&self, inputs: &[(&[usize], &[f32])]) -> Result<Vec<Numbers>, EngineError> {
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|(shape, _)| shape.to_vec()).collect();
        let data: Vec<&[f32]> = inputs.iter().map(|(_, data)| *data).collect();
        self.plan(&shapes)?.run(&data)
    }
}
