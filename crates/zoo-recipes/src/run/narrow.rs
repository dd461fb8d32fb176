//! A model that computes in bfloat16, of one that keeps its weights in f32.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{FloatDType, Tensor};
use zoo_core::params::{Path, is_statistic};

/// What is computed in.
pub(crate) const NARROW: FloatDType = FloatDType::BF16;

/// The same model with weights in bfloat16. Each is cast from the model's own, which the gradients go back to, in f32; running
/// statistics are the model's own.
pub(super) fn narrowed<M: Module>(model: &M) -> M {
    model.clone().map(&mut Narrow(Path::default()))
}

struct Narrow(Path);

impl ModuleMapper for Narrow {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.0.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.0.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if is_statistic(&self.0.name()) { param } else { param.map(|weight| weight.cast(NARROW)) }
    }
}
