//! A fully connected layer that fits into small buffers.

use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::describe::{Describe, Node, ops};
use crate::maps;

/// Bytes of one part of a weight. WebGPU promises storage buffers of 128 MiB, and browsers and Mesa's software Vulkan
/// device give no more; VGG's first fully connected weight has 392 MiB, AlexNet's 144.
const PART_BYTES: usize = 120 << 20;

/// A fully connected layer whose weight is stored in parts along its inputs, so that no part needs a buffer of more than
/// 120 MiB. Most layers have one part. Under its name it is one weight of PyTorch's shape `[out_features, in_features]`:
/// `zoo_core::params` joins the parts.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct FullyConnected {
    /// The parts, `[inputs of this part, out_features]` each, in the order of the inputs.
    weight: Vec<Param<Tensor<2>>>,
    /// `[out_features]`.
    bias: Option<Param<Tensor<1>>>,
}

impl FullyConnected {
    /// With PyTorch's default initialisation: uniform in `+-1 / sqrt(in_features)` for weight and bias.
    pub fn new(in_features: usize, out_features: usize, device: &Device) -> Self {
        let bound = 1.0 / (in_features.max(1) as f64).sqrt();
        let uniform = Initializer::Uniform { min: -bound, max: bound };
        Self::with(in_features, out_features, &uniform, &uniform, device)
    }

    /// With `normal(0, std)` for the weight and a constant bias.
    pub fn normal(in_features: usize, out_features: usize, std: f64, bias: f64, device: &Device) -> Self {
        let weight = Initializer::Normal { mean: 0.0, std };
        Self::with(in_features, out_features, &weight, &Initializer::Constant { value: bias }, device)
    }

    fn with(in_features: usize, out_features: usize, weight: &Initializer, bias: &Initializer, device: &Device) -> Self {
        Self::in_parts_of(PART_BYTES, in_features, out_features, weight, bias, device)
    }

    fn in_parts_of(
        bytes: usize,
        in_features: usize,
        out_features: usize,
        weight: &Initializer,
        bias: &Initializer,
        device: &Device,
    ) -> Self {
        let most = (bytes / size_of::<f32>() / out_features.max(1)).max(1);
        let parts = in_features.div_ceil(most).max(1);
        // Parts of nearly equal size: the first ones take what is left over.
        let part = |i: usize| in_features / parts + usize::from(i < in_features % parts);
        Self {
            weight: (0..parts).map(|i| weight.init([part(i), out_features], device)).collect(),
            bias: Some(bias.init([out_features], device)),
        }
    }

    /// With [`init::trunc_normal`](crate::init::trunc_normal) for the weight and zero for the bias: transformers.
    pub fn trunc_normal(in_features: usize, out_features: usize, std: f64, device: &Device) -> Self {
        let mut layer = Self::normal(in_features, out_features, std, 0.0, device);
        layer.weight = layer.weight.iter().map(|part| crate::init::trunc_normal(part.lazy_shape().dims(), std, device)).collect();
        layer
    }

    /// With weights uniform in `+-bound` and zero for the bias.
    pub fn uniform(in_features: usize, out_features: usize, bound: f64, device: &Device) -> Self {
        let weight = Initializer::Uniform { min: -bound, max: bound };
        Self::with(in_features, out_features, &weight, &Initializer::Zeros, device)
    }

    /// The same layer without its bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Number of inputs.
    pub fn in_features(&self) -> usize {
        self.weight.iter().map(|part| part.lazy_shape()[0]).sum()
    }

    /// Number of outputs.
    pub fn out_features(&self) -> usize {
        self.weight.first().map_or(0, |part| part.lazy_shape()[1])
    }

    /// # Shapes
    /// - input: `[batch, in_features]`; output: `[batch, out_features]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let bias = self.bias.as_ref().map(|bias| bias.val());
        let y = match self.weight.as_slice() {
            [whole] => return maps::linear(x, whole.val(), bias),
            parts => {
                let mut start = 0;
                let products = parts.iter().map(|part| {
                    let part = part.val();
                    let inputs = x.clone().narrow(1, start, part.dims()[0]);
                    start += part.dims()[0];
                    maps::linear(inputs, part, None)
                });
                // A layer has at least one part.
                products.reduce(|sum, product| sum + product).unwrap_or(x.clone())
            }
        };
        match bias {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        }
    }
}

impl ModuleDisplay for FullyConnected {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let inputs: usize = self.weight.iter().map(|part| part.lazy_shape()[0]).sum();
        content.add("in_features", &inputs).add("out_features", &self.weight[0].lazy_shape()[1]).add("parts", &self.weight.len()).optional()
    }
}

impl Describe for FullyConnected {
    fn describe(&self) -> Node {
        let in_features = self.weight.iter().map(|part| part.lazy_shape()[0]).sum();
        let out_features = self.weight.first().map_or(0, |part| part.lazy_shape()[1]);
        Node::leaf(ops::Linear { in_features, out_features, bias: self.bias.is_some() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_add_up_to_one_layer() {
        let device = Device::flex();
        let normal = Initializer::Normal { mean: 0.0, std: 1.0 };
        // 3 outputs of 4 bytes: parts of 24 bytes hold two inputs each.
        let layer = FullyConnected::in_parts_of(24, 7, 3, &normal, &normal, &device);
        assert_eq!(layer.weight.iter().map(|p| p.dims()[0]).collect::<Vec<_>>(), [2, 2, 2, 1]);
        let x = Tensor::<2>::random([5, 7], burn::tensor::Distribution::Default, &device);
        let whole = Tensor::cat(layer.weight.iter().map(|p| p.val()).collect(), 0);
        let want = x.clone().matmul(whole) + layer.bias.as_ref().unwrap().val().unsqueeze();
        let difference = (layer.forward(x) - want).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
    }

    #[test]
    fn no_part_of_vggs_first_layer_needs_more_than_webgpu_promises() {
        let layer = FullyConnected::new(25_088, 4096, &Device::flex());
        assert!(layer.weight.iter().all(|p| p.lazy_shape().num_elements() * 4 <= 128 << 20));
        assert_eq!(layer.describe().params(), 25_088 * 4096 + 4096);
        assert_eq!(FullyConnected::new(4096, 4096, &Device::flex()).weight.len(), 1);
    }
}
