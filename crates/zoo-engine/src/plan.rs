//! A model compiled for one shape of input.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use zoo_graph::{Graph, Operand, Plan, ValueId};
use zoo_kernels::{Algorithm, Aligned, Arena, ConvSpec, Isa, PackedConv, Threads, View, ViewMut};

use crate::EngineError;
use crate::bind::{Binder, constants_read};
use crate::copy::{gather, scatter};
use crate::layers::{Orders, Packed};
use crate::options::{EngineOptions, Tuning};
use crate::profile::LayerTime;
use crate::work::{Constants, Run, Source, Work, numbers};

/// A tensor: its shape, and its numbers row by row.
pub type Numbers = (Vec<usize>, Vec<f32>);

/// WebAssembly in a browser has no clock that Rust's library knows, and reading it would stop the program.
const HAS_CLOCK: bool = !cfg!(all(target_arch = "wasm32", target_os = "unknown"));

/// How often each algorithm is timed.
const ROUNDS: usize = 5;

/// Does a step of a run.
type EachStep<'a> = dyn FnMut(usize, &Work, &mut Run<'_>) -> Result<(), EngineError> + 'a;

/// What a profile says of a step.
struct Named {
    number: usize,
    name: &'static str,
    shape: String,
}

/// A model compiled for one shape of input.
pub struct CompiledPlan {
    steps: Vec<(Work, Named)>,
    layers: Vec<Arc<PackedConv>>,
    inputs: Vec<Operand>,
    /// For each input whether steps read it where the caller has it.
    in_place: Vec<bool>,
    outputs: Vec<Operand>,
    constants: Constants,
    memory: usize,
    workspace: usize,
    isa: Isa,
    threads: Threads,
    /// Memory of runs that are over.
    free: Mutex<Vec<(Arena, Aligned)>>,
    macs: u64,
}

impl std::fmt::Debug for CompiledPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompiledPlan").field("steps", &self.steps.len()).field("memory", &self.memory_bytes()).finish_non_exhaustive()
    }
}

impl CompiledPlan {
    /// Plans a graph as it is, rewritten or not.
    ///
    /// # Errors
    /// [`EngineError::Kernel`] where a kernel refuses its operands.
    pub fn from_graph(graph: Graph, options: &EngineOptions) -> Result<Self, EngineError> {
        Self::new(graph, options, &options.threads(), &mut Packed::new())
    }

    pub(crate) fn new(graph: Graph, options: &EngineOptions, threads: &Threads, packed: &mut Packed) -> Result<Self, EngineError> {
        let plan = options.caches.map_or_else(|| Plan::new(&graph), |caches| Plan::for_caches(&graph, caches));
        let macs = graph.macs();
        let isa = Isa::detect();
        // Layers are alike, and a step that is done in parts is asked for once a part.
        let timed = RefCell::new(HashMap::new());
        let choose = |spec: &ConvSpec, shape: [usize; 4], algorithms: Vec<Algorithm>| match options.tuning {
            Tuning::Measure if algorithms.len() > 1 && HAS_CLOCK => {
                let time = || fastest(spec, shape, &algorithms, isa, threads);
                *timed.borrow_mut().entry((*spec, shape)).or_insert_with(time)
            }
            _ => algorithms.first().copied().unwrap_or(Algorithm::Direct),
        };
        let mut binder = Binder { graph: &graph, isa, options, orders: Orders::new(options.replan), choose: &choose };
        let mut steps = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let work = binder.bind(step)?;
            if let (Work::Generic { .. }, Some(op)) = (&work, &step.op)
                && !options.reference
            {
                let by = if matches!(op, zoo_graph::Op::Burn(_)) { "Burn" } else { "plain loops" };
                log::info!("{} has no kernel: {by} run it", step.name());
            }
            let shape = step.outputs.first().and_then(Operand::view).map(|view| format!("{:?}", view.shape)).unwrap_or_default();
            steps.push((work, Named { number: step.number, name: step.name(), shape }));
        }
        let in_place = read_in_place(&plan, &mut steps);
        let read: Vec<ValueId> = steps.iter().flat_map(|(work, ..)| constants_read(work)).collect();
        let kept = plan.outputs.iter().filter_map(|output| match output {
            Operand::Constant { value, .. } => Some(*value),
            _ => None,
        });
        let constants = read.into_iter().chain(kept).filter_map(|id| Some((id, graph.values[id.0].constant.clone()?))).collect();
        let orders = binder.orders;
        drop(graph);
        let layers = orders.pack(isa, threads, packed)?;
        let workspace =
            steps.iter().map(|(work, ..)| work.workspace_len(&layers, threads)).max_by_key(|len| *len.as_ref().unwrap_or(&usize::MAX));
        let workspace = workspace.unwrap_or(Ok(0))?;
        let (Plan { inputs, outputs, memory, .. }, threads) = (plan, threads.clone());
        Ok(Self { steps, layers, inputs, in_place, outputs, constants, memory, workspace, isa, threads, free: Mutex::default(), macs })
    }

    /// Bytes of memory that a run needs, the weights aside.
    pub fn memory_bytes(&self) -> usize {
        (self.memory + self.workspace) * 4
    }

    /// Multiply-accumulates of a run, as they are counted for networks (Winograd's are counted as the direct ones).
    pub fn macs(&self) -> u64 {
        self.macs
    }

    /// Runs on inputs that lie row by row, and gives the outputs with their shapes.
    ///
    /// # Errors
    /// [`EngineError::Shapes`] where the inputs are not those that the plan was made for.
    pub fn run(&self, inputs: &[&[f32]]) -> Result<Vec<Numbers>, EngineError> {
        self.run_steps(inputs, &mut |_, work, run| work.run(run))
    }

    /// Runs once and says how long each step took.
    ///
    /// # Errors
    /// As [`CompiledPlan::run`].
    pub fn profile(&self, inputs: &[&[f32]]) -> Result<Vec<LayerTime>, EngineError> {
        let mut times = Vec::with_capacity(self.steps.len());
        self.run_steps(inputs, &mut |index, work, run| {
            let start = Instant::now();
            work.run(run)?;
            let (seconds, Named { number, name, shape }) = (start.elapsed().as_secs_f64(), &self.steps[index].1);
            let time = LayerTime::new(work, &self.layers, name, shape, seconds);
            match times.get_mut(*number) {
                Some(known) => LayerTime::add_part(known, &time),
                none => {
                    debug_assert!(none.is_none());
                    times.push(time);
                }
            }
            Ok(())
        })?;
        Ok(times)
    }

    fn run_steps(&self, inputs: &[&[f32]], each: &mut EachStep<'_>) -> Result<Vec<Numbers>, EngineError> {
        let lens: Vec<Vec<usize>> = self.inputs.iter().filter_map(Operand::view).map(|view| view.shape.clone()).collect();
        if lens.len() != inputs.len() || lens.iter().zip(inputs).any(|(shape, input)| shape.iter().product::<usize>() != input.len()) {
            return Err(EngineError::Shapes { wanted: lens, given: inputs.iter().map(|input| vec![input.len()]).collect() });
        }
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (mut arena, mut workspace) = free.unwrap_or_else(|| (Arena::zeros(self.memory), Aligned::zeros(self.workspace)));
        for ((operand, input), in_place) in self.inputs.iter().zip(inputs).zip(&self.in_place) {
            if let (Operand::Memory { view, .. }, false) = (operand, in_place) {
                scatter(input, arena.floats_mut(), view);
            }
        }
        let mut held = Vec::new();
        let mut run = Run {
            inputs,
            arena: &mut arena,
            workspace: &mut workspace,
            isa: self.isa,
            threads: &self.threads,
            layers: &self.layers,
            constants: &self.constants,
            held: &mut held,
        };
        for (index, (work, ..)) in self.steps.iter().enumerate() {
            each(index, work, &mut run)?;
        }
        let outputs = self.outputs.iter().map(|output| match output {
            Operand::Memory { view, .. } => Ok((view.shape.clone(), gather(arena.floats(), view))),
            Operand::Constant { value, view } => Ok((view.shape.clone(), gather(numbers(&self.constants, *value)?, view))),
            Operand::Held(_) => Err(EngineError::Broken("an output that is no number")),
        });
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push((arena, workspace));
        Ok(outputs)
    }
}

