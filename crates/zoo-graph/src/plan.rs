//! Every value's place in memory, and the steps of a run.
//!
//! Feature maps lie channels last, and stay so from the first convolution to the head. Reshapes, permutations and slices are
//! views where memory allows it, copies elsewhere. What a concatenation joins is written where the result will lie. Buffers
//! whose values are not needed at the same time share memory, so that the memory of a run is known before it.

mod batched;
mod layout;
mod memory;
mod pictures;

pub use pictures::Caches;

use crate::graph::{Graph, Node, ValueId};
use crate::op::{Conv, Op, Prologue};
use crate::view::View;
use layout::{accepts, follow};

/// Where an operand lies.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// In the run's memory. After planning, the view's offset counts from the start of all memory.
    Memory {
        /// Which buffer.
        buffer: usize,
        /// Where within it.
        view: View,
    },
    /// Among the graph's constants.
    Constant {
        /// Which.
        value: ValueId,
        /// Which of its numbers.
        view: View,
    },
    /// Held by Burn during the run: indices and masks.
    Held(ValueId),
}

impl Operand {
    /// The view, but for what Burn holds.
    pub fn view(&self) -> Option<&View> {
        match self {
            Self::Memory { view, .. } | Self::Constant { view, .. } => Some(view),
            Self::Held(_) => None,
        }
    }

    fn buffer(&self) -> Option<usize> {
        match self {
            Self::Memory { buffer, .. } => Some(*buffer),
            _ => None,
        }
    }

    fn map(&self, change: impl FnOnce(&View) -> View) -> Self {
        match self {
            Self::Memory { buffer, view } => Self::Memory { buffer: *buffer, view: change(view) },
            Self::Constant { value, view } => Self::Constant { value: *value, view: change(view) },
            Self::Held(value) => Self::Held(*value),
        }
    }
}

/// An operation on places in memory.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done; `None` copies the input to the output.
    pub op: Option<Op>,
    /// What is read, in the order of the operation's inputs.
    pub inputs: Vec<Operand>,
    /// What is written.
    pub outputs: Vec<Operand>,
    /// Its number where nothing is cut: the parts of a step have the same one.
    pub number: usize,
}

/// A part of memory while it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Numbers.
    pub len: usize,
    /// The first step that writes it.
    pub first: usize,
    /// The last step that reads it.
    pub last: usize,
    /// Where it begins.
    pub offset: usize,
}

/// The steps of a run and their memory.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order in which they run.
    pub steps: Vec<Step>,
    /// Parts of memory; those whose times overlap do not overlap in memory.
    pub buffers: Vec<Buffer>,
    /// Numbers of memory that a run needs.
    pub memory: usize,
    /// Where the run's inputs are put, row by row.
    pub inputs: Vec<Operand>,
    /// Where the run's outputs are found.
    pub outputs: Vec<Operand>,
}

impl Plan {
    /// Plans a graph.
    pub fn new(graph: &Graph) -> Self {
        Self::cut(graph, None)
    }

    /// Plans a graph so that steps whose maps do not fit into the caches for a whole batch are done for a few pictures at a time.
    pub fn for_caches(graph: &Graph, caches: Caches) -> Self {
        Self::cut(graph, Some(caches))
    }

    fn cut(graph: &Graph, caches: Option<Caches>) -> Self {
        let mut planner = Planner {
            graph,
            batched: batched::values(graph),
            keeps_apart: false,
            apart: Vec::new(),
            places: vec![None; graph.values.len()],
            within: layout::concatenations(graph),
            buffers: Vec::new(),
            steps: Vec::new(),
        };
        let inputs: Vec<Operand> = graph.inputs.iter().map(|id| planner.allocate(*id, View::rows(graph.shape(*id)))).collect();
        for node in &graph.nodes {
            planner.add(node);
        }
        let outputs: Vec<Operand> = graph.outputs.iter().map(|id| planner.place(*id)).collect();
        let Planner { mut steps, mut buffers, apart, .. } = planner;
        if let (Some(caches), Some(batch)) = (caches, batched::batch(graph)) {
            let fixed: Vec<usize> = inputs.iter().chain(&outputs).filter_map(Operand::buffer).collect();
            steps = pictures::cut(steps, &apart, &mut buffers, batch, &fixed, caches);
        }
        memory::assign(steps, buffers, inputs, outputs)
    }
}

