//! A model's parameters and buffers under PyTorch's names and shapes.
//!
//! Burn keeps the weight of a `Linear` as `[in, out]`, PyTorch as `[out, in]`; and Burn's own norms name their weights
//! `gamma` and `beta`; `zoo_layers::FullyConnected` keeps a large weight in parts. All of that is translated here, once, for
//! everything that reads or writes parameters by name.

use std::collections::{HashMap, HashSet};

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Gradients, Tensor, TensorData};

use crate::FillRule;
use crate::transpose::transposed_columns;

/// One parameter or buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamInfo {
    /// PyTorch's key: `features.0.weight`.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// `false` for running statistics and other buffers, which are saved but not trained.
    pub trainable: bool,
}

/// A parameter's values in PyTorch's layout.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// PyTorch's key.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// Follows the path through a module and translates it: for visitors and mappers that need PyTorch's names.
#[derive(Debug, Clone, Default)]
pub struct Path(Vec<(String, String)>);

impl Path {
    /// To be called by `enter_module`.
    pub fn enter(&mut self, name: &str, container: &str) {
        self.0.push((name.to_owned(), container.to_owned()));
    }

    /// To be called by `exit_module`.
    pub fn exit(&mut self) {
        self.0.pop();
    }

    /// The innermost struct that holds the leaf.
    fn holder(&self) -> &str {
        self.0.iter().rev().map(|(_, c)| c.as_str()).find(|c| c.starts_with("Struct:")).unwrap_or("")
    }

    /// The number of this part, where the leaf is one part of a fully connected weight.
    pub fn part(&self) -> Option<usize> {
        match self.0.as_slice() {
            [.., (weight, holder), (index, vec)] if weight == "weight" && holder == "Struct:FullyConnected" && vec == "Vec" => {
                index.parse().ok()
            }
            _ => None,
        }
    }

    /// PyTorch's name of the leaf.
    pub fn name(&self) -> String {
        let burn_norm = matches!(self.holder(), "Struct:BatchNorm" | "Struct:LayerNorm" | "Struct:GroupNorm" | "Struct:RmsNorm");
        let whole = &self.0[..self.0.len() - usize::from(self.part().is_some())];
        let segments = whole.iter().filter(|(_, container)| !container.starts_with("Enum:")).map(|(name, _)| match name.as_str() {
            "gamma" if burn_norm => "weight",
            "beta" if burn_norm => "bias",
            other => other,
        });
        segments.collect::<Vec<_>>().join(".")
    }

    /// Whether a leaf of so many axes is kept as the transpose of PyTorch's.
    pub fn is_transposed(&self, rank: usize) -> bool {
        let linear = self.holder() == "Struct:Linear" && self.0.last().is_some_and(|(name, _)| name == "weight");
        rank == 2 && (linear || self.part().is_some())
    }

    /// PyTorch's shape for Burn's, of this part alone.
    fn shape(&self, mut shape: Vec<usize>) -> Vec<usize> {
        if self.is_transposed(shape.len()) {
            shape.reverse();
        }
        shape
    }
}

/// Whether a name is that of a buffer, which is saved and loaded but not trained: running statistics, and the offsets that
/// Swin Transformer V2 keeps in its files.
pub fn is_statistic(name: &str) -> bool {
    ["running_mean", "running_var", "relative_coords_table"].iter().any(|buffer| name.ends_with(buffer))
}

/// Names, shapes and kinds of all parameters and buffers, in order; nothing is initialised.
pub fn param_table<M: Module>(module: &M) -> Vec<ParamInfo> {
    struct Visitor(Path, Vec<ParamInfo>);
    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let name = self.0.name();
            let shape = self.0.shape(param.lazy_shape().to_vec());
            match self.1.last_mut() {
                Some(whole) if self.0.part().is_some_and(|part| part > 0) => whole.shape[1] += shape[1],
                _ => self.1.push(ParamInfo { trainable: !is_statistic(&name), name, shape }),
            }
        }
    }
    let mut visitor = Visitor(Path::default(), vec![]);
    module.visit(&mut visitor);
    visitor.1
}

/// Number of trainable parameters, as PyTorch counts them: running statistics excluded.
pub fn num_trainable<M: Module>(module: &M) -> usize {
    param_table(module).iter().filter(|p| p.trainable).map(|p| p.shape.iter().product::<usize>()).sum()
}

/// The Euclidean norm of each parameter's gradient, by PyTorch's name; parameters without a gradient are left out.
///
/// # Errors
/// What the device says, where a read fails.
pub fn gradient_norms<M: Module>(module: &M, grads: &Gradients) -> Result<HashMap<String, f64>, String> {
    struct Visitor<'a>(Path, &'a Gradients, Result<HashMap<String, f64>, String>);
    impl ModuleVisitor for Visitor<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let Ok(norms) = &mut self.2 else { return };
            let name = self.0.name();
            if is_statistic(&name) {
                return;
            }
            let Some(grad) = param.val().grad(self.1) else { return };
            match read_values(grad) {
                Ok(values) => {
                    let squares = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
                    let norm = norms.entry(name).or_insert(0.0);
                    *norm = norm.hypot(squares.sqrt());
                }
                Err(cause) => self.2 = Err(format!("{name}: {cause}")),
            }
        }
    }
    let mut visitor = Visitor(Path::default(), grads, Ok(HashMap::new()));
    module.visit(&mut visitor);
    visitor.2
}

