//! Published weights, each model's default first.

use zoo_core::Interpolation::Bilinear;
use zoo_core::Origin::Address;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::torchvision("mnasnet0_5", "IMAGENET1K_V1", "mnasnet0.5_top1_67.823-3ffadce67e.pth", [256, 224], Bilinear, [67.734, 87.49], "https://github.com/1e100/mnasnet_trainer"),
    Weights::torchvision("mnasnet0_75", "IMAGENET1K_V1", "mnasnet0_75-7090bc5f.pth", [232, 224], Bilinear, [71.18, 90.496], "https://github.com/pytorch/vision/pull/6019"),
    Weights::torchvision("mnasnet1_0", "IMAGENET1K_V1", "mnasnet1.0_top1_73.512-f206786ef8.pth", [256, 224], Bilinear, [73.456, 91.51], "https://github.com/1e100/mnasnet_trainer"),
    Weights::torchvision("mnasnet1_3", "IMAGENET1K_V1", "mnasnet1_3-a4c69d6f.pth", [232, 224], Bilinear, [76.506, 93.522], "https://github.com/pytorch/vision/pull/6019"),
];

/// timm's names for the same networks.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("mnasnet_050", "mnasnet0_5"),
    ("mnasnet_075", "mnasnet0_75"),
    ("mnasnet_100", "mnasnet1_0"),
];

/// Of the A1 network.
#[rustfmt::skip]
pub(crate) const A1_WEIGHTS: &[Weights] = &[
    Weights::timm("semnasnet_100", "rmsp_in1k", "mnasnet_a1-d9418771.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/"), [256, 224]),
];
