//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("squeezenet1_0", "IMAGENET1K_V1", "squeezenet1_0-b66bff10.pth", [256, 224], Bilinear, [58.092, 80.42], "https://github.com/pytorch/vision/pull/49#issuecomment-277560717"),
    Weights::torchvision("squeezenet1_1", "IMAGENET1K_V1", "squeezenet1_1-b8a52dc0.pth", [256, 224], Bilinear, [58.178, 80.624], "https://github.com/pytorch/vision/pull/49#issuecomment-277560717"),
];
