//! Follows one input through the tree: a row a layer.

use super::{Flow, Node, Operation, Reach};
use crate::shape::{ReceptiveField, ShapeError};

/// One layer of a model at a given input size.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LayerRow {
    /// Dotted path, as in the parameter names: `features.0`.
    pub name: String,
    /// PyTorch's type name: `Conv2d`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Kernel `[height, width]`, where the layer has a window larger than a pixel or a stride.
    pub kernel: Option<[usize; 2]>,
    /// Stride `[height, width]`, likewise.
    pub stride: Option<[usize; 2]>,
    /// Padding on each side `[height, width]`, likewise.
    pub padding: Option<[usize; 2]>,
    /// Output shape without the batch: `[channels, height, width]` or `[features]`.
    pub output: Vec<usize>,
    /// Trainable parameters.
    pub params: usize,
    /// Multiply-accumulates for one picture.
    pub macs: u64,
    /// Input pixels `[height, width]` that one output sees.
    pub receptive_field: [usize; 2],
    /// Distance in input pixels between neighbouring outputs, `[height, width]`.
    pub jump: [usize; 2],
}

/// All layers of a model at a given input size, in order of execution.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Trace {
    /// A row a layer.
    pub layers: Vec<LayerRow>,
    /// Output shape without the batch.
    pub output: Vec<usize>,
    /// Trainable parameters of all layers, those that the flow does not pass included.
    pub params: usize,
    /// Multiply-accumulates for one picture.
    pub macs: u64,
    /// Output elements of all convolutions and matrix products for one picture.
    pub activations: u64,
    /// What each container gives, by its dotted path: `layer1`, `features.3`.
    #[serde(skip)]
    pub modules: Vec<ModuleOutput>,
}

/// What a module gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleOutput {
    /// Dotted path.
    pub name: String,
    /// Output shape without the batch.
    pub shape: Vec<usize>,
    /// Distance in input pixels between neighbouring outputs, `[height, width]`.
    pub jump: [usize; 2],
}

impl Trace {
    /// What the layer or container with this path gives; of one that runs several times, the last time.
    pub fn output_of(&self, path: &str) -> Option<ModuleOutput> {
        let module = self.modules.iter().rev().find(|m| m.name == path).cloned();
        module.or_else(|| {
            let row = self.layers.iter().rev().find(|row| row.name == path)?;
            Some(ModuleOutput { name: row.name.clone(), shape: row.output.clone(), jump: row.jump })
        })
    }
}

#[derive(Clone)]
struct State {
    shape: Vec<usize>,
    field: [ReceptiveField; 2],
    /// Input pixels that the whole map sees, `[height, width]`.
    span: [usize; 2],
}

impl Node {
    /// Follows an input of `[channels, height, width]` through the tree.
    ///
    /// # Errors
    /// [`ShapeError::At`], which names the layer that cannot take its input.
    pub fn trace(&self, input: [usize; 3]) -> Result<Trace, ShapeError> {
        let start = State { shape: input.to_vec(), field: [ReceptiveField::INPUT; 2], span: [input[1], input[2]] };
        let mut trace = Trace { layers: vec![], output: vec![], params: self.params(), macs: 0, activations: 0, modules: vec![] };
        trace.output = self.walk("", start, &mut trace)?.shape;
        Ok(trace)
    }

    /// Trainable parameters of all layers in the tree, and of the operations that are no layers (a class token).
    pub fn params(&self) -> usize {
        match self {
            Self::Leaf(op) => op.params(),
            Self::Tree { children, flow, .. } => {
                children.iter().map(|(_, child)| child.params()).sum::<usize>() + flow.as_ref().map_or(0, Flow::own_params)
            }
        }
    }

    fn walk(&self, path: &str, state: State, trace: &mut Trace) -> Result<State, ShapeError> {
        let state = match self {
            Self::Leaf(op) => return run(&**op, path, state, trace),
            Self::Tree { children, flow: None, .. } => {
                children.iter().try_fold(state, |state, (name, child)| child.walk(&join(path, name), state, trace))
            }
            Self::Tree { children, flow: Some(flow), .. } => flow.walk(children, path, state, trace),
        }?;
        let jump = state.field.map(|field| field.jump);
        trace.modules.push(ModuleOutput { name: path.to_owned(), shape: state.shape.clone(), jump });
        Ok(state)
    }
}

impl Flow {
    /// Parameters of the operations in this flow that are no modules.
    fn own_params(&self) -> usize {
        match self {
            Self::Child(_) => 0,
            Self::Op(_, op) => op.params(),
            Self::Chain(parts) | Self::Sum(parts) | Self::Concat(parts) => parts.iter().map(Self::own_params).sum(),
            Self::Gate(branch) => branch.own_params(),
        }
    }

    fn walk(&self, children: &[(String, Node)], path: &str, state: State, trace: &mut Trace) -> Result<State, ShapeError> {
        match self {
            Self::Child(index) => {
                let (name, child) = &children[*index];
                child.walk(&join(path, name), state, trace)
            }
            Self::Op(name, op) => run(&**op, &join(path, name), state, trace),
            Self::Chain(steps) => steps.iter().try_fold(state, |state, step| step.walk(children, path, state, trace)),
            Self::Sum(branches) => {
                meet(branches, children, path, state, trace, |left, right| if left == right { Some(left.to_vec()) } else { None })
            }
            Self::Concat(branches) => meet(branches, children, path, state, trace, |left, right| {
                if left.len() == right.len() && left[1..] == right[1..] { Some([&[left[0] + right[0]], &left[1..]].concat()) } else { None }
            }),
            Self::Gate(branch) => {
                branch.walk(children, path, state.clone(), trace)?;
                Ok(state)
            }
        }
    }
}