struct Planner<'g> {
    graph: &'g Graph,
    places: Vec<Option<Operand>>,
    /// The concatenation into whose result a value is written, and where it begins there.
    within: Vec<Option<(usize, Vec<usize>)>>,
    buffers: Vec<usize>,
    steps: Vec<Step>,
    /// Values whose first axis is the batch.
    batched: Vec<bool>,
    /// Whether the node at hand keeps pictures apart, and for each step whether it does.
    keeps_apart: bool,
    apart: Vec<bool>,
}

impl Planner<'_> {
    fn place(&mut self, id: ValueId) -> Operand {
        if let Some(place) = &self.places[id.0] {
            return place.clone();
        }
        let value = &self.graph.values[id.0];
        match (&value.constant, value.float) {
            (Some(_), true) => Operand::Constant { value: id, view: View::rows(&value.shape) },
            _ => Operand::Held(id),
        }
    }

    fn fresh(&mut self, layout: View) -> Operand {
        self.buffers.push(layout.span());
        Operand::Memory { buffer: self.buffers.len() - 1, view: layout }
    }

    /// The place of a value that a step is about to write: within the concatenation that joins it, or a buffer of its own.
    fn allocate(&mut self, id: ValueId, layout: View) -> Operand {
        if let Some(place) = &self.places[id.0] {
            return place.clone();
        }
        let shape = self.graph.shape(id).to_vec();
        let place = match self.within[id.0].clone() {
            Some((node, start)) => {
                let joined = &self.graph.nodes[node];
                let whole = self.allocate(joined.output(), joined_layout(self.graph, joined));
                whole.map(|view| view.slice(&start, &shape))
            }
            None => self.fresh(layout),
        };
        self.places[id.0] = Some(place.clone());
        place
    }

    fn step(&mut self, op: Option<Op>, inputs: Vec<Operand>, outputs: Vec<Operand>) {
        self.steps.push(Step { op, inputs, outputs, number: self.steps.len() });
        self.apart.push(self.keeps_apart);
    }

    fn copy(&mut self, from: Operand, to: Operand) {
        self.step(None, vec![from], vec![to]);
    }

    /// The operand itself if its layout will do, or a copy that lies as `layout`.
    fn prepared(&mut self, operand: Operand, fits: bool, layout: View) -> Operand {
        if fits {
            return operand;
        }
        let copy = self.fresh(layout);
        self.copy(operand, copy.clone());
        copy
    }

    fn add(&mut self, node: &Node) {
        self.keeps_apart = node.outputs.iter().all(|id| self.batched[id.0]);
        match &node.op {
            op if op.is_view() => self.add_view(node),
            Op::Cat(_) => self.add_cat(node),
            op => self.add_step(op.clone(), node),
        }
    }

    fn add_view(&mut self, node: &Node) {
        let (id, shape) = (node.output(), self.graph.shape(node.output()).to_vec());
        let from = self.place(node.inputs[0]);
        let Some(view) = from.view() else { return };
        let viewed = match &node.op {
            Op::Permute(axes) => Some(view.permute(axes)),
            Op::Slice { start, step } => Some(view.slice(start, &shape).every(step)),
            Op::Expand => Some(view.expand(&shape)),
            _ => view.reshape(&shape),
        };
        match viewed {
            Some(viewed) => self.places[id.0] = Some(from.map(|_| viewed)),
            None => {
                // A reshape reads its input row by row.
                let rows = self.fresh(View::rows(&view.shape.clone()));
                self.copy(from, rows.clone());
                self.places[id.0] = Some(rows.map(|_| View::rows(&shape)));
            }
        }
    }

    fn add_cat(&mut self, node: &Node) {
        let Op::Cat(axis) = node.op else { return };
        let whole = self.allocate(node.output(), joined_layout(self.graph, node));
        let mut start = vec![0; self.graph.shape(node.output()).len()];
        for input in &node.inputs {
            let shape = self.graph.shape(*input).to_vec();
            let part = whole.map(|view| view.slice(&start, &shape));
            let from = self.place(*input);
            if from != part {
                self.copy(from, part);
            }
            start[axis] += shape[axis];
        }
    }

    fn add_step(&mut self, op: Op, node: &Node) {
        let mut inputs: Vec<Operand> = node.inputs.iter().map(|id| self.place(*id)).collect();
        if let Some(first) = inputs.first().cloned()
            && let Some(view) = first.view()
            && let Some((fits, layout)) = accepts(&op, view)
        {
            inputs[0] = self.prepared(first, fits, layout);
        }
        if matches!(op, Op::Matmul)
            && let Some(view) = inputs[1].view().cloned()
        {
            inputs[1] = self.prepared(inputs[1].clone(), layout::is_matrices(&view), View::rows(&view.shape));
        }
        let outputs: Vec<Operand> = node.outputs.iter().map(|id| self.output(*id, &op, &inputs)).collect();
        if let Op::Conv(Conv { prologue: Some(Prologue::Gate), .. }) = &op
            && let Some(gate) = inputs.pop()
        {
            let fits = gate.view().is_none_or(View::is_rows);
            let rows = gate.view().map_or_else(|| View::rows(&[]), |view| View::rows(&view.shape));
            inputs.push(self.prepared(gate, fits, rows));
        }
        // A residual is read beside the result: in the same order.
        if let Some(place) = residual_place(&op) {
            let wanted = outputs[0].view().cloned();
            if let (Some(wanted), Some(view)) = (wanted, inputs[place].view().cloned()) {
                let fits = layout::same_rows(&view, &wanted);
                inputs[place] = self.prepared(inputs[place].clone(), fits, View::ordered(&view.shape, &wanted.order()));
            }
        }
        let shape_of_rows = inputs.first().and_then(|input| input.view().cloned());
        let placed = outputs.first().and_then(|output| output.view().cloned());
        // Where the result must lie as the operand does, but a concatenation wants it otherwise.
        if let (Some(x), Some(to)) = (shape_of_rows, placed)
            && let Some(layout) = follow(&op, &x, &to.shape)
            && !layout::same_rows(&layout, &to)
        {
            let own = self.fresh(layout);
            self.step(Some(op), inputs, vec![own.clone()]);
            return self.copy(own, outputs[0].clone());
        }
        self.step(Some(op), inputs, outputs);
    }

    fn output(&mut self, id: ValueId, op: &Op, inputs: &[Operand]) -> Operand {
        if !self.graph.values[id.0].float {
            return Operand::Held(id);
        }
        let shape = self.graph.shape(id).to_vec();
        let x = inputs.first().and_then(Operand::view);
        let layout = x.and_then(|x| follow(op, x, &shape)).unwrap_or_else(|| match op {
            Op::Conv(_) | Op::Chain(_) | Op::Pool(_) | Op::AdaptiveAveragePool(_) => View::channels_last(&shape),
            Op::Binary { .. } => {
                let full = inputs.iter().filter_map(Operand::view).find(|view| view.shape == shape && view.is_dense());
                full.map_or_else(|| View::rows(&shape), |view| View::ordered(&shape, &view.order()))
            }
            _ => View::rows(&shape),
        });
        self.allocate(id, layout)
    }
}

fn residual_place(op: &Op) -> Option<usize> {
    match op {
        Op::Conv(conv) if conv.residual => Some(3),
        Op::Chain(convs) if convs.last().is_some_and(|conv| conv.residual) => Some(1 + 2 * convs.len()),
        Op::Dense { residual: true, .. } => Some(3),
        _ => None,
    }
}

fn joined_layout(graph: &Graph, node: &Node) -> View {
    let shape = graph.shape(node.output());
    match node.op {
        Op::Cat(1) => View::channels_last(shape),
        _ => View::rows(shape),
    }
}

impl Step {
    /// What the step is called in tables.
    pub fn name(&self) -> &'static str {
        self.op.as_ref().map_or("copy", Op::name)
    }
}
