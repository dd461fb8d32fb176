//! Activations with PyTorch's constants, as one module.

use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::describe::{Describe, Node, ops};
use crate::maps;

/// Which activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActivationKind {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` above zero, `0.01 x` below.
    LeakyRelu,
    /// `x` above zero, `a x` below, with one learned `a` that begins at 0.25 (He et al. 2015).
    PRelu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `x * sigmoid(x)`, also called swish.
    Silu,
    /// `relu6(x + 3) / 6`: slope 1/6, where Burn's default is 0.2.
    HardSigmoid,
    /// `x * relu6(x + 3) / 6`.
    HardSwish,
    /// `x * Phi(x)`, exact (by the error function).
    Gelu,
}

impl ActivationKind {
    /// Applies the activation element by element, with 0.25 as slope of an untrained [`ActivationKind::PRelu`].
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        let x = match maps::activation(self, x) {
            Ok(y) => return y,
            Err(x) => x,
        };
        match self {
            Self::Relu => activation::relu(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::LeakyRelu => activation::leaky_relu(x, 0.01),
            Self::PRelu => activation::leaky_relu(x, 0.25),
            Self::Sigmoid => activation::sigmoid(x),
            Self::Tanh => activation::tanh(x),
            Self::Silu => activation::silu(x),
            Self::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::HardSwish => x.clone() * ((x + 3.0).clamp(0.0, 6.0) / 6.0),
            Self::Gelu => activation::gelu(x),
        }
    }

    /// PyTorch's type name.
    pub const fn torch_name(self) -> &'static str {
        match self {
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::LeakyRelu => "LeakyReLU",
            Self::PRelu => "PReLU",
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
            Self::Silu => "SiLU",
            Self::HardSigmoid => "Hardsigmoid",
            Self::HardSwish => "Hardswish",
            Self::Gelu => "GELU",
        }
    }

    /// What PyTorch prints between the parentheses for torchvision's use of it.
    pub fn torch_args(self) -> String {
        match self {
            Self::Relu | Self::Relu6 | Self::Silu => "inplace=True",
            Self::LeakyRelu => "negative_slope=0.01",
            Self::PRelu => "num_parameters=1",
            Self::Gelu => "approximate='none'",
            _ => "",
        }
        .to_owned()
    }
}

/// An activation as a module: element-wise, shape unchanged. Only PReLU has a parameter, under PyTorch's key `weight`.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct Activation {
    weight: Option<Param<Tensor<1>>>,
    #[module(skip)]
    kind: ActivationKind,
}

impl Activation {
    /// The activation of this kind.
    pub fn new(kind: ActivationKind, device: &Device) -> Self {
        let slope = || burn::nn::Initializer::Constant { value: 0.25 }.init([1], device);
        Self { weight: (kind == ActivationKind::PRelu).then(slope), kind }
    }

    /// Which activation it is.
    pub const fn kind(&self) -> ActivationKind {
        self.kind
    }

    /// Applies it element by element; the shape stays.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match &self.weight {
            Some(slope) => activation::prelu(x, slope.val()),
            None => self.kind.forward(x),
        }
    }
}

impl ModuleDisplay for Activation {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content.add_debug_attribute("kind", &self.kind).optional()
    }
}

impl Describe for Activation {
    fn describe(&self) -> Node {
        Node::leaf(ops::Activation(self.kind))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// PyTorch 2's values at -4, -1, 0.5, 3.5, 7.
    const REFERENCE: &[(ActivationKind, [f32; 5])] = &[
        (ActivationKind::Relu6, [0.0, 0.0, 0.5, 3.5, 6.0]),
        (ActivationKind::LeakyRelu, [-0.04, -0.01, 0.5, 3.5, 7.0]),
        (ActivationKind::PRelu, [-1.0, -0.25, 0.5, 3.5, 7.0]),
        (ActivationKind::Silu, [-0.071944, -0.268941, 0.311230, 3.397407, 6.993623]),
        (ActivationKind::HardSigmoid, [0.0, 0.333333, 0.583333, 1.0, 1.0]),
        (ActivationKind::HardSwish, [0.0, -0.333333, 0.291667, 3.5, 7.0]),
        (ActivationKind::Gelu, [-0.000127, -0.158655, 0.345731, 3.499186, 7.0]),
    ];

    #[test]
    fn constants_are_those_of_pytorch() {
        let device = Device::flex();
        for (kind, expected) in REFERENCE {
            let x = Tensor::<1>::from_floats([-4.0, -1.0, 0.5, 3.5, 7.0], &device);
            let y = Activation::new(*kind, &device).forward(x).into_data().try_to_vec::<f32>().unwrap();
            for (got, want) in y.iter().zip(expected) {
                assert!((got - want).abs() < 2e-6, "{kind:?}: {got} for {want}");
            }
        }
    }
}
