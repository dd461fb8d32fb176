//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("densenet121", "IMAGENET1K_V1", "densenet121-a639ec97.pth", [256, 224], Bilinear, [74.434, 91.972], "https://github.com/pytorch/vision/pull/116"),
    Weights::torchvision("densenet161", "IMAGENET1K_V1", "densenet161-8d451a50.pth", [256, 224], Bilinear, [77.138, 93.56], "https://github.com/pytorch/vision/pull/116"),
    Weights::torchvision("densenet169", "IMAGENET1K_V1", "densenet169-b2777c0a.pth", [256, 224], Bilinear, [75.6, 92.806], "https://github.com/pytorch/vision/pull/116"),
    Weights::torchvision("densenet201", "IMAGENET1K_V1", "densenet201-c1103571.pth", [256, 224], Bilinear, [76.896, 93.37], "https://github.com/pytorch/vision/pull/116"),
    Weights::timm("densenet121", "ra_in1k", "model.safetensors", HuggingFace("timm/densenet121.ra_in1k"), [256, 224]),
];
