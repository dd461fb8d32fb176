//! Blocks that PyTorch names by a word and a number.

use burn::module::{Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor};
use burn::tensor::Device;

use crate::block::EncoderBlock;

/// The encoder's blocks under the names `encoder_layer_0`, `encoder_layer_1`, ... : a `Vec` but for the names.
#[derive(Debug, Clone)]
pub struct EncoderLayers(pub Vec<EncoderBlock>);

/// The name of the block at this index.
pub fn layer_name(index: usize) -> String {
    format!("encoder_layer_{index}")
}

impl EncoderLayers {
    fn each(self, change: impl FnMut(EncoderBlock) -> EncoderBlock) -> Self {
        Self(self.0.into_iter().map(change).collect())
    }
}

impl Module for EncoderLayers {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (index, block) in self.0.iter().enumerate() {
            let name = layer_name(index);
            visitor.enter_module(&name, "Vec");
            block.visit(visitor);
            visitor.exit_module(&name, "Vec");
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let mut index = 0;
        self.each(|block| {
            let name = layer_name(index);
            index += 1;
            mapper.enter_module(&name, "Vec");
            let block = block.map(mapper);
            mapper.exit_module(&name, "Vec");
            block
        })
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.0.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        self.each(|block| block.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.each(|block| block.to_device(device))
    }

    fn train(self) -> Self {
        self.each(Module::train)
    }

    fn valid(&self) -> Self {
        Self(self.0.iter().map(Module::valid).collect())
    }

    fn materialize(self) -> Self {
        self.each(Module::materialize)
    }
}

impl ModuleDisplayDefault for EncoderLayers {
    fn content(&self, content: Content) -> Option<Content> {
        self.0.iter().enumerate().fold(content, |content, (index, block)| content.add(&layer_name(index), block)).optional()
    }
}

impl ModuleDisplay for EncoderLayers {}
