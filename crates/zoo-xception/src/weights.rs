//! Published weights, each model's default first. `legacy_xception` has none here: timm's file has nine digits in its name,
//! which need not be those of its checksum, and is on no hub.

use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::timm("xception41", "tf_in1k", "model.safetensors", HuggingFace("timm/xception41.tf_in1k"), [331, 299]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("xception65", "ra3_in1k", "model.safetensors", HuggingFace("timm/xception65.ra3_in1k"), [318, 299]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("xception65", "tf_in1k", "model.safetensors", HuggingFace("timm/xception65.tf_in1k"), [331, 299]).normalised([0.5; 3], [0.5; 3]),
    Weights::timm("xception71", "tf_in1k", "model.safetensors", HuggingFace("timm/xception71.tf_in1k"), [331, 299]).normalised([0.5; 3], [0.5; 3]),
];
