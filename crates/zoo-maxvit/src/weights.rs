//! Published weights, each model's default first.

use zoo_core::Interpolation::Bicubic;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("maxvit_t", "IMAGENET1K_V1", "maxvit_t-bc5ab103.pth", [224, 224], Bicubic, [83.7, 96.722], "https://github.com/pytorch/vision/tree/main/references/classification#maxvit"),
];
