//! Published weights, the default first.

use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::timm("inception_resnet_v2", "tf_in1k", "model.safetensors", HuggingFace("timm/inception_resnet_v2.tf_in1k"), [333, 299]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("inception_resnet_v2", "tf_ens_adv_in1k", "model.safetensors", HuggingFace("timm/inception_resnet_v2.tf_ens_adv_in1k"), [333, 299]).normalised([0.5; 3], [0.5; 3]),
];
