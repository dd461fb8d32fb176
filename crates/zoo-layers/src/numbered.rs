//! Modules named by a prefix and their number, from 1, as torchvision's DenseNet names its layers.

use std::ops::Deref;

use burn::module::{Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor};
use burn::tensor::Device;

use crate::describe::{Describe, Node};

/// Modules in a row under the names `<prefix>1`, `<prefix>2`, ...: a `Vec` would name them `0`, `1`, ...
#[derive(Debug, Clone)]
pub struct Numbered<M> {
    prefix: &'static str,
    modules: Vec<M>,
}

impl<M> Numbered<M> {
    /// The modules, in order, under this prefix.
    pub const fn new(prefix: &'static str, modules: Vec<M>) -> Self {
        Self { prefix, modules }
    }

    fn names(&self) -> impl Iterator<Item = String> + use<M> {
        let prefix = self.prefix;
        (1..=self.modules.len()).map(move |number| format!("{prefix}{number}"))
    }

    fn replace(self, change: impl FnMut(M) -> M) -> Self {
        Self { prefix: self.prefix, modules: self.modules.into_iter().map(change).collect() }
    }
}

impl<M> Deref for Numbered<M> {
    type Target = [M];

    fn deref(&self) -> &[M] {
        &self.modules
    }
}

/// What Burn's visitors are told of the container: that its children are those of a list.
const CONTAINER: &str = "Vec";

impl<M: Module> Module for Numbered<M> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (name, module) in self.names().zip(&self.modules) {
            visitor.enter_module(&name, CONTAINER);
            module.visit(visitor);
            visitor.exit_module(&name, CONTAINER);
        }
    }

    fn map<V: ModuleMapper>(self, mapper: &mut V) -> Self {
        let mut names = self.names();
        self.replace(|module| {
            let name = names.next().unwrap_or_default();
            mapper.enter_module(&name, CONTAINER);
            let module = module.map(mapper);
            mapper.exit_module(&name, CONTAINER);
            module
        })
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
        Self { prefix: self.prefix, modules: self.modules.iter().map(Module::valid).collect() }
    }

    fn train(self) -> Self {
        self.replace(Module::train)
    }

    fn materialize(self) -> Self {
        self.replace(Module::materialize)
    }
}

impl<M: ModuleDisplay> ModuleDisplayDefault for Numbered<M> {
    fn content(&self, content: Content) -> Option<Content> {
        let entries = self.names().zip(&self.modules);
        let content = entries.fold(content, |content, (name, module)| content.add(&name, module));
        content.set_top_level_type(&format!("Numbered<1..{}>", self.modules.len())).optional()
    }
}

impl<M: ModuleDisplay> ModuleDisplay for Numbered<M> {}

impl<M: Describe> Describe for Numbered<M> {
    fn describe(&self) -> Node {
        let children = self.names().zip(self.modules.iter().map(Describe::describe)).collect();
        Node::Tree { kind: "Sequential", children, flow: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::module::Param;
    use burn::nn::LinearConfig;
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
    fn children_are_numbered_from_one_and_a_record_finds_them() {
        let device = Device::flex();
        let row = || Numbered::new("layer", vec![LinearConfig::new(2, 2).init(&device), LinearConfig::new(2, 3).init(&device)]);
        let (model, other) = (row(), row());
        let mut paths = Paths::default();
        model.visit(&mut paths);
        assert_eq!(paths.1, ["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias"]);
        assert_eq!(model.describe().params(), 2 * 2 + 2 + 2 * 3 + 3);
        assert_eq!(Module::num_params(&model), 15);

        let values = |model: &Numbered<burn::nn::Linear>| model[1].weight.val().into_data();
        assert_ne!(values(&model), values(&other));
        let copied = other.load_record(model.clone().into_record());
        assert_eq!(values(&model), values(&copied));
        let shown = copied.format(burn::module::DisplaySettings::new());
        assert!(shown.contains("layer2"), "{shown}");
    }
}
