//! Adaptive gradient clipping (Brock et al. 2021, <https://arxiv.org/abs/2102.06171>), as timm's `adaptive_clip_grad`.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use zoo_core::params::Path;

use super::{NamedGradients, parameter_name};

/// The least norm that a weight is taken to have.
const EPSILON: f64 = 1e-3;

/// Where the numbers of one unit, an output of the layer, are in a flat parameter.
#[derive(Debug, Clone, Copy)]
enum Units {
    /// All are one unit: norms and biases.
    One,
    /// A row each.
    Rows(usize),
    /// A column each: Burn's `Linear`.
    Columns(usize),
}

impl Units {
    /// The numbers as a matrix of which `axis` is to be summed.
    fn matrix(self, flat: Tensor<1>) -> (Tensor<2>, usize) {
        let [length] = flat.dims();
        match self {
            Self::One => (flat.reshape([1, length]), 1),
            Self::Rows(rows) => (flat.reshape([rows, length / rows.max(1)]), 1),
            Self::Columns(columns) => (flat.reshape([length / columns.max(1), columns]), 0),
        }
    }

    fn squares(self, flat: Tensor<1>) -> Tensor<2> {
        let (matrix, axis) = self.matrix(flat);
        (matrix.clone() * matrix).sum_dim(axis)
    }
}

impl NamedGradients {
    /// Scales the gradient of each unit such that its norm is at most `factor` times that of the unit's weights.
    pub fn clip_adaptive<M: Module>(&mut self, model: &M, factor: f64) {
        let mut visitor = Norms { path: Path::default(), grads: self, places: BTreeMap::new(), squares: BTreeMap::new() };
        model.visit(&mut visitor);
        let Norms { places, squares, .. } = visitor;
        self.map(|name, grad| {
            let Some((whole, units)) = places.get(name) else { return grad };
            let Some([weight, own]) = squares.get(whole).cloned() else { return grad };
            let (most, norm) = (weight.sqrt().clamp_min(EPSILON).mul_scalar(factor), own.sqrt());
            let small = norm.clone().lower(most.clone());
            let scale = (most / norm.clamp_min(1e-6)).mask_fill(small, 1.0);
            let (matrix, _) = units.matrix(grad);
            (matrix * scale).flatten(0, 1)
        });
    }
}

struct Norms<'a> {
    path: Path,
    grads: &'a NamedGradients,
    /// The name of the whole and the units of each parameter: a large weight may be kept in parts.
    places: BTreeMap<String, (String, Units)>,
    /// By the whole's name: sums of squares of the weights and of the gradients of each unit.
    squares: BTreeMap<String, [Tensor<2>; 2]>,
}

impl ModuleVisitor for Norms<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(name) = parameter_name(&self.path) else { return };
        let Some(grad) = self.grads.0.get(&name).cloned() else { return };
        let value = param.val().inner();
        let dims = value.dims();
        let units = match dims.as_slice() {
            [] | [_] => Units::One,
            dims if self.path.is_transposed(D) => Units::Columns(dims[D - 1]),
            dims => Units::Rows(dims[0]),
        };
        let length = value.shape().num_elements();
        let mut sums = [units.squares(value.reshape([length])), units.squares(grad)];
        let whole = self.path.name();
        if let Some([weight, own]) = self.squares.remove(&whole) {
            let [more_weight, more] = sums;
            sums = [weight + more_weight, own + more];
        }
        self.squares.insert(whole.clone(), sums);
        self.places.insert(name, (whole, units));
    }
}
