//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("shufflenet_v2_x0_5", "IMAGENET1K_V1", "shufflenetv2_x0.5-f707e7126e.pth", [256, 224], Bilinear, [60.552, 81.746], "https://github.com/ericsun99/Shufflenet-v2-Pytorch"),
    Weights::torchvision("shufflenet_v2_x1_0", "IMAGENET1K_V1", "shufflenetv2_x1-5666bf0f80.pth", [256, 224], Bilinear, [69.362, 88.316], "https://github.com/ericsun99/Shufflenet-v2-Pytorch"),
    Weights::torchvision("shufflenet_v2_x1_5", "IMAGENET1K_V1", "shufflenetv2_x1_5-3c479a10.pth", [232, 224], Bilinear, [72.996, 91.086], "https://github.com/pytorch/vision/pull/5906"),
    Weights::torchvision("shufflenet_v2_x2_0", "IMAGENET1K_V1", "shufflenetv2_x2_0-8be3c8ee.pth", [232, 224], Bilinear, [76.23, 93.006], "https://github.com/pytorch/vision/pull/5906"),
];
