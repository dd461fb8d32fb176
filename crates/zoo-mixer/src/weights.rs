//! Published weights, each model's default first.

use zoo_core::Origin::Address;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::timm("mixer_b16_224", "goog_in21k_ft_in1k", "jx_mixer_b16_224-76587d61.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-vitjx/"), [256, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("mixer_b16_224", "miil_in21k_ft_in1k", "mixer_b16_224_miil-9229a591.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-tresnet/"), [256, 224]).bilinear().normalised([0.0; 3], [1.0; 3]),
    Weights::timm("mixer_l16_224", "goog_in21k_ft_in1k", "jx_mixer_l16_224-92f9adc4.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-vitjx/"), [256, 224]).normalised([0.5; 3], [0.5; 3]),
];