/// Lets steps that only move an input's numbers to channels last read them where the caller has them, if no other step needs that input; says
/// for each input whether that is so.
fn read_in_place(plan: &Plan, steps: &mut [(Work, Named)]) -> Vec<bool> {
    let buffer = |operand: &Operand| if let Operand::Memory { buffer, .. } = operand { Some(*buffer) } else { None };
    let each = plan.inputs.iter().enumerate().map(|(number, input)| {
        let (Some(wanted), Some(view)) = (buffer(input), input.view()) else { return false };
        let touches = |step: &zoo_graph::Step| step.inputs.iter().chain(&step.outputs).any(|operand| buffer(operand) == Some(wanted));
        let readers: Vec<usize> = (0..plan.steps.len()).filter(|i| touches(&plan.steps[*i])).collect();
        let only_moved = readers.iter().all(|i| matches!(steps[*i].0, Work::ToMap { .. }));
        if !only_moved || !view.is_rows() || plan.outputs.iter().any(|output| buffer(output) == Some(wanted)) {
            return false;
        }
        for i in readers {
            if let Work::ToMap { from, .. } = &mut steps[i].0
                && let Source::Memory(offset) = *from
            {
                *from = Source::Input(number, offset - view.offset);
            }
        }
        true
    });
    each.collect()
}

/// The fastest of a convolution's algorithms on zeros of this shape.
fn fastest(spec: &ConvSpec, shape: [usize; 4], algorithms: &[Algorithm], isa: Isa, threads: &Threads) -> Algorithm {
    let first = algorithms.first().copied().unwrap_or(Algorithm::Direct);
    let Ok(out) = spec.output_shape(shape) else { return first };
    let (weight, bias) = (vec![0.01; spec.weight_len()], vec![0.0; spec.out_channels]);
    let (input, mut output) = (Aligned::zeros(shape.iter().product()), Aligned::zeros(out.iter().product()));
    let prepare = |algorithm: &Algorithm| {
        let packed = PackedConv::pack(spec, &weight, Some(&bias), *algorithm, isa).ok()?;
        let workspace = Aligned::zeros(packed.workspace_len(shape, threads).ok()?);
        Some((*algorithm, packed, workspace, f64::INFINITY))
    };
    let mut all: Vec<_> = algorithms.iter().filter_map(prepare).collect();
    // In turn, so that a moment in which the machine does something else does not fall on one of them alone.
    for _ in 0..ROUNDS {
        for (_, packed, workspace, best) in &mut all {
            let start = Instant::now();
            let (Ok(x), Ok(to)) = (View::new(&input, shape), ViewMut::new(&mut output, out)) else { return first };
            if packed.run(x, None, zoo_kernels::Activation::Relu, to, workspace, threads).is_ok() {
                *best = best.min(start.elapsed().as_secs_f64());
            }
        }
    }
    all.iter().min_by(|a, b| a.3.total_cmp(&b.3)).map_or(first, |(algorithm, ..)| *algorithm)
}
