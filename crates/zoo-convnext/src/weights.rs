//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("convnext_base", "IMAGENET1K_V1", "convnext_base-6075fbad.pth", [232, 224], Bilinear, [84.062, 96.87], "https://github.com/pytorch/vision/tree/main/references/classification#convnext"),
    Weights::torchvision("convnext_large", "IMAGENET1K_V1", "convnext_large-ea097f82.pth", [232, 224], Bilinear, [84.414, 96.976], "https://github.com/pytorch/vision/tree/main/references/classification#convnext"),
    Weights::torchvision("convnext_small", "IMAGENET1K_V1", "convnext_small-0c510722.pth", [230, 224], Bilinear, [83.616, 96.65], "https://github.com/pytorch/vision/tree/main/references/classification#convnext"),
    Weights::torchvision("convnext_tiny", "IMAGENET1K_V1", "convnext_tiny-983f1562.pth", [236, 224], Bilinear, [82.52, 96.146], "https://github.com/pytorch/vision/tree/main/references/classification#convnext"),
];
