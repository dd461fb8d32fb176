//! Runs of steps that are done for a few pictures of a batch at a time.
//!
//! The maps of a picture may fit into the caches where those of a batch do not: a network then waits for memory, layer by layer. Steps
//! that keep pictures apart can be cut: all steps of a run for the first pictures, then all for the next ones. What lies within a run
//! then needs memory for these pictures only, and is still in the caches when it is read. Layers whose weights are larger than their
//! maps are better done for all pictures at once. Where to cut is found by a model of the memory's cost over all ways to cut.

use std::ops::Range;

use super::{Operand, Step};
use crate::op::Op;

/// What the caches hold, in bytes, as the planner is to see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caches {
    /// Those beside the cores, together.
    pub near: usize,
    /// The shared one.
    pub far: usize,
}

impl Caches {
    /// Those of so many cores with a second-level cache of so many bytes each: three quarters of these, and 16 MiB of what they share.
    pub const fn of_cores(cores: usize, second: usize) -> Self {
        Self { near: second / 4 * 3 * cores, far: 16 << 20 }
    }
}

impl Default for Caches {
    /// Two cores with 1 MiB each.
    fn default() -> Self {
        Self::of_cores(2, 1 << 20)
    }
}

/// Seconds that a step costs apart from its work.
const STEP: f64 = 4e-6;
/// Seconds a byte takes from the shared cache, and from memory.
const FROM_FAR: f64 = 1.0 / 40e9;
const FROM_MEMORY: f64 = 1.0 / 12e9;
/// Fewer pictures in a chain, and threads share the rows of one, some of which they then make twice.
const CHAINED: usize = 4;
/// A batch is cut into no more parts.
const MOST_PARTS: usize = 32;

/// Cuts the steps where that is likely to save time. `apart` says of each step whether it keeps pictures apart; `fixed` are the buffers of
/// the run's inputs and outputs.
pub(super) fn cut(steps: Vec<Step>, apart: &[bool], lens: &mut Vec<usize>, batch: usize, fixed: &[usize], caches: Caches) -> Vec<Step> {
    let facts = Facts::new(&steps, apart, lens, batch, caches);
    let runs = facts.best_runs();
    let mut cut = Vec::with_capacity(steps.len());
    for (run, at_once) in runs {
        if at_once == batch {
            cut.extend_from_slice(&steps[run]);
            continue;
        }
        let within =
            |buffer: usize| !fixed.contains(&buffer) && facts.touched[buffer].start >= run.start && facts.touched[buffer].end <= run.end;
        for part in 0..batch / at_once {
            let mut own: Vec<Option<usize>> = vec![None; lens.len()];
            for step in &steps[run.clone()] {
                let mut part_of = |operand: &Operand| {
                    let Operand::Memory { buffer, view } = operand else { return operand.clone() };
                    let mut shape = view.shape.clone();
                    shape[0] = at_once;
                    if !within(*buffer) {
                        let mut start = vec![0; shape.len()];
                        start[0] = part * at_once;
                        return Operand::Memory { buffer: *buffer, view: view.slice(&start, &shape) };
                    }
                    let buffer = *own[*buffer].get_or_insert_with(|| {
                        lens.push(at_once * facts.period[*buffer].unwrap_or(0));
                        lens.len() - 1
                    });
                    Operand::Memory { buffer, view: view.slice(&vec![0; shape.len()], &shape) }
                };
                let inputs = step.inputs.iter().map(&mut part_of).collect();
                let outputs = step.outputs.iter().map(&mut part_of).collect();
                cut.push(Step { inputs, outputs, ..step.clone() });
            }
        }
    }
    cut
}

/// What the model of cost knows.
struct Facts {
    batch: usize,
    caches: Caches,
    /// Floats from a picture to the next in each buffer, where all views of it agree.
    period: Vec<Option<usize>>,
    /// From the first step that uses a buffer to the one after the last.
    touched: Vec<Range<usize>>,
    steps: Vec<Facet>,
}

/// A step: how far it can be cut, and bytes.
struct Facet {
    /// Pictures that it is done for at least: all, where it does not keep them apart.
    least: usize,
    weights: f64,
    /// Buffers read and written, with the bytes of a picture.
    read: Vec<(usize, f64)>,
    written: f64,
}

