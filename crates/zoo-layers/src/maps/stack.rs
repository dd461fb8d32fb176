//! Maps that grow by concatenation.

use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

use super::{After, Growing, accelerator, cat, conv2d, convolution};
use crate::BatchNorm2d;

/// The maps of a dense block, each of which all later layers see: a concatenation that need not be made for each of them.
pub struct Stack {
    maps: Maps,
    /// Of each channel.
    pixels: usize,
}

#[expect(clippy::large_enum_variant, reason = "there is one for a dense block")]
enum Maps {
    /// Burn's: concatenated.
    Joined(Tensor<4>),
    /// An accelerator's.
    Apart(Box<dyn Growing>),
}

impl Stack {
    /// With the block's input `[batch, channels, height, width]`, and room for as many `channels` as there will be in the end. More
    /// can be pushed, as to a `Vec`.
    pub fn with_capacity(x: Tensor<4>, channels: usize) -> Self {
        let [batch, _, height, width] = x.dims();
        let maps = match accelerator(&x).filter(|_| x.device().is_autodiff()) {
            Some(fast) => Maps::Apart(fast.grow(x, channels)),
            None => Maps::Joined(x),
        };
        Self { maps, pixels: batch * height * width }
    }

    /// Puts a map `[batch, growth, height, width]` behind the others.
    ///
    /// Appending to one tensor reads and writes as much as joining the list of all outputs does, but that list is never held
    /// beside the joined maps, and `backward` splits each gradient in two, not in as many parts as there are layers.
    pub fn push(self, x: Tensor<4>) -> Self {
        let maps = match self.maps {
            Maps::Joined(maps) => Maps::Joined(cat(vec![maps, x])),
            Maps::Apart(mut maps) => {
                maps.push(x);
                Maps::Apart(maps)
            }
        };
        Self { maps, ..self }
    }

    /// All maps, concatenated: `[batch, channels, height, width]`.
    pub fn cat(&self) -> Tensor<4> {
        match &self.maps {
            Maps::Joined(maps) => maps.clone(),
            Maps::Apart(maps) => maps.cat(),
        }
    }

    /// Normalisation, activation and convolution of the concatenation.
    ///
    /// # Shapes
    /// - output: `[batch, out_channels, out_height, out_width]`
    pub fn norm_conv<'a>(&self, norm: &BatchNorm2d, after: impl Into<After<'a>>, conv: &Conv2d) -> Tensor<4> {
        let after = after.into();
        if let (Maps::Apart(maps), true, (kind, After::Nothing)) = (&self.maps, norm.is_training(), after.split())
            && let Some(conv) = convolution(conv)
        {
            return norm.keep(maps.norm_conv(norm.normalisation(None, kind), conv), self.pixels);
        }
        conv2d(conv, norm.forward_then(self.cat(), after))
    }
}
