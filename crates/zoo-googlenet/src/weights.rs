//! Published weights, each model's default first.
//! torchvision normalises as ImageNet and, in the model (`transform_input`), undoes it for a mean and deviation of 0.5: here the
//! pictures are normalised so from the start.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("googlenet", "IMAGENET1K_V1", "googlenet-1378be20.pth", [256, 224], Bilinear, [69.778, 89.53], "https://github.com/pytorch/vision/tree/main/references/classification#googlenet").normalised([0.5; 3], [0.5; 3]),
];
