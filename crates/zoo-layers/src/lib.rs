//! Layers that several families share and that Burn lacks or computes differently from PyTorch, the arithmetic of
//! shapes, and [`describe`]: every module can say what it is as a tree of named operations, from which summaries,
//! PyTorch's module print, parameter and multiply-accumulate counts and receptive fields follow without a forward pass.
//!
//! Nothing here names a backend: tensors and modules take theirs from the `Device` they were made on.

mod activation;
mod attention;
mod basic_conv;
mod batch_norm;
mod children;
pub mod describe;
mod drop_path;
mod fully_connected;
mod global_pool;
pub mod init;
mod layer;
mod layer_norm;
mod lrn;
pub mod maps;
mod mobile;
mod named_children;
mod precision;
mod printed;
mod probe;
mod separable;
pub mod shape;
mod squeeze_excite;
mod tokens;
mod transform_input;

pub use activation::{Activation, ActivationKind};
pub use attention::{attend, departition, partition, relative_position_bias, relative_position_index, split_heads};
pub use basic_conv::BasicConv2d;
pub use batch_norm::BatchNorm2d;
pub use children::Children;
pub use drop_path::{DropPath, DropPathMode};
pub use fully_connected::FullyConnected;
pub use global_pool::{GlobalPool, GlobalPoolKind};
pub use layer::{ConvNormAct, HeadLayer, Layer, Norm, conv2d, forward_head, forward_intermediates, forward_layers, forward_layers_add};
pub use layer_norm::ChannelLayerNorm;
pub use lrn::{CrossChannelNorm, krizhevsky_lrn};
pub use mobile::{MobileUnit, forward_keeping, forward_residual, kaiming_group_fan_out, residual_flow, resolution_ends, scale_channels};
pub use named_children::NamedChildren;
pub use precision::{in_wide, widened};
pub use printed::{PrintedAs, head_with_dropout_in_place};
pub use probe::{Smallest, smallest_input};
pub use separable::DepthwiseSeparable;
pub use squeeze_excite::SqueezeExcite;
pub use tokens::{TokenLayer, forward_tokens, linear, mlp};
pub use transform_input::TransformInput;
