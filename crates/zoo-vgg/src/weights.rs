//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("vgg11", "IMAGENET1K_V1", "vgg11-8a719046.pth", [256, 224], Bilinear, [69.02, 88.628], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg11_bn", "IMAGENET1K_V1", "vgg11_bn-6002323d.pth", [256, 224], Bilinear, [70.37, 89.81], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg13", "IMAGENET1K_V1", "vgg13-19584684.pth", [256, 224], Bilinear, [69.928, 89.246], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg13_bn", "IMAGENET1K_V1", "vgg13_bn-abd245e5.pth", [256, 224], Bilinear, [71.586, 90.374], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg16", "IMAGENET1K_V1", "vgg16-397923af.pth", [256, 224], Bilinear, [71.592, 90.382], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg16", "IMAGENET1K_FEATURES", "vgg16_features-amdegroot-88682ab5.pth", [256, 224], Bilinear, [0.0, 0.0], "https://github.com/amdegroot/ssd.pytorch#training-ssd").features_only().normalised([0.48235, 0.45882, 0.40784], [1.0 / 255.0; 3]),
    Weights::torchvision("vgg16_bn", "IMAGENET1K_V1", "vgg16_bn-6c64b313.pth", [256, 224], Bilinear, [73.36, 91.516], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg19", "IMAGENET1K_V1", "vgg19-dcbb9e9d.pth", [256, 224], Bilinear, [72.376, 90.876], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
    Weights::torchvision("vgg19_bn", "IMAGENET1K_V1", "vgg19_bn-c79401a0.pth", [256, 224], Bilinear, [74.218, 91.842], "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg"),
];
