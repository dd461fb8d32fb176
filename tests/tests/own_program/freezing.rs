//! Freezing up to a stage.

use std::collections::BTreeSet;

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Device, Gradients};
use burn_zoo::Classifier;
use zoo_core::params::{Path, freeze_up_to, gradient_norms, is_statistic, param_table};

use super::*;

/// One step of gradient descent.
struct Descent<'a> {
    grads: &'a Gradients,
    path: Path,
}

impl ModuleMapper for Descent<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if is_statistic(&self.path.name()) {
            return param;
        }
        let (id, value, mapper) = param.consume();
        let value = match value.grad(self.grads) {
            Some(grad) => Tensor::from_inner(value.inner() - grad * 0.01).require_grad(),
            None => value,
        };
        Param::from_mapped_value(id, value, mapper)
    }
}

/// The names of the parameters on which the map of each stage depends, by where its gradient goes.
fn behind_stages(kind: &str, device: &Device) -> Vec<(String, BTreeSet<String>)> {
    let model = filled(kind, &options(), device);
    let count = model.stage_names().len();
    let behind = |index: usize| {
        let map = model.forward_intermediates(images([2, 3, 32, 32], device)).swap_remove(index);
        let grads = map.features.sum().backward();
        (map.name, gradient_norms(&model, &grads).unwrap().into_keys().collect())
    };
    (0..count).map(behind).collect()
}

#[test]
fn a_step_leaves_what_is_frozen_and_moves_the_rest() {
    let device = Device::flex().autodiff();
    for kind in KINDS {
        for (stage, behind) in behind_stages(kind, &device) {
            let (model, count) = freeze_up_to(filled(kind, &options(), &device), &stage);
            let table = param_table(&model);
            let trainable = |name: &String| table.iter().find(|info| &info.name == name).map(|info| info.shape.iter().product::<usize>());
            assert_eq!(count, behind.iter().filter_map(trainable).sum::<usize>(), "{kind}: {stage}");

            // Running statistics belong to the layer of the weight beside them.
            let weight = |name: &str| format!("{}.weight", name.rsplit_once('.').unwrap().0);
            let frozen = |name: &String| behind.contains(name) || is_statistic(name) && behind.contains(&weight(name));
            let before = state(&model);
            let loss = model.forward(images([4, 3, 32, 32], &device)).powi_scalar(2).mean();
            let grads = loss.backward();
            let norms = gradient_norms(&model, &grads).unwrap();
            // A bias before batch normalisation moves by nothing but rounding.
            let idle = |name: &String| norms.get(name).is_some_and(|norm| *norm < 1e-5);
            let model = model.map(&mut Descent { grads: &grads, path: Path::default() });
            let after = state(&model);
            for (name, old) in &before {
                let moved = &after[name] != old;
                assert!(moved != frozen(name) || !moved && idle(name), "{kind}: frozen up to {stage}: {name}: moved is {moved}");
                assert_eq!(norms.contains_key(name), !frozen(name) && !is_statistic(name), "{kind}: frozen up to {stage}: {name}");
            }
        }
    }
}

/// Each stage of every model, also one that ends with a layer without parameters or is but a pooling.
#[test]
fn every_stage_freezes_all_that_the_one_before_does() {
    let device = Device::flex();
    for model in burn_zoo::models() {
        let name = model.info.name;
        let built = || burn_zoo::build(name, &options(), &device).unwrap();
        let stages = built().stage_names();
        let counts: Vec<_> = stages.iter().map(|stage| freeze_up_to(built(), stage).1).collect();
        assert!(counts[0] > 0 && counts.windows(2).all(|pair| pair[0] <= pair[1]), "{name}: {stages:?} {counts:?}");
        assert!(counts[counts.len() - 1] < model.info.params, "{name}: the head");
        assert_eq!(freeze_up_to(built(), "no_such_stage").1, 0);
    }
}
