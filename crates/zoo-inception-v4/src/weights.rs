//! Published weights.

use zoo_core::Origin::HuggingFace;
use zoo_core::Weights;

#[rustfmt::skip]
pub(crate) const WEIGHTS: &[Weights] = &[
    Weights::timm("inception_v4", "tf_in1k", "model.safetensors", HuggingFace("timm/inception_v4.tf_in1k"), [341, 299]).normalised([0.5; 3], [0.5; 3]),
];
