//! Published weights, each model's default first.

use zoo_core::Interpolation::Bicubic;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("swin_b", "IMAGENET1K_V1", "swin_b-68c6b09e.pth", [238, 224], Bicubic, [83.582, 96.64], "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer"),
    Weights::torchvision("swin_s", "IMAGENET1K_V1", "swin_s-5e29d889.pth", [246, 224], Bicubic, [83.196, 96.36], "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer"),
    Weights::torchvision("swin_t", "IMAGENET1K_V1", "swin_t-704ceda3.pth", [232, 224], Bicubic, [81.474, 95.776], "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer"),
    Weights::torchvision("swin_v2_b", "IMAGENET1K_V1", "swin_v2_b-781e5279.pth", [272, 256], Bicubic, [84.112, 96.864], "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer-v2"),
    Weights::torchvision("swin_v2_s", "IMAGENET1K_V1", "swin_v2_s-637d8ceb.pth", [260, 256], Bicubic, [83.712, 96.816], "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer-v2"),
    Weights::torchvision("swin_v2_t", "IMAGENET1K_V1", "swin_v2_t-b137f0e2.pth", [260, 256], Bicubic, [82.072, 96.132], "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer-v2"),
];

/// timm's names for the same networks.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("swin_tiny_patch4_window7_224", "swin_t"),
    ("swin_small_patch4_window7_224", "swin_s"),
    ("swin_base_patch4_window7_224", "swin_b"),
    ("swinv2_tiny_window8_256", "swin_v2_t"),
    ("swinv2_small_window8_256", "swin_v2_s"),
    ("swinv2_base_window8_256", "swin_v2_b"),
];