fn meet(
    branches: &[Flow],
    children: &[(String, Node)],
    path: &str,
    state: State,
    trace: &mut Trace,
    join_shapes: fn(&[usize], &[usize]) -> Option<Vec<usize>>,
) -> Result<State, ShapeError> {
    let mut met: Option<State> = None;
    for branch in branches {
        let right = branch.walk(children, path, state.clone(), trace)?;
        met = Some(match met {
            None => right,
            Some(left) => {
                let shape = join_shapes(&left.shape, &right.shape)
                    .ok_or_else(|| at(path, ShapeError::Branches { left: left.shape.clone(), right: right.shape.clone() }))?;
                let field = [left.field[0].join(right.field[0]), left.field[1].join(right.field[1])];
                let span = [left.span[0].max(right.span[0]), left.span[1].max(right.span[1])];
                State { shape, field, span }
            }
        });
    }
    Ok(met.unwrap_or(state))
}

fn run(op: &dyn Operation, path: &str, state: State, trace: &mut Trace) -> Result<State, ShapeError> {
    let output = op.output(&state.shape).map_err(|cause| at(path, cause))?;
    let windows = op.windows(&state.shape);
    let mut field = [state.field[0].then(windows[0]), state.field[1].then(windows[1])];
    let mut span = state.span;
    for axis in 0..2 {
        match (op.reach(), output.len()) {
            // One output sees all that the map sees; pooling to a larger map must not make that more.
            (Reach::Everything, _) => field[axis].size = span[axis],
            (Reach::Window, 3) => span[axis] = field[axis].size + (output[axis + 1].max(1) - 1) * field[axis].jump,
            _ => {}
        }
    }
    let macs = op.macs(&state.shape, &output);
    let windowed =
        op.name() != "Flatten" && (op.is_product() && state.shape.len() == 3 || windows.iter().any(|w| w.kernel_size > 1 || w.stride > 1));
    trace.layers.push(LayerRow {
        name: path.to_owned(),
        kind: op.name(),
        kernel: windowed.then(|| windows.map(|w| w.kernel_size)),
        stride: windowed.then(|| windows.map(|w| w.stride)),
        padding: windowed.then(|| windows.map(|w| w.padding)),
        output: output.clone(),
        params: op.params(),
        macs,
        receptive_field: field.map(|f| f.size),
        jump: field.map(|f| f.jump),
    });
    trace.macs += macs;
    if op.is_product() {
        trace.activations += output.iter().product::<usize>() as u64;
    }
    Ok(State { shape: output, field, span })
}

fn at(path: &str, cause: ShapeError) -> ShapeError {
    ShapeError::At { path: path.to_owned(), cause: Box::new(cause) }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::super::ops;
    use super::*;
    use crate::shape::Window;

    fn conv(i: usize, o: usize, k: usize, s: usize) -> Node {
        Node::leaf(ops::Conv2d {
            in_channels: i,
            out_channels: o,
            windows: [Window::new(k).stride(s).padding(k / 2); 2],
            groups: 1,
            bias: false,
        })
    }

    #[test]
    fn residual_block_with_projection() {
        let block =
            Node::tree("BasicBlock", [("conv1", conv(8, 16, 3, 2)), ("conv2", conv(16, 16, 3, 1)), ("downsample", conv(8, 16, 1, 2))])
                .with_flow(Flow::Sum(vec![Flow::Chain(vec![Flow::Child(0), Flow::Child(1)]), Flow::Child(2)]));
        let trace = block.trace([8, 32, 32]).unwrap();
        assert_eq!(trace.output, [16, 16, 16]);
        assert_eq!(trace.params, 8 * 16 * 9 + 16 * 16 * 9 + 8 * 16);
        assert_eq!(trace.layers[1].receptive_field, [7, 7]); // 3, then two more taps two pixels apart
        assert_eq!(trace.layers[1].jump, [2, 2]);
    }

    #[test]
    fn concatenation_adds_channels_and_gates_keep_the_shape() {
        let node = Node::tree("Block", [("a", conv(4, 3, 1, 1)), ("b", conv(4, 5, 3, 1))]).with_flow(Flow::Concat(vec![
            Flow::Child(0),
            Flow::Gate(Box::new(Flow::Child(1))),
            Flow::Child(1),
        ]));
        assert_eq!(node.trace([4, 6, 6]).unwrap().output, [3 + 4 + 5, 6, 6]);
    }

    #[test]
    fn branches_of_different_size_are_an_error_that_names_the_place() {
        let node = Node::tree("Block", [("a", conv(4, 4, 3, 2))]).with_flow(Flow::Sum(vec![Flow::Child(0), Flow::Chain(vec![])]));
        let outer = Node::tree("Net", [("block", node)]);
        match outer.trace([4, 8, 8]) {
            Err(ShapeError::At { path, cause }) => {
                assert_eq!(path, "block");
                assert!(matches!(*cause, ShapeError::Branches { .. }));
            }
            other => panic!("{other:?}"),
        }
    }
}
