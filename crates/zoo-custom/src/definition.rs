//! What a definition's text may say.

use serde::{Deserialize, Serialize};
use zoo_layers::{ActivationKind, Norm};

/// The lecture's own CNN: three blocks of convolution, batch norm, ReLU and max pooling, one hidden layer.
pub const LECTURE_CNN: &str = include_str!("lecture_cnn.toml");

/// A whole network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The convolutional part, in order.
    pub blocks: Vec<Block>,
    /// The fully connected part.
    #[serde(default)]
    pub head: Head,
}

/// Convolution, normalisation, activation, pooling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Channels that the convolution makes.
    pub out_channels: usize,
    /// Side of the kernel in pixels.
    #[serde(default = "three")]
    pub kernel_size: usize,
    /// Step in pixels.
    #[serde(default = "one")]
    pub stride: usize,
    /// Distance between the kernel's taps in pixels.
    #[serde(default = "one")]
    pub dilation: usize,
    /// Number of groups; must divide the channels on both sides.
    #[serde(default = "one")]
    pub groups: usize,
    /// Zeros on each side.
    #[serde(default)]
    pub padding: Padding,
    /// Normalisation.
    #[serde(default)]
    pub norm: Option<Norm>,
    /// Activation.
    #[serde(default)]
    pub activation: Activated,
    /// Pooling after the activation.
    #[serde(default)]
    pub pool: Option<Pool>,
}

/// Padding of a convolution: pixels, or `"same"` for what keeps the size at stride 1 (odd extents).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(untagged)]
pub enum Padding {
    /// So many pixels on each side.
    Pixels(usize),
    /// `"same"`.
    #[default]
    #[serde(serialize_with = "same_out", deserialize_with = "same_in")]
    Same,
}

fn same_out<S: serde::Serializer>(to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("same")
}

fn same_in<'de, D: serde::Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    match String::deserialize(from)?.as_str() {
        "same" => Ok(()),
        other => Err(serde::de::Error::custom(format!("padding is `{other}`, but must be a number of pixels or \"same\""))),
    }
}

/// An activation, or `"none"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Activated {
    /// One of the zoo's.
    By(ActivationKind),
    /// `"none"`.
    #[serde(serialize_with = "none_out", deserialize_with = "none_in")]
    None,
}

fn none_out<S: serde::Serializer>(to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("none")
}

fn none_in<'de, D: serde::Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    match String::deserialize(from)?.as_str() {
        "none" => Ok(()),
        other => Err(serde::de::Error::custom(format!("unknown activation `{other}`"))),
    }
}

impl Default for Activated {
    fn default() -> Self {
        Self::By(ActivationKind::Relu)
    }
}

/// Pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Max or average.
    pub kind: PoolKind,
    /// Side of the window in pixels.
    pub kernel_size: usize,
    /// Step in pixels; the kernel's size if left out.
    #[serde(default)]
    pub stride: Option<usize>,
    /// Padding in pixels, at most half the kernel.
    #[serde(default)]
    pub padding: usize,
}

/// Kind of pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// The largest value.
    Max,
    /// The mean.
    Avg,
}

/// The fully connected part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Head {
    /// Adaptive average pooling to this many pixels on each side; without it the head is made for one picture size.
    pub pool: Option<usize>,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: ActivationKind,
    /// Dropout rate before each fully connected layer but the first; `BuildOptions::dropout` overrides it.
    pub dropout: f64,
}

impl Default for Head {
    fn default() -> Self {
        Self { pool: Some(1), hidden: vec![], activation: ActivationKind::Relu, dropout: 0.0 }
    }
}

const fn one() -> usize {
    1
}

const fn three() -> usize {
    3
}
