//! Burn's own operations, run by Burn: what depends on constants alone, and what the engine has no kernel for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::TensorData;
use burn_flex::{Flex, FlexDevice};
use burn_ir::{IrVisitorMut, OperationIr, TensorIr, TensorStatus};
use burn_router::TensorInterpreter;

use crate::GraphError;

struct ReadOnly;

impl IrVisitorMut for ReadOnly {
    fn visit_tensor_mut(&mut self, tensor: &mut TensorIr) {
        // A value that stands twice among the inputs must outlive its first reading.
        tensor.status = TensorStatus::ReadOnly;
    }
}

/// Runs one operation on Flex. The inputs are in the order of [`OperationIr::inputs`].
///
/// # Errors
/// [`GraphError::Burn`] where Burn cannot run it.
pub fn run_on_flex(operation: &OperationIr, inputs: Vec<TensorData>) -> Result<Vec<TensorData>, GraphError> {
    let mut operation = operation.clone();
    let outputs: Vec<TensorIr> = operation.outputs().cloned().collect();
    operation.visit_mut(&mut ReadOnly);
    let run = || -> Result<Vec<TensorData>, String> {
        let mut interpreter = TensorInterpreter::<Flex>::new(FlexDevice);
        for (tensor, data) in operation.inputs().zip(inputs) {
            interpreter.register_tensor_data_id(tensor.id, data);
        }
        interpreter.register_op(operation);
        let read = |mut tensor: TensorIr| {
            tensor.status = TensorStatus::ReadWrite;
            burn::tensor::try_read_sync(interpreter.read_tensor_async(tensor))
                .ok_or("its result cannot be waited for")?
                .map_err(|error| error.to_string())
        };
        outputs.into_iter().map(read).collect()
    };
    // Burn's interpreter panics where it has no implementation.
    let caught = catch_unwind(AssertUnwindSafe(run));
    caught.unwrap_or_else(|_| Err("it stopped".into())).map_err(GraphError::Burn)
}