/// Reads a tensor from its device, row by row, as f32.
///
/// # Errors
/// What the device says, where the read fails.
pub fn read_values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = tensor.try_into_data().map_err(|e| format!("{e:?}"))?;
    data.convert_dtype(DType::F32).try_to_vec::<f32>().map_err(|e| format!("{e:?}"))
}

/// Reads all parameters and buffers from the device, in PyTorch's layout, as f32.
///
/// # Errors
/// What the device says, where a read fails.
pub fn read_params<M: Module>(module: &M) -> Result<Vec<NamedTensor>, String> {
    struct Visitor(Path, Result<Vec<NamedTensor>, String>);
    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let Ok(found) = &mut self.1 else { return };
            let name = self.0.name();
            let value = param.val().without_autodiff();
            let value = if self.0.is_transposed(D) { value.swap_dims(0, 1) } else { value };
            let shape = value.dims().to_vec();
            match read_values(value) {
                Ok(values) => match found.last_mut() {
                    Some(whole) if self.0.part().is_some_and(|part| part > 0) => append_columns(whole, shape[1], &values),
                    _ => found.push(NamedTensor { name, shape, values }),
                },
                Err(cause) => self.1 = Err(format!("{name}: {cause}")),
            }
        }
    }
    let mut visitor = Visitor(Path::default(), Ok(vec![]));
    module.visit(&mut visitor);
    visitor.1
}

/// Replaces every parameter and buffer for which `values` gives numbers (PyTorch's layout; `None` keeps it). The caller
/// has checked names and shapes with [`param_table`]: values of another length are ignored.
///
/// Parameters that were not drawn yet are never drawn. Clones of a module share its running statistics (so does Burn's
/// own mapping): write into a module that has none, or into its `valid()` copy.
pub fn write_params<M: Module>(module: M, values: impl FnMut(&ParamInfo) -> Option<Vec<f32>>) -> M {
    struct Mapper<F> {
        path: Path,
        table: HashMap<String, ParamInfo>,
        values: F,
        /// The whole weight of which parts are being written, and the first column of the next.
        whole: Option<(Vec<f32>, usize)>,
    }
    impl<F: FnMut(&ParamInfo) -> Option<Vec<f32>>> Mapper<F> {
        fn take(&mut self, info: &ParamInfo) -> Option<Vec<f32>> {
            (self.values)(info).filter(|new| new.len() == info.shape.iter().product::<usize>())
        }
    }
    impl<F: FnMut(&ParamInfo) -> Option<Vec<f32>>> ModuleMapper for Mapper<F> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(info) = self.table.get(&self.path.name()).cloned() else { return param };
            let data = if self.path.is_transposed(D) {
                if self.path.part().is_none_or(|part| part == 0) {
                    self.whole = self.take(&info).map(|values| (values, 0));
                }
                let Some((values, start)) = &mut self.whole else { return param };
                let columns = param.lazy_shape()[0];
                let part = transposed_columns(values, info.shape[1], *start, columns);
                *start += columns;
                TensorData::new(part, [columns, info.shape[0]])
            } else {
                let Some(new) = self.take(&info) else { return param };
                TensorData::new(new, info.shape)
            };
            let tensor = Tensor::<D>::from_data(data, &param.lazy_device());
            let id = param.id;
            param.transform_for_load(tensor, id)
        }
    }
    let table = param_table(&module).into_iter().map(|info| (info.name.clone(), info)).collect();
    module.map(&mut Mapper { path: Path::default(), table, values, whole: None })
}

/// Appends columns to a row-major matrix.
fn append_columns(whole: &mut NamedTensor, columns: usize, part: &[f32]) {
    let old = whole.shape[1];
    let rows = whole.values.chunks(old).zip(part.chunks(columns));
    whole.values = rows.flat_map(|(left, right)| left.iter().chain(right).copied()).collect();
    whole.shape[1] = old + columns;
}

