//! Published weights, each model's default first.

use zoo_core::Interpolation::{Bicubic, Bilinear};
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("efficientnet_b0", "IMAGENET1K_V1", "efficientnet_b0_rwightman-7f5810bc.pth", [256, 224], Bicubic, [77.692, 93.532], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b1", "IMAGENET1K_V2", "efficientnet_b1-c27df63c.pth", [255, 240], Bilinear, [79.838, 94.934], "https://github.com/pytorch/vision/issues/3995#new-recipe-with-lr-wd-crop-tuning"),
    Weights::torchvision("efficientnet_b1", "IMAGENET1K_V1", "efficientnet_b1_rwightman-bac287d4.pth", [256, 240], Bicubic, [78.642, 94.186], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b2", "IMAGENET1K_V1", "efficientnet_b2_rwightman-c35c1473.pth", [288, 288], Bicubic, [80.608, 95.31], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b3", "IMAGENET1K_V1", "efficientnet_b3_rwightman-b3899882.pth", [320, 300], Bicubic, [82.008, 96.054], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b4", "IMAGENET1K_V1", "efficientnet_b4_rwightman-23ab8bcd.pth", [384, 380], Bicubic, [83.384, 96.594], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b5", "IMAGENET1K_V1", "efficientnet_b5_lukemelas-1a07897c.pth", [456, 456], Bicubic, [83.444, 96.628], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b6", "IMAGENET1K_V1", "efficientnet_b6_lukemelas-24a108a5.pth", [528, 528], Bicubic, [84.008, 96.916], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_b7", "IMAGENET1K_V1", "efficientnet_b7_lukemelas-c5b4e57e.pth", [600, 600], Bicubic, [84.122, 96.908], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1"),
    Weights::torchvision("efficientnet_v2_l", "IMAGENET1K_V1", "efficientnet_v2_l-59c71312.pth", [480, 480], Bicubic, [85.808, 97.788], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v2").normalised([0.5; 3], [0.5; 3]),
    Weights::torchvision("efficientnet_v2_m", "IMAGENET1K_V1", "efficientnet_v2_m-dc08266a.pth", [480, 480], Bilinear, [85.112, 97.156], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v2"),
    Weights::torchvision("efficientnet_v2_s", "IMAGENET1K_V1", "efficientnet_v2_s-dd5fe13b.pth", [384, 384], Bilinear, [84.228, 96.878], "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v2"),
];

/// timm's names for the same networks.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("efficientnetv2_s", "efficientnet_v2_s"),
    ("efficientnetv2_m", "efficientnet_v2_m"),
    ("efficientnetv2_l", "efficientnet_v2_l"),
];
