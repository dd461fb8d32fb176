//! The graph as text and as a drawing.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::graph::{Graph, Node, ValueId};
use crate::op::{Conv, Op, Prologue, Unary};

fn shape(graph: &Graph, id: ValueId) -> String {
    let sizes: Vec<String> = graph.shape(id).iter().map(ToString::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

impl Conv {
    /// What differs from a plain convolution, but for the activation.
    fn settings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.stride != [1, 1] {
            all.push(format!("stride {}x{}", self.stride[0], self.stride[1]));
        }
        if self.padding != [(0, 0), (0, 0)] {
            all.push(format!("padding {:?}", self.padding));
        }
        if self.dilation != [1, 1] {
            all.push(format!("dilation {}x{}", self.dilation[0], self.dilation[1]));
        }
        if self.groups != 1 {
            all.push(format!("groups {}", self.groups));
        }
        match self.prologue {
            Some(Prologue::Affine(None)) => all.push("after scale and shift".into()),
            Some(Prologue::Affine(Some(activation))) => all.push(format!("after scale, shift and {}", activation.name())),
            Some(Prologue::Gate) => all.push("after a gate".into()),
            None => {}
        }
        if self.residual {
            all.push("residual".into());
        }
        all
    }
}

impl Node {
    /// What the operation is set to, in words.
    pub fn settings(&self) -> String {
        let mut text = String::new();
        let mut say = |part: String| {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&part);
        };
        match &self.op {
            Op::Conv(conv) => conv.settings().into_iter().for_each(&mut say),
            Op::Chain(convs) => convs.iter().for_each(|conv| {
                let activation = conv.activation.map(|activation| activation.name().to_owned());
                let all: Vec<String> = conv.settings().into_iter().chain(activation).collect();
                say(format!("[{}]", all.join(", ")));
            }),
            Op::Dense { residual: true, .. } => say("residual".into()),
            Op::Pool(pool) => say(format!("{}x{} stride {}x{}", pool.kernel_size[0], pool.kernel_size[1], pool.stride[0], pool.stride[1])),
            Op::Reduce { axes, .. } => say(format!("axes {axes:?}")),
            Op::Affine { axis, .. } | Op::Softmax(axis) | Op::LayerNorm { axis, .. } | Op::Cat(axis) | Op::PRelu(axis) => {
                say(format!("axis {axis}"));
            }
            Op::Permute(axes) => say(format!("axes {axes:?}")),
            Op::Slice { start, step } if step.iter().all(|step| *step == 1) => say(format!("from {start:?}")),
            Op::Slice { start, step } => say(format!("from {start:?}, step {step:?}")),
            Op::Unary(Unary::Clamp { min, max }) => say(format!("{min} to {max}")),
            Op::Unary(Unary::Linear { mul, add }) => say(format!("{mul} * x + {add}")),
            Op::Burn(operation) => say(burn_name(operation)),
            _ => {}
        }
        if let Some(activation) = self.op.activation() {
            say(activation.name().into());
        }
        text
    }
}

/// The name of one of Burn's own operations: `Module MaxPool1d`.
pub(crate) fn burn_name(operation: &burn_ir::OperationIr) -> String {
    let text = format!("{operation:?}");
    let words = text.split(['(', ' ', ',', '{']).filter(|word| !word.is_empty() && !matches!(*word, "F32" | "I64" | "I32"));
    words.take(2).collect::<Vec<_>>().join(" ")
}

impl Display for Graph {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for input in &self.inputs {
            writeln!(f, "%{} = input {}", input.0, shape(self, *input))?;
        }
        for node in &self.nodes {
            let outputs: Vec<String> = node.outputs.iter().map(|id| format!("%{}", id.0)).collect();
            write!(f, "{} = {}(", outputs.join(", "), node.op.name())?;
            for (place, id) in node.inputs.iter().enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                match self.is_constant(*id) {
                    true => write!(f, "{comma}constant {}", shape(self, *id))?,
                    false => write!(f, "{comma}%{}", id.0)?,
                }
            }
            let settings = node.settings();
            let settings = if settings.is_empty() { String::new() } else { format!(" {{{settings}}}") };
            writeln!(f, "){settings} {}", shape(self, node.output()))?;
        }
        let outputs: Vec<String> = self.outputs.iter().map(|id| format!("%{}", id.0)).collect();
        writeln!(f, "output {}", outputs.join(", "))
    }
}

impl Graph {
    /// The graph in Graphviz's language: `dot -Tsvg` draws it.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("digraph model {\n  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n");
        for input in &self.inputs {
            let _ = writeln!(dot, "  v{} [label=\"input\\n{}\"];", input.0, shape(self, *input));
        }
        let producers = self.producers();
        for node in &self.nodes {
            let settings = node.settings();
            let settings = if settings.is_empty() { String::new() } else { format!("\\n{}", settings.replace('"', "'")) };
            let to = node.output();
            let _ = writeln!(dot, "  v{} [label=\"{}{settings}\\n{}\"];", to.0, node.op.name(), shape(self, to));
            for from in node.inputs.iter().filter(|id| !self.is_constant(**id)) {
                let from = producers[from.0].map_or(*from, |producer| self.nodes[producer].output());
                let _ = writeln!(dot, "  v{} -> v{};", from.0, to.0);
            }
        }
        dot.push_str("}\n");
        dot
    }
}