impl Facts {
    fn new(steps: &[Step], apart: &[bool], lens: &[usize], batch: usize, caches: Caches) -> Self {
        let (mut period, mut touched) = (vec![None; lens.len()], vec![usize::MAX..usize::MAX; lens.len()]);
        let mut uneven = vec![false; lens.len()];
        for (index, step) in steps.iter().enumerate() {
            for (buffer, view) in memory(&step.inputs).chain(memory(&step.outputs)) {
                touched[buffer] = touched[buffer].start.min(index)..index + 1;
                let stride = view.strides.first().copied().filter(|stride| view.shape[0] == batch && *stride > 0);
                // Pictures lie one after the other, and a picture's part of the view within the picture.
                let inner = stride.filter(|stride| view.offset + view.span() <= stride * batch && view.span() > stride * (batch - 1));
                uneven[buffer] |= inner.is_none() || period[buffer].is_some_and(|known| Some(known) != inner);
                period[buffer] = inner;
            }
        }
        let facet = |(step, apart): (&Step, &bool)| {
            let each = |view: &crate::View| view.len() as f64 * 4.0 / batch as f64;
            let buffers = memory(&step.inputs).chain(memory(&step.outputs));
            let weights = step.inputs.iter().filter_map(|operand| match operand {
                Operand::Constant { view, .. } => Some(view.len() as f64 * 4.0),
                _ => None,
            });
            let apart = *apart && buffers.map(|(buffer, _)| buffer).all(|buffer| !uneven[buffer]);
            Facet {
                least: match step.op {
                    _ if !apart => batch,
                    Some(Op::Chain(_)) => CHAINED.min(batch),
                    _ => 1,
                },
                weights: weights.sum(),
                read: memory(&step.inputs).map(|(buffer, view)| (buffer, each(view))).collect(),
                written: memory(&step.outputs).map(|(_, view)| each(view)).sum(),
            }
        };
        let steps = steps.iter().zip(apart).map(facet).collect();
        Self { batch, caches, period, touched, steps }
    }

    /// The runs, first to last, with the pictures that each does at once.
    fn best_runs(&self) -> Vec<(Range<usize>, usize)> {
        let sizes: Vec<usize> =
            (1..=self.batch).filter(|size| self.batch.is_multiple_of(*size) && self.batch / size <= MOST_PARTS).collect();
        // The cost of the best way through the steps before each, and the run that ends it.
        let mut best: Vec<(f64, usize, usize)> = vec![(f64::INFINITY, 0, self.batch); self.steps.len() + 1];
        best[0].0 = 0.0;
        for first in 0..self.steps.len() {
            for &size in &sizes {
                let mut cost = best[first].0;
                let (mut weights, mut maps) = (0.0, 0.0);
                for index in first..self.steps.len() {
                    let step = &self.steps[index];
                    if size < step.least {
                        break;
                    }
                    cost += self.cost(first, index, size);
                    weights += step.weights;
                    maps += size as f64 * step.written;
                    // Weights come anew for each part, after all others of the run and its maps.
                    let all = cost + (self.batch / size) as f64 * weights * self.from(weights + maps);
                    if all < best[index + 1].0 {
                        best[index + 1] = (all, first, size);
                    }
                }
            }
        }
        let mut runs = Vec::new();
        let mut end = self.steps.len();
        while end > 0 {
            let (_, first, size) = best[end];
            runs.push((first..end, size));
            end = first;
        }
        runs.reverse();
        runs
    }

    /// Seconds that a step of a run costs for all pictures, beside its arithmetic and its weights.
    fn cost(&self, first: usize, index: usize, size: usize) -> f64 {
        let (step, batch, size) = (&self.steps[index], self.batch as f64, size as f64);
        let bytes = |of: f64, held: f64| of * self.from(held);
        let each = step.read.iter().map(|(_, bytes)| bytes).sum::<f64>() + step.written;
        let mut cost = batch * bytes(step.written, size * each);
        for (buffer, of) in &step.read {
            // What an earlier run wrote has been pushed out by all that came since.
            let held = if self.touched[*buffer].start >= first { size * each } else { batch * of * 2.0 };
            cost += batch * bytes(*of, held);
        }
        cost + batch / size * STEP
    }

    /// Seconds a byte takes, of something that comes back after so many bytes.
    fn from(&self, held: f64) -> f64 {
        match held {
            held if held <= self.caches.near as f64 => 0.0,
            held if held <= self.caches.far as f64 => FROM_FAR,
            _ => FROM_MEMORY,
        }
    }
}

fn memory(operands: &[Operand]) -> impl Iterator<Item = (usize, &crate::View)> {
    operands.iter().filter_map(|operand| match operand {
        Operand::Memory { buffer, view } => Some((*buffer, view)),
        _ => None,
    })
}
