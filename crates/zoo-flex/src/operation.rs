//! Operations of our own among Burn's: how one is recorded, differentiated and recomputed.

use std::fmt::Debug;
use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, Flex};
use burn::tensor::{GradientCheckpointingStrategy, Tensor};
use burn_autodiff::NodeId;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::retro_forward::RetroForward;
use burn_autodiff::checkpoint::state::BackwardStates;
use burn_autodiff::checkpoint::strategy::{BalancedCheckpointing, CheckpointStrategy, NoCheckpointing};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;

/// A tensor with its place in the graph.
type Tracked = FloatTensor<Autodiff<Flex>>;

/// An operation with a gradient.
pub(crate) trait Operation: Debug + Send + Sync + 'static {
    /// The result, and what [`Operation::backward`] needs that is neither input nor setting.
    fn forward(&self, inputs: &[FlexTensor], tracked: bool) -> (FlexTensor, Vec<FlexTensor>);

    /// The inputs that backward reads, where `tracked` inputs have gradients.
    fn keeps(&self, tracked: &[bool]) -> Vec<usize>;

    /// Gradients of the inputs that are `wanted`; what was kept has its input's index.
    fn backward(&self, run: Run<'_>) -> Vec<Option<FlexTensor>>;

    /// Whether its result is better computed again than kept, with gradient checkpointing.
    fn is_light(&self) -> bool {
        false
    }

    /// The result once more.
    fn again(&self, inputs: &[FlexTensor], _saved: &[FlexTensor]) -> FlexTensor {
        self.forward(inputs, false).0
    }
}

/// A backward pass.
pub(crate) struct Run<'a> {
    /// Inputs that were kept.
    pub kept: Vec<Option<FlexTensor>>,
    /// What forward saved.
    pub saved: Vec<FlexTensor>,
    /// Of the result.
    pub gradient: FlexTensor,
    /// Which inputs' gradients are needed.
    pub wanted: &'a [bool],
}

impl Run<'_> {
    /// An input that [`Operation::keeps`] named.
    pub fn input(&mut self, index: usize) -> FlexTensor {
        match self.kept.get_mut(index).and_then(Option::take) {
            Some(tensor) => tensor,
            None => unreachable!("input {index} is kept, and read once"),
        }
    }
}

/// Applies an operation to tensors of Flex, with or without autodiff.
pub(crate) fn apply(operation: Arc<dyn Operation>, inputs: Vec<DispatchTensor>) -> DispatchTensor {
    let context = inputs.iter().fold(DispatchAutodiffContext::Disabled, |context, input| context.merge(input.autodiff));
    let kind = match context {
        DispatchAutodiffContext::Disabled => {
            let inputs: Vec<_> = inputs.into_iter().map(|input| plain(input.kind)).collect();
            DispatchTensorKind::Flex(BackendTensor::Float(operation.forward(&inputs, false).0))
        }
        DispatchAutodiffContext::Enabled(strategy) => {
            let inputs = inputs.into_iter().map(|input| with_node(input.kind)).collect();
            let output = match strategy {
                GradientCheckpointingStrategy::Disabled => record_any::<NoCheckpointing>(inputs, operation),
                GradientCheckpointingStrategy::Balanced => record_any::<BalancedCheckpointing>(inputs, operation),
            };
            DispatchTensorKind::Autodiff(Box::new(DispatchTensorKind::Flex(BackendTensor::Autodiff(output))))
        }
    };
    DispatchTensor { kind, autodiff: context }
}

/// The same for a map.
pub(crate) fn map(operation: impl Operation, inputs: Vec<DispatchTensor>) -> Tensor<4> {
    Tensor::from_dispatch(apply(Arc::new(operation), inputs))
}

fn plain(kind: DispatchTensorKind) -> FlexTensor {
    match kind {
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => tensor,
        _ => unreachable!("only tensors of Flex are taken"),
    }
}

fn with_node(kind: DispatchTensorKind) -> Tracked {
    match kind {
        DispatchTensorKind::Autodiff(inner) => match *inner {
            DispatchTensorKind::Flex(BackendTensor::Autodiff(tensor)) => tensor,
            _ => unreachable!("only tensors of Flex are taken"),
        },
        // A constant.
        other => Tracked::new(plain(other)),
    }
}

/// The most inputs that an operation has.
pub(crate) const MOST: usize = 8;

fn record_any<C: CheckpointStrategy>(inputs: Vec<Tracked>, operation: Arc<dyn Operation>) -> Tracked {
    macro_rules! by_number {
        ($($number:literal)+) => {
            match inputs.len() {
                $($number => record::<C, $number>(inputs, operation),)+
                number => unreachable!("no operation has {number} inputs"),
            }
        };
    }
    by_number!(1 2 3 4 5 6 7 8)
}

fn record<C: CheckpointStrategy, const N: usize>(inputs: Vec<Tracked>, operation: Arc<dyn Operation>) -> Tracked {
    let Ok(inputs): Result<[Tracked; N], _> = inputs.try_into() else { unreachable!("there are N") };
    let tracked = inputs.each_ref().map(Tracked::is_tracked);
    let any = tracked.contains(&true);
    let (output, saved) = operation.forward(&inputs.each_ref().map(|input| input.primitive().clone()), any);
    let prepared = Step(Arc::clone(&operation)).prepare::<C>(inputs.each_ref().map(Tracked::node));
    let prepared = if operation.is_light() {
        let again = Again { operation: Arc::clone(&operation), inputs: inputs.each_ref().map(Tracked::id).to_vec(), saved: saved.clone() };
        prepared.memory_bound().retro_forward(again).parents(&inputs)
    } else {
        prepared.compute_bound()
    };
    match prepared.stateful() {
        OpsKind::Tracked(mut prepared) => {
            let mut kept = [None; N];
            for index in operation.keeps(&tracked) {
                kept[index] = Some(prepared.checkpoint(&inputs[index]));
            }
            prepared.finish(State { kept, saved }, output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

/// What waits for the backward pass.
#[derive(Debug, Clone)]
struct State<const N: usize> {
    kept: [Option<NodeId>; N],
    saved: Vec<FlexTensor>,
}

#[derive(Debug)]
struct Step(Arc<dyn Operation>);

impl<const N: usize> Backward<Flex, N> for Step {
    type State = State<N>;

    fn backward(self, ops: Ops<State<N>, N>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node);
        let kept = ops.state.kept.map(|id| id.map(|id| checkpointer.retrieve_node_output::<FlexTensor>(id)));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let run = Run { kept: kept.to_vec(), saved: ops.state.saved, gradient, wanted: &wanted };
        // What `kept` still holds is dropped with it.
        drop(kept);
        let gradients = self.0.backward(run);
        for (parent, gradient) in ops.parents.iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// How a result that was not kept is computed again.
#[derive(Debug)]
struct Again {
    operation: Arc<dyn Operation>,
    inputs: Vec<NodeId>,
    saved: Vec<FlexTensor>,
}

impl RetroForward for Again {
    fn forward(&self, states: &mut BackwardStates, output: NodeId) {
        let inputs: Vec<_> = self.inputs.iter().map(|id| states.get_state::<FlexTensor>(id)).collect();
        let result = self.operation.again(&inputs, &self.saved);
        states.save(output, result);
    }
}
