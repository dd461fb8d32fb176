//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("mobilenet_v2", "IMAGENET1K_V2", "mobilenet_v2-7ebf99e0.pth", [232, 224], Bilinear, [72.154, 90.822], "https://github.com/pytorch/vision/issues/3995#new-recipe-with-reg-tuning"),
    Weights::torchvision("mobilenet_v2", "IMAGENET1K_V1", "mobilenet_v2-b0353104.pth", [256, 224], Bilinear, [71.878, 90.286], "https://github.com/pytorch/vision/tree/main/references/classification#mobilenetv2"),
    Weights::torchvision("mobilenet_v3_large", "IMAGENET1K_V2", "mobilenet_v3_large-5c1a4163.pth", [232, 224], Bilinear, [75.274, 92.566], "https://github.com/pytorch/vision/issues/3995#new-recipe-with-reg-tuning"),
    Weights::torchvision("mobilenet_v3_large", "IMAGENET1K_V1", "mobilenet_v3_large-8738ca79.pth", [256, 224], Bilinear, [74.042, 91.34], "https://github.com/pytorch/vision/tree/main/references/classification#mobilenetv3-large--small"),
    Weights::torchvision("mobilenet_v3_small", "IMAGENET1K_V1", "mobilenet_v3_small-047dcff4.pth", [256, 224], Bilinear, [67.668, 87.402], "https://github.com/pytorch/vision/tree/main/references/classification#mobilenetv3-large--small"),
];

/// timm's names for the same networks.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("mobilenetv2_100", "mobilenet_v2"),
    ("mobilenetv3_large_100", "mobilenet_v3_large"),
    ("mobilenetv3_small_100", "mobilenet_v3_small"),
];

/// Of version 1.
#[rustfmt::skip]
pub(crate) const V1_WEIGHTS: &[Weights] = &[
    Weights::timm("mobilenetv1_100", "ra4_e3600_r224_in1k", "model.safetensors", HuggingFace("timm/mobilenetv1_100.ra4_e3600_r224_in1k"), [256, 224]).normalised([0.5; 3], [0.5; 3]),
];
