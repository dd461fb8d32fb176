//! Published weights, each model's default first.

use zoo_core::Origin::Address;
use zoo_core::Weights;

/// Of the SE-ResNets.
#[rustfmt::skip]
pub(crate) const SE_RESNET_WEIGHTS: &[Weights] = &[
    Weights::timm("seresnet50", "a1_in1k", "seresnet50_a1_0-ffa00869.pth", Address("https://github.com/huggingface/pytorch-image-models/releases/download/v0.1-rsb-weights/"), [235, 224]),
    Weights::timm("seresnet50", "a2_in1k", "seresnet50_a2_0-850de0d9.pth", Address("https://github.com/huggingface/pytorch-image-models/releases/download/v0.1-rsb-weights/"), [235, 224]),
    Weights::timm("seresnet50", "a3_in1k", "seresnet50_a3_0-317ecd56.pth", Address("https://github.com/huggingface/pytorch-image-models/releases/download/v0.1-rsb-weights/"), [168, 160]),
    Weights::timm("seresnet50", "ra2_in1k", "seresnet50_ra_224-8efdb4bb.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/"), [256, 224]),
    Weights::timm("seresnext50_32x4d", "racm_in1k", "seresnext50_32x4d_racm-a304a460.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/"), [256, 224]),
    Weights::timm("seresnext50_32x4d", "gluon_in1k", "gluon_seresnext50_32x4d-90cf2d6e.pth", Address("https://github.com/rwightman/pytorch-pretrained-gluonresnet/releases/download/v0.1/"), [256, 224]),
    Weights::timm("seresnext101_32x4d", "gluon_in1k", "gluon_seresnext101_32x4d-cf52900d.pth", Address("https://github.com/rwightman/pytorch-pretrained-gluonresnet/releases/download/v0.1/"), [256, 224]),
];

/// Of the SENets.
#[rustfmt::skip]
pub(crate) const SENET_WEIGHTS: &[Weights] = &[
    Weights::timm("legacy_senet154", "in1k", "legacy_senet154-e9eb9fe6.pth", Address("https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/"), [256, 224]).bilinear(),
];
