//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("alexnet", "IMAGENET1K_V1", "alexnet-owt-7be5be79.pth", [256, 224], Bilinear, [56.522, 79.066], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
];