/// Freezes everything up to and including a part of the model, such as the stage `layer2` or `features.10`: its parameters
/// get no gradient, and its batch norms keep their running statistics. Gives the number of parameters that were frozen; 0
/// where there is no such part.
///
/// A part without parameters, such as the activation that ends a stage, freezes all that stand before it. Dropout and
/// stochastic depth stay as they are: they have no state that training would change.
pub fn freeze_up_to<M: Module>(module: M, part: &str) -> (M, usize) {
    struct Freeze {
        path: Path,
        frozen: HashSet<String>,
        count: usize,
    }
    impl ModuleMapper for Freeze {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let name = self.path.name();
            if is_statistic(&name) || !self.frozen.contains(&name) {
                return param;
            }
            self.count += param.lazy_shape().num_elements();
            param.set_require_grad(false)
        }
        fn map_flag(&mut self, param: Param<Flag>) -> Param<Flag> {
            // A flag stands beside the parameters of its layer.
            let holder = self.path.name();
            let holder = holder.rsplit_once('.').map_or("", |(holder, _)| holder);
            let inside = |name: &String| name.rsplit_once('.').is_some_and(|(of, _)| of == holder);
            if self.frozen.iter().any(inside) { Param::from_bool(false) } else { param }
        }
    }
    let mut freeze = Freeze { path: Path::default(), frozen: names_up_to(&module, part), count: 0 };
    let module = module.map(&mut freeze);
    (module, freeze.count)
}

/// The names of all parameters and buffers up to the end of a part; none where there is no such part.
fn names_up_to<M: Module>(module: &M, part: &str) -> HashSet<String> {
    struct Reach<'a> {
        path: Path,
        part: &'a str,
        names: Vec<String>,
        /// How many names there are by the end of the part.
        reach: usize,
    }
    impl ModuleVisitor for Reach<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            if self.path.name().strip_prefix(self.part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
                self.reach = self.names.len();
            }
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
            self.names.push(self.path.name());
        }
    }
    let mut reach = Reach { path: Path::default(), part, names: vec![], reach: 0 };
    module.visit(&mut reach);
    reach.names.truncate(reach.reach);
    reach.names.into_iter().collect()
}

/// Fills a model by a [`FillRule`]; a text is the plain rule with that salt.
pub fn fill_params<'a, M: Module>(module: M, rule: impl Into<FillRule<'a>>) -> M {
    let rule = rule.into();
    write_params(module, |info| Some(rule.fill(&info.name, &info.shape)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;
    use zoo_layers::BatchNorm2d;

    #[derive(Module, Debug)]
    enum Layer {
        Norm(BatchNorm2d),
        Linear(Linear),
    }

    #[derive(Module, Debug)]
    struct Net {
        layers: Vec<Layer>,
        norm: burn::nn::LayerNorm,
    }

    fn net(device: &Device) -> Net {
        Net {
            layers: vec![Layer::Linear(LinearConfig::new(2, 3).init(device)), Layer::Norm(BatchNorm2d::new(4, device))],
            norm: burn::nn::LayerNormConfig::new(5).init(device),
        }
    }

    #[test]
    fn names_and_shapes_are_those_of_pytorch() {
        let table = param_table(&net(&Device::flex()));
        let shown: Vec<_> = table.iter().map(|p| (p.name.as_str(), p.shape.clone(), p.trainable)).collect();
        assert_eq!(
            shown,
            [
                ("layers.0.weight", vec![3, 2], true),
                ("layers.0.bias", vec![3], true),
                ("layers.1.weight", vec![4], true),
                ("layers.1.bias", vec![4], true),
                ("layers.1.running_mean", vec![4], false),
                ("layers.1.running_var", vec![4], false),
                ("norm.weight", vec![5], true),
                ("norm.bias", vec![5], true),
            ]
        );
        assert_eq!(num_trainable(&net(&Device::flex())), 6 + 3 + 8 + 10);
    }

    #[test]
    fn what_is_written_is_read_back_and_gradients_still_flow() {
        let device = Device::flex().autodiff();
        let model = fill_params(net(&device), "salt");
        for tensor in read_params(&model).unwrap() {
            assert_eq!(tensor.values, crate::fill("salt", &tensor.name, &tensor.shape), "{}", tensor.name);
        }
        let Layer::Linear(linear) = &model.layers[0] else { unreachable!() };
        let x = Tensor::<2>::from_floats([[1.0, 2.0]], &device);
        let y = linear.forward(x).sum();
        let grads = y.backward();
        let grad = linear.weight.val().grad(&grads).unwrap().into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(grad, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn freezing_stops_gradients_and_running_statistics_of_all_before() {
        let device = Device::flex().autodiff();
        let (model, count) = freeze_up_to(net(&device), "layers.1");
        assert_eq!(count, 6 + 3 + 8);
        let (Layer::Linear(linear), Layer::Norm(norm)) = (&model.layers[0], &model.layers[1]) else { unreachable!() };
        assert!(!linear.weight.is_require_grad() && !norm.weight.is_require_grad());
        assert!(model.norm.gamma.is_require_grad());
        let before = read_values(norm.running_mean.value_sync()).unwrap();
        let _y = norm.forward(Tensor::<4>::ones([2, 4, 3, 3], &device));
        assert_eq!(read_values(norm.running_mean.value_sync()).unwrap(), before);
        assert_eq!(freeze_up_to(net(&device), "layer").1, 0, "a part is whole segments of a path");
    }
}
