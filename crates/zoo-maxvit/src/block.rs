//! The repeating units: the layer, and the block of one resolution.

#![allow(non_snake_case)] // torchvision's key `MBconv`, also in what `Module` derives

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::attention::{Partition, PartitionAttention};
use crate::mbconv::MbConv;

/// Convolution, attention in windows, attention on the grid (the paper's figure 2).
#[derive(Module, Debug)]
pub struct MaxVitLayer {
    pub(crate) layers: LayerParts,
}

/// The parts under torchvision's names.
#[derive(Module, Debug)]
pub(crate) struct LayerParts {
    pub MBconv: MbConv,
    pub window_attention: PartitionAttention,
    pub grid_attention: PartitionAttention,
}

/// Layers of one resolution.
#[derive(Module, Debug)]
pub struct MaxVitBlock {
    pub(crate) layers: Vec<MaxVitLayer>,
}

/// What a layer needs to know.
#[derive(Debug, Clone, Copy)]
pub struct LayerSpec {
    pub in_channels: usize,
    pub out_channels: usize,
    pub stride: usize,
    pub head_dim: usize,
    pub dropout: f64,
    pub drop_path: f64,
}

impl MaxVitLayer {
    pub(crate) fn new(spec: LayerSpec, device: &Device) -> Self {
        let rates = [spec.dropout, spec.drop_path];
        let attention = |partition| PartitionAttention::new(partition, spec.out_channels, spec.head_dim, rates, device);
        Self {
            layers: LayerParts {
                MBconv: MbConv::new(spec.in_channels, spec.out_channels, spec.stride, spec.drop_path, device),
                window_attention: attention(Partition::Window),
                grid_attention: attention(Partition::Grid),
            },
        }
    }

    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, height / stride, width / stride]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.layers.MBconv.forward(x).permute([0, 2, 3, 1]);
        let x = self.layers.grid_attention.forward(self.layers.window_attention.forward(x));
        x.permute([0, 3, 1, 2])
    }
}

impl MaxVitBlock {
    /// # Shapes
    /// - input: `[batch, in_channels, height, width]`; output: `[batch, out_channels, height / 2, width / 2]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x))
    }
}
