//! Published weights, each model's default first.

use zoo_core::Interpolation::{Bicubic, Bilinear};
use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("vit_b_16", "IMAGENET1K_V1", "vit_b_16-c867db91.pth", [256, 224], Bilinear, [81.072, 95.318], "https://github.com/pytorch/vision/tree/main/references/classification#vit_b_16"),
    Weights::torchvision("vit_b_16", "IMAGENET1K_SWAG_E2E_V1", "vit_b_16_swag-9ac1b537.pth", [384, 384], Bicubic, [85.304, 97.65], "https://github.com/facebookresearch/SWAG").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("vit_b_16", "IMAGENET1K_SWAG_LINEAR_V1", "vit_b_16_lc_swag-4e70ced5.pth", [224, 224], Bicubic, [81.886, 96.18], "https://github.com/pytorch/vision/pull/5793").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("vit_b_32", "IMAGENET1K_V1", "vit_b_32-d86f8d99.pth", [256, 224], Bilinear, [75.912, 92.466], "https://github.com/pytorch/vision/tree/main/references/classification#vit_b_32"),
    Weights::torchvision("vit_h_14", "IMAGENET1K_SWAG_E2E_V1", "vit_h_14_swag-80465313.pth", [518, 518], Bicubic, [88.552, 98.694], "https://github.com/facebookresearch/SWAG").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("vit_h_14", "IMAGENET1K_SWAG_LINEAR_V1", "vit_h_14_lc_swag-c1eb923e.pth", [224, 224], Bicubic, [85.708, 97.73], "https://github.com/pytorch/vision/pull/5793").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("vit_l_16", "IMAGENET1K_V1", "vit_l_16-852ce7e3.pth", [242, 224], Bilinear, [79.662, 94.638], "https://github.com/pytorch/vision/tree/main/references/classification#vit_l_16"),
    Weights::torchvision("vit_l_16", "IMAGENET1K_SWAG_E2E_V1", "vit_l_16_swag-4f3808c9.pth", [512, 512], Bicubic, [88.064, 98.512], "https://github.com/facebookresearch/SWAG").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("vit_l_16", "IMAGENET1K_SWAG_LINEAR_V1", "vit_l_16_lc_swag-4d563306.pth", [224, 224], Bicubic, [85.146, 97.422], "https://github.com/pytorch/vision/pull/5793").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("vit_l_32", "IMAGENET1K_V1", "vit_l_32-c7638314.pth", [256, 224], Bilinear, [76.972, 93.07], "https://github.com/pytorch/vision/tree/main/references/classification#vit_l_32"),
    Weights::timm("vit_b_16", "augreg2_in21k_ft_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch16_224.augreg2_in21k_ft_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_16", "augreg_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch16_224.augreg_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_16", "augreg_in21k_ft_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch16_224.augreg_in21k_ft_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_16", "orig_in21k_ft_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch16_224.orig_in21k_ft_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_16", "sam_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch16_224.sam_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_32", "augreg_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch32_224.augreg_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_32", "augreg_in21k_ft_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch32_224.augreg_in21k_ft_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_b_32", "sam_in1k", "model.safetensors", HuggingFace("timm/vit_base_patch32_224.sam_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("vit_l_16", "augreg_in21k_ft_in1k", "model.safetensors", HuggingFace("timm/vit_large_patch16_224.augreg_in21k_ft_in1k"), [248, 224]).normalised([0.5; 3], [0.5; 3]),
];

/// timm's names for the same networks.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("vit_base_patch16_224", "vit_b_16"),
    ("vit_base_patch32_224", "vit_b_32"),
    ("vit_large_patch16_224", "vit_l_16"),
    ("vit_large_patch32_224", "vit_l_32"),
    ("vit_huge_patch14_224", "vit_h_14"),
];
