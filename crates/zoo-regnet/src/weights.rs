//! Published weights, each model's default first.

use zoo_core::Interpolation::{Bicubic, Bilinear};
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("regnet_x_1_6gf", "IMAGENET1K_V2", "regnet_x_1_6gf-a12f2b72.pth", [232, 224], Bilinear, [79.668, 94.922], "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres"),
    Weights::torchvision("regnet_x_1_6gf", "IMAGENET1K_V1", "regnet_x_1_6gf-e3633e7f.pth", [256, 224], Bilinear, [77.04, 93.44], "https://github.com/pytorch/vision/tree/main/references/classification#small-models"),
    Weights::torchvision("regnet_x_3_2gf", "IMAGENET1K_V2", "regnet_x_3_2gf-7071aa85.pth", [232, 224], Bilinear, [81.196, 95.43], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_x_3_2gf", "IMAGENET1K_V1", "regnet_x_3_2gf-f342aeae.pth", [256, 224], Bilinear, [78.364, 93.992], "https://github.com/pytorch/vision/tree/main/references/classification#medium-models"),
    Weights::torchvision("regnet_x_8gf", "IMAGENET1K_V2", "regnet_x_8gf-2b70d774.pth", [232, 224], Bilinear, [81.682, 95.678], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_x_8gf", "IMAGENET1K_V1", "regnet_x_8gf-03ceed89.pth", [256, 224], Bilinear, [79.344, 94.686], "https://github.com/pytorch/vision/tree/main/references/classification#medium-models"),
    Weights::torchvision("regnet_x_16gf", "IMAGENET1K_V2", "regnet_x_16gf-ba3796d7.pth", [232, 224], Bilinear, [82.716, 96.196], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_x_16gf", "IMAGENET1K_V1", "regnet_x_16gf-2007eb11.pth", [256, 224], Bilinear, [80.058, 94.944], "https://github.com/pytorch/vision/tree/main/references/classification#medium-models"),
    Weights::torchvision("regnet_x_32gf", "IMAGENET1K_V2", "regnet_x_32gf-6eb8fdc6.pth", [232, 224], Bilinear, [83.014, 96.288], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_x_32gf", "IMAGENET1K_V1", "regnet_x_32gf-9d47f8d0.pth", [256, 224], Bilinear, [80.622, 95.248], "https://github.com/pytorch/vision/tree/main/references/classification#large-models"),
    Weights::torchvision("regnet_x_400mf", "IMAGENET1K_V2", "regnet_x_400mf-62229a5f.pth", [232, 224], Bilinear, [74.864, 92.322], "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres"),
    Weights::torchvision("regnet_x_400mf", "IMAGENET1K_V1", "regnet_x_400mf-adf1edd5.pth", [256, 224], Bilinear, [72.834, 90.95], "https://github.com/pytorch/vision/tree/main/references/classification#small-models"),
    Weights::torchvision("regnet_x_800mf", "IMAGENET1K_V2", "regnet_x_800mf-94a99ebd.pth", [232, 224], Bilinear, [77.522, 93.826], "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres"),
    Weights::torchvision("regnet_x_800mf", "IMAGENET1K_V1", "regnet_x_800mf-ad17e45c.pth", [256, 224], Bilinear, [75.212, 92.348], "https://github.com/pytorch/vision/tree/main/references/classification#small-models"),
    Weights::torchvision("regnet_y_1_6gf", "IMAGENET1K_V2", "regnet_y_1_6gf-0d7bc02a.pth", [232, 224], Bilinear, [80.876, 95.444], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_1_6gf", "IMAGENET1K_V1", "regnet_y_1_6gf-b11a554e.pth", [256, 224], Bilinear, [77.95, 93.966], "https://github.com/pytorch/vision/tree/main/references/classification#small-models"),
    Weights::torchvision("regnet_y_3_2gf", "IMAGENET1K_V2", "regnet_y_3_2gf-9180c971.pth", [232, 224], Bilinear, [81.982, 95.972], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_3_2gf", "IMAGENET1K_V1", "regnet_y_3_2gf-b5a9779c.pth", [256, 224], Bilinear, [78.948, 94.576], "https://github.com/pytorch/vision/tree/main/references/classification#medium-models"),
    Weights::torchvision("regnet_y_8gf", "IMAGENET1K_V2", "regnet_y_8gf-dc2b1b54.pth", [232, 224], Bilinear, [82.828, 96.33], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_8gf", "IMAGENET1K_V1", "regnet_y_8gf-d0d0e4a8.pth", [256, 224], Bilinear, [80.032, 95.048], "https://github.com/pytorch/vision/tree/main/references/classification#medium-models"),
    Weights::torchvision("regnet_y_16gf", "IMAGENET1K_V2", "regnet_y_16gf-3e4a00f9.pth", [232, 224], Bilinear, [82.886, 96.328], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_16gf", "IMAGENET1K_V1", "regnet_y_16gf-9e6ed7dd.pth", [256, 224], Bilinear, [80.424, 95.24], "https://github.com/pytorch/vision/tree/main/references/classification#large-models"),
    Weights::torchvision("regnet_y_16gf", "IMAGENET1K_SWAG_E2E_V1", "regnet_y_16gf_swag-43afe44d.pth", [384, 384], Bicubic, [86.012, 98.054], "https://github.com/facebookresearch/SWAG").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("regnet_y_16gf", "IMAGENET1K_SWAG_LINEAR_V1", "regnet_y_16gf_lc_swag-f3ec0043.pth", [224, 224], Bicubic, [83.976, 97.244], "https://github.com/pytorch/vision/pull/5793").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("regnet_y_32gf", "IMAGENET1K_V2", "regnet_y_32gf-8db6d4b5.pth", [232, 224], Bilinear, [83.368, 96.498], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_32gf", "IMAGENET1K_V1", "regnet_y_32gf-4dee3f7a.pth", [256, 224], Bilinear, [80.878, 95.34], "https://github.com/pytorch/vision/tree/main/references/classification#large-models"),
    Weights::torchvision("regnet_y_32gf", "IMAGENET1K_SWAG_E2E_V1", "regnet_y_32gf_swag-04fdfa75.pth", [384, 384], Bicubic, [86.838, 98.362], "https://github.com/facebookresearch/SWAG").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("regnet_y_32gf", "IMAGENET1K_SWAG_LINEAR_V1", "regnet_y_32gf_lc_swag-e1583746.pth", [224, 224], Bicubic, [84.622, 97.48], "https://github.com/pytorch/vision/pull/5793").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("regnet_y_128gf", "IMAGENET1K_SWAG_E2E_V1", "regnet_y_128gf_swag-c8ce3e52.pth", [384, 384], Bicubic, [88.228, 98.682], "https://github.com/facebookresearch/SWAG").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("regnet_y_128gf", "IMAGENET1K_SWAG_LINEAR_V1", "regnet_y_128gf_lc_swag-cbe8ce12.pth", [224, 224], Bicubic, [86.068, 97.844], "https://github.com/pytorch/vision/pull/5793").licensed("CC-BY-NC-4.0"),
    Weights::torchvision("regnet_y_400mf", "IMAGENET1K_V2", "regnet_y_400mf-e6988f5f.pth", [232, 224], Bilinear, [75.804, 92.742], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_400mf", "IMAGENET1K_V1", "regnet_y_400mf-c65dace8.pth", [256, 224], Bilinear, [74.046, 91.716], "https://github.com/pytorch/vision/tree/main/references/classification#small-models"),
    Weights::torchvision("regnet_y_800mf", "IMAGENET1K_V2", "regnet_y_800mf-58fc7688.pth", [232, 224], Bilinear, [78.828, 94.502], "https://github.com/pytorch/vision/issues/3995#new-recipe"),
    Weights::torchvision("regnet_y_800mf", "IMAGENET1K_V1", "regnet_y_800mf-1b27b58c.pth", [256, 224], Bilinear, [76.42, 93.136], "https://github.com/pytorch/vision/tree/main/references/classification#small-models"),
];

/// timm's names for the same networks.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("regnetx_004", "regnet_x_400mf"),
    ("regnetx_008", "regnet_x_800mf"),
    ("regnetx_016", "regnet_x_1_6gf"),
    ("regnetx_032", "regnet_x_3_2gf"),
    ("regnetx_080", "regnet_x_8gf"),
    ("regnetx_160", "regnet_x_16gf"),
    ("regnetx_320", "regnet_x_32gf"),
    ("regnety_004", "regnet_y_400mf"),
    ("regnety_008", "regnet_y_800mf"),
    ("regnety_016", "regnet_y_1_6gf"),
    ("regnety_032", "regnet_y_3_2gf"),
    ("regnety_080", "regnet_y_8gf"),
    ("regnety_160", "regnet_y_16gf"),
    ("regnety_320", "regnet_y_32gf"),
    ("regnety_1280", "regnet_y_128gf"),
];
