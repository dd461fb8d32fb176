//! Modules in a row under names of their own, where those are computed: RegNet's `block1-0`, DenseNet's `denselayer1`, the
//! transformers' `encoder_layer_0`.

use std::ops::Deref;

use burn::module::{Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor};
use burn::tensor::Device;

use crate::describe::{Describe, Node};

/// Modules in a row, each under its own name: a `Vec` would name them `0`, `1`, ...
#[derive(Debug, Clone)]
pub struct NamedChildren<M> {
    names: Vec<String>,
    modules: Vec<M>,
}

impl<M> NamedChildren<M> {
    /// The modules under the names of a prefix and a number, of which `first` is the first.
    pub fn numbered(prefix: &str, first: usize, modules: impl IntoIterator<Item = M>) -> Self {
        modules.into_iter().enumerate().map(|(index, module)| (format!("{prefix}{}", first + index), module)).collect()
    }

    /// The names of the modules, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn replace(self, change: impl FnMut(M) -> M) -> Self {
        Self { names: self.names, modules: self.modules.into_iter().map(change).collect() }
    }
}

impl<M> FromIterator<(String, M)> for NamedChildren<M> {
    fn from_iter<I: IntoIterator<Item = (String, M)>>(children: I) -> Self {
        let (names, modules) = children.into_iter().unzip();
        Self { names, modules }
    }
}

impl<M> Deref for NamedChildren<M> {
    type Target = [M];

    fn deref(&self) -> &[M] {
        &self.modules
    }
}

impl<'a, M> IntoIterator for &'a NamedChildren<M> {
    type Item = &'a M;
    type IntoIter = std::slice::Iter<'a, M>;

    fn into_iter(self) -> Self::IntoIter {
        self.modules.iter()
    }
}

/// What Burn's visitors are told of the container: that its children are those of a list.
const CONTAINER: &str = "Vec";

impl<M: Module> Module for NamedChildren<M> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (name, module) in self.names.iter().zip(&self.modules) {
            visitor.enter_module(name, CONTAINER);
            module.visit(visitor);
            visitor.exit_module(name, CONTAINER);
        }
    }

    fn map<V: ModuleMapper>(self, mapper: &mut V) -> Self {
        let children = self.names.into_iter().zip(self.modules).map(|(name, module)| {
            mapper.enter_module(&name, CONTAINER);
            let module = module.map(mapper);
            mapper.exit_module(&name, CONTAINER);
            (name, module)
        });
        children.collect()
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.modules.iter().fold(devices, |devices, module| module.collect_devices(devices))
    }

    fn to_device(self, device: &Device) -> Self {
        self.replace(|module| module.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.replace(|module| module.fork(device))
    }

    fn valid(&self) -> Self {
        Self { names: self.names.clone(), modules: self.modules.iter().map(Module::valid).collect() }
    }

    fn train(self) -> Self {
        self.replace(Module::train)
    }

    fn materialize(self) -> Self {
        self.replace(Module::materialize)
    }
}

impl<M: ModuleDisplay> ModuleDisplayDefault for NamedChildren<M> {
    fn content(&self, content: Content) -> Option<Content> {
        let entries = self.names.iter().zip(&self.modules);
        let content = entries.fold(content, |content, (name, module)| content.add(name, module));
        content.set_top_level_type("NamedChildren").optional()
    }
}

impl<M: ModuleDisplay> ModuleDisplay for NamedChildren<M> {}

impl<M: Describe> Describe for NamedChildren<M> {
    fn describe(&self) -> Node {
        let children = self.names.iter().cloned().zip(self.modules.iter().map(Describe::describe)).collect();
        Node::Tree { kind: "Sequential", children, flow: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::module::Param;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Tensor;

    #[derive(Default)]
    struct Paths(Vec<String>, Vec<String>);

    impl ModuleVisitor for Paths {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.0.push(name.to_owned());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.pop();
        }
        fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
            self.1.push(self.0.join("."));
        }
    }

    #[test]
    fn children_keep_their_names_and_a_record_finds_them() {
        let device = Device::flex();
        let row =
            || -> NamedChildren<Linear> { (0..2).map(|i| (format!("block1-{i}"), LinearConfig::new(2, 2 + i).init(&device))).collect() };
        let (model, other) = (row(), row());
        let mut paths = Paths::default();
        model.visit(&mut paths);
        assert_eq!(paths.1, ["block1-0.weight", "block1-0.bias", "block1-1.weight", "block1-1.bias"]);
        assert_eq!(model.describe().trace([2, 1, 2]).unwrap().layers[1].name, "block1-1");

        let values = |model: &NamedChildren<Linear>| model[1].weight.val().into_data();
        assert_ne!(values(&model), values(&other));
        assert_eq!(values(&other.load_record(model.clone().into_record())), values(&model));
        assert_eq!(model.valid().names(), model.names());
    }

    #[test]
    fn children_are_numbered_from_one_and_a_record_finds_them() {
        let device = Device::flex();
        let row = || NamedChildren::numbered("layer", 1, [LinearConfig::new(2, 2).init(&device), LinearConfig::new(2, 3).init(&device)]);
        let (model, other) = (row(), row());
        let mut paths = Paths::default();
        model.visit(&mut paths);
        assert_eq!(paths.1, ["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias"]);
        assert_eq!(model.describe().params(), 2 * 2 + 2 + 2 * 3 + 3);
        assert_eq!(Module::num_params(&model), 15);

        let values = |model: &NamedChildren<Linear>| model[1].weight.val().into_data();
        assert_ne!(values(&model), values(&other));
        let copied = other.load_record(model.clone().into_record());
        assert_eq!(values(&model), values(&copied));
        let shown = copied.format(burn::module::DisplaySettings::new());
        assert!(shown.contains("layer2"), "{shown}");
    }
}
